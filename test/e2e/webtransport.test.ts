import type { ChildProcess } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { noise } from '@chainsafe/libp2p-noise'
import type { Stream } from '@libp2p/interface'
import { createLibp2p } from 'libp2p'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { CERTIFICATE_VALIDITY_MS } from '../../relay-server/webtransport/certificate/certificate-set.ts'
import { createSelfSignedCertificate } from '../../relay-server/webtransport/certificate/self-signed-certificate.ts'
import {
  createWebTransportListener,
  DEFAULT_WEBTRANSPORT_LIMITS,
  type WebTransportListenerOptions,
  type WebTransportServerLimits
} from '../../relay-server/webtransport/index.ts'
import { forkEngine, startIsolatedServer } from '../../relay-server/webtransport/isolation/isolated-server.ts'
import { loadQuiche } from '../../relay-server/webtransport/quiche/load-quiche.ts'
import { startQuicheServer } from '../../relay-server/webtransport/quiche/quiche-server.ts'
import type {
  WebTransportServer,
  WebTransportServerOptions,
  WebTransportSession
} from '../../relay-server/webtransport/web-transport-server.ts'
import type { Clock } from '../../sdk/async/index.ts'
import { openTestBrowser, type TestBrowser } from './webtransport-browser.ts'
import type { WebTransportPage } from './webtransport-page.ts'

declare const page: WebTransportPage

const MIB = 1024 * 1024
const TRANSFER_BYTES = 20 * MIB
const STALL_MS = 4000
const HOUR_MS = 3_600_000
const LISTEN = '/ip4/127.0.0.1/udp/0/quic-v1/webtransport'

const support = await createWebTransportListener()
if (support.unavailable) console.warn(`webtransport e2e skipped: ${support.unavailable.why}`)

describe.skipIf(support.unavailable !== undefined)('a stock browser dialer and the Node listener', () => {
  let browser: TestBrowser
  let directory: string
  let tab: Page
  const payload = randomBytes(TRANSFER_BYTES)

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'craftec-webtransport-'))
    browser = await openTestBrowser(new URL('./webtransport-page.ts', import.meta.url))
  })

  beforeEach(async () => {
    tab = await browser.newPage()
  })

  afterEach(() => tab.close())

  afterAll(async () => {
    await browser?.[Symbol.asyncDispose]()
    await rm(directory, { recursive: true, force: true })
  })

  async function listen(options: WebTransportListenerOptions = {}, address = LISTEN) {
    const { transport } = await createWebTransportListener(options)
    if (transport === undefined) throw new Error('the engine loaded a moment ago')
    const node = await createLibp2p({
      addresses: { listen: [address] },
      transports: [transport],
      connectionEncrypters: [noise()]
    })
    const uploads = { stalled: 0 }
    await node.handle('/test/echo', stream => echo(stream))
    await node.handle('/test/upload', stream => void answerHash(stream))
    await node.handle('/test/stalled-upload', stream => void answerHash(stream, STALL_MS, uploads))
    await node.handle('/test/download', stream => void sendPayload(stream, payload))
    return {
      uploads,
      peerId: node.peerId.toString(),
      addresses: () => node.getMultiaddrs().map(String),
      address: () => node.getMultiaddrs().map(String)[0] ?? '',
      [Symbol.asyncDispose]: async () => node.stop()
    }
  }

  it('connects, five times of five', async () => {
    await using node = await listen()
    const times: number[] = []
    for (let i = 0; i < 5; i++) times.push(await tab.evaluate(address => page.connect(address), node.address()))
    console.log(`webtransport connect ms: ${times.map(ms => ms.toFixed(0)).join(' ')}`)
    expect(times).toHaveLength(5)
  })

  it('echoes a message', async () => {
    await using node = await listen()
    expect(await tab.evaluate(address => page.echo(address, 'over QUIC'), node.address())).toBe('over QUIC')
  })

  it('carries 20 MiB up and down unchanged', async () => {
    await using node = await listen()
    const up = await tab.evaluate(([a, n]) => page.upload(a, n), [node.address(), TRANSFER_BYTES] as const)
    expect(up.received).toBe(up.sent)
    const down = await tab.evaluate(address => page.download(address), node.address())
    expect(down.sizeBytes).toBe(TRANSFER_BYTES)
    expect(down.received).toBe(createHash('sha256').update(payload).digest('hex'))
    console.log(`webtransport MiB/s: up ${rate(up.ms)}, down ${rate(down.ms)}`)
  })

  it('holds an uploader back while its reader stands still, and loses nothing', async () => {
    await using node = await listen()
    const up = await tab.evaluate(([a, n]) => page.upload(a, n, '/test/stalled-upload'), [
      node.address(),
      TRANSFER_BYTES
    ] as const)
    expect(up.received).toBe(up.sent)
    expect(up.ms).toBeGreaterThan(STALL_MS)
    expect(node.uploads.stalled).toBeLessThan(2 * MIB)
  })

  it('refuses sessions over the limit at once, and serves again when they end', async () => {
    await using server = await rawServer({ maxSessions: 4, maxSessionsPerHost: 4 })
    const flood = await tab.evaluate(([u, h]) => page.flood(u, h, 8), [server.url, server.sha256] as const)
    expect(flood).toMatchObject({ open: 4, refused: 4 })
    expect(flood.ms).toBeLessThan(5000)
    await expect.poll(() => server.stats().sessions, { timeout: 5000 }).toBe(0)
    expect(await tab.evaluate(([u, h]) => page.outcome(u, h), [server.url, server.sha256] as const)).toBe('open')
  })

  it('limits the sessions of one address below the whole', async () => {
    await using server = await rawServer({ maxSessions: 100, maxSessionsPerHost: 2 })
    const flood = await tab.evaluate(([u, h]) => page.flood(u, h, 4), [server.url, server.sha256] as const)
    expect(flood).toMatchObject({ open: 2, refused: 2 })
  })

  it('answers other paths with 404', async () => {
    await using node = await listen()
    const [, port = '', hashes = ''] = /udp\/(\d+)\/quic-v1\/webtransport\/(.*)\/p2p/.exec(node.address()) ?? []
    const sha256 = pinnedHash(hashes)
    const base = `https://127.0.0.1:${port}/.well-known/libp2p-webtransport`
    const outcome = (url: string) => tab.evaluate(([u, h]) => page.outcome(u, h), [url, sha256] as const)
    expect(await outcome(`${base}?type=noise`)).toBe('open')
    expect(await outcome(`${base}?type=tls`)).toBe('refused')
    expect(await outcome(base)).toBe('refused')
    expect(await outcome(`https://127.0.0.1:${port}/`)).toBe('refused')
  })

  it('buffers little for a browser that does not read, and goes on when it does', async () => {
    let taken = 0
    let takenWhenStalled = 0
    await using server = await rawServer({}, session => {
      session.onStream = stream => {
        const send = (): void => {
          while (taken < payload.length) {
            const chunk = payload.subarray(taken, taken + 65_536)
            const count = stream.write(chunk)
            taken += count
            if (count < chunk.length) return
          }
          stream.finish()
        }
        let started = false
        stream.attach({
          onData: () => {
            if (started) return
            started = true
            send()
            setTimeout(() => {
              takenWhenStalled = taken
            }, STALL_MS - 500)
          },
          onEnd: () => {},
          onReset: () => {},
          onStopped: () => {},
          onWritable: send
        })
      }
    })
    const got = await tab.evaluate(([u, h, ms]) => page.stalledRead(u, h, ms), [
      server.url,
      server.sha256,
      STALL_MS
    ] as const)
    expect(got.received).toBe(createHash('sha256').update(payload).digest('hex'))
    expect(takenWhenStalled).toBeGreaterThan(0)
    expect(takenWhenStalled).toBeLessThan(TRANSFER_BYTES / 2)
  })

  it('keeps its addresses over a restart, and old ones over a change of certificate', async () => {
    const certificatePath = join(directory, 'certificates.json')
    // Browsers judge validity by the real clock. So the listener is made to believe in a start 13 days ago, placed such
    // that now both certificates are valid and the change is half an hour away.
    const clock = new ManualClock(Date.now() - CERTIFICATE_VALIDITY_MS + 2.5 * HOUR_MS)
    const options = { certificatePath, clock }
    const connect = (address: string) => tab.evaluate(a => page.connect(a), address)

    await using first = await listen(options)
    const [published = ''] = first.addresses()
    await first[Symbol.asyncDispose]()
    await using node = await listen(options)
    expect(hashesOf(node.address())).toEqual(hashesOf(published))
    const at = (address: string, hashes: readonly string[]) =>
      address.replace(/(\/certhash\/[^/]+)+/, hashes.map(hash => `/certhash/${hash}`).join(''))
    const [firstHash = '', secondHash = ''] = hashesOf(published)

    clock.set(Date.now())
    await connect(node.address())
    await connect(at(node.address(), [firstHash]))

    clock.set(Date.now() + 0.75 * HOUR_MS)
    await expect.poll(() => hashesOf(node.address())[0], { timeout: 5000 }).toBe(secondHash)
    expect(hashesOf(node.address())).toHaveLength(2)
    await connect(node.address())
    await connect(at(node.address(), [firstHash, secondHash]))
    await expect(connect(at(node.address(), [firstHash]))).rejects.toThrow()
  })

  it('serves again on the same port when its engine was killed', async () => {
    const engines: ChildProcess[] = []
    const restarted = Promise.withResolvers<void>()
    const options = await rawOptions({})
    await using server = asDisposable(
      await startIsolatedServer(options, {
        spawn: () => {
          const engine = forkEngine()
          if (engines.push(engine) === 2) engine.once('message', () => restarted.resolve()) // it says that it listens
          return engine
        }
      })
    )
    const url = `https://127.0.0.1:${server.address.port}/`
    const outcome = () => tab.evaluate(([u, h]) => page.outcome(u, h), [url, [...options.certificate.sha256]] as const)
    expect(await outcome()).toBe('open')
    engines[0]?.kill('SIGKILL')
    await restarted.promise
    expect(await outcome()).toBe('open')
  })

  it('frees its port', async () => {
    const node = await listen()
    const [, port] = /udp\/(\d+)/.exec(node.address()) ?? []
    await tab.evaluate(address => page.connect(address), node.address())
    await node[Symbol.asyncDispose]()
    await using again = await listen({}, `/ip4/127.0.0.1/udp/${port}/quic-v1/webtransport`)
    expect(again.address()).toContain(`/udp/${port}/`)
  })
})

async function rawOptions(
  limits: Partial<WebTransportServerLimits>,
  onSession: (session: WebTransportSession) => void = () => {}
): Promise<WebTransportServerOptions> {
  return {
    host: '127.0.0.1',
    port: 0,
    certificate: await createSelfSignedCertificate(Date.now() - HOUR_MS, CERTIFICATE_VALIDITY_MS),
    limits: { ...DEFAULT_WEBTRANSPORT_LIMITS, ...limits },
    path: '/',
    onSession
  }
}

function asDisposable(server: WebTransportServer) {
  return { address: server.address, stats: () => server.stats(), [Symbol.asyncDispose]: () => server.close() }
}

/** The engine without libp2p and in this process, so that its counters are exact. */
async function rawServer(
  limits: Partial<WebTransportServerLimits>,
  onSession?: (session: WebTransportSession) => void
) {
  const options = await rawOptions(limits, onSession)
  const server = asDisposable(await startQuicheServer(await loadQuiche(), options))
  return { ...server, url: `https://127.0.0.1:${server.address.port}/`, sha256: [...options.certificate.sha256] }
}

/** A clock that moves only when told. */
class ManualClock implements Clock {
  private time: number
  private tasks: { at: number; task: () => void }[] = []

  constructor(time: number) {
    this.time = time
  }

  now(): number {
    return this.time
  }

  monotonic(): number {
    return this.time
  }

  after(delayMs: number, task: () => void): () => void {
    const entry = { at: this.time + delayMs, task }
    this.tasks.push(entry)
    return () => {
      this.tasks = this.tasks.filter(other => other !== entry)
    }
  }

  set(time: number): void {
    this.time = time
    const due = this.tasks.filter(entry => entry.at <= time)
    this.tasks = this.tasks.filter(entry => entry.at > time)
    for (const { task } of due) task()
  }
}

function hashesOf(address: string): string[] {
  return [...address.matchAll(/\/certhash\/([^/]+)/g)].map(match => match[1] ?? '')
}

/** The SHA-256 inside the first `certhash/u…` of an address: multibase, then a two-byte multihash head. */
function pinnedHash(path: string): number[] {
  const [, text = ''] = /certhash\/u([^/]+)/.exec(path) ?? []
  return [...Buffer.from(text, 'base64url').subarray(2)]
}

function rate(ms: number): string {
  return (TRANSFER_BYTES / MIB / (ms / 1000)).toFixed(1)
}

function echo(stream: Stream): void {
  stream.addEventListener('message', event => stream.send(event.data))
  stream.addEventListener('end', () => void stream.close())
}

/** Read to the end, after a pause when asked, then answer with the hash. */
async function answerHash(stream: Stream, stallMs = 0, seen = { stalled: 0 }): Promise<void> {
  const hash = createHash('sha256')
  let bytes = 0
  const ended = new Promise(resolve => stream.addEventListener('end', resolve))
  stream.addEventListener('message', event => {
    bytes += event.data.byteLength
    hash.update(event.data.subarray())
  })
  if (stallMs > 0) {
    stream.pause()
    await new Promise(resolve => setTimeout(resolve, stallMs))
    seen.stalled = bytes
    stream.resume()
  }
  await ended
  stream.send(hash.digest())
  await stream.close()
}

async function sendPayload(stream: Stream, payload: Uint8Array): Promise<void> {
  for (let at = 0; at < payload.length; at += 65_536) {
    if (stream.send(payload.subarray(at, at + 65_536))) continue
    await new Promise(resolve => stream.addEventListener('drain', resolve, { once: true }))
  }
  await stream.close()
}
