import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { noise } from '@chainsafe/libp2p-noise'
import type { Stream } from '@libp2p/interface'
import { createLibp2p } from 'libp2p'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createWebTransportListener, type WebTransportListenerOptions } from '../../relay-server/webtransport/index.ts'
import { openTestBrowser, type TestBrowser } from './webtransport-browser.ts'
import type { WebTransportPage } from './webtransport-page.ts'

declare const page: WebTransportPage

const MIB = 1024 * 1024
const TRANSFER_BYTES = 20 * MIB
const STALL_MS = 4000
const LISTEN = '/ip4/127.0.0.1/udp/0/quic-v1/webtransport'

const support = await createWebTransportListener()
if (support.unavailable) console.warn(`webtransport e2e skipped: ${support.unavailable.why}`)

describe.skipIf(support.unavailable !== undefined)('a stock browser dialer and the Node listener', () => {
  let browser: TestBrowser
  let directory: string
  const payload = randomBytes(TRANSFER_BYTES)

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'craftec-webtransport-'))
    browser = await openTestBrowser(new URL('./webtransport-page.ts', import.meta.url))
  })

  afterAll(async () => {
    await browser?.[Symbol.asyncDispose]()
    await rm(directory, { recursive: true, force: true })
  })

  async function listen(options: WebTransportListenerOptions = {}) {
    const { transport } = await createWebTransportListener(options)
    if (transport === undefined) throw new Error('the engine loaded a moment ago')
    const node = await createLibp2p({
      addresses: { listen: [LISTEN] },
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
    for (let i = 0; i < 5; i++)
      times.push(await browser.page.evaluate(address => page.connect(address), node.address()))
    console.log(`webtransport connect ms: ${times.map(ms => ms.toFixed(0)).join(' ')}`)
    expect(times).toHaveLength(5)
  })

  it('echoes a message', async () => {
    await using node = await listen()
    expect(await browser.page.evaluate(address => page.echo(address, 'over QUIC'), node.address())).toBe('over QUIC')
  })

  it('carries 20 MiB up and down unchanged', async () => {
    await using node = await listen()
    const up = await browser.page.evaluate(([a, n]) => page.upload(a, n), [node.address(), TRANSFER_BYTES] as const)
    expect(up.received).toBe(up.sent)
    const down = await browser.page.evaluate(address => page.download(address), node.address())
    expect(down.sizeBytes).toBe(TRANSFER_BYTES)
    expect(down.received).toBe(createHash('sha256').update(payload).digest('hex'))
    console.log(`webtransport MiB/s: up ${rate(up.ms)}, down ${rate(down.ms)}`)
  })
})

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
