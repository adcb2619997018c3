import { noise } from '@chainsafe/libp2p-noise'
import type { MessageStream, Stream, Upgrader, UpgraderWithoutEncryptionOptions } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { describe, expect, it, vi } from 'vitest'
import { type Clock, systemClock } from '../../../sdk/async/index.ts'
import { CERTIFICATE_VALIDITY_MS } from '../certificate/certificate-set.ts'
import { createSelfSignedCertificate } from '../certificate/self-signed-certificate.ts'
import type {
  WebTransportServer,
  WebTransportServerOptions,
  WebTransportSession,
  WebTransportStream,
  WebTransportStreamEvents
} from '../web-transport-server.ts'
import { type WebTransportComponents, WebTransportListener } from './webtransport-listener.ts'
import { WebTransportMuxedStream } from './webtransport-muxed-stream.ts'

const ADDRESS = multiaddr('/ip4/127.0.0.1/udp/0/quic-v1/webtransport')

/** A server that only remembers what it was asked. */
function fakeServer() {
  const asked: { options?: WebTransportServerOptions; certificates: Uint8Array[]; closed: number } = {
    certificates: [],
    closed: 0
  }
  const startServer = async (options: WebTransportServerOptions): Promise<WebTransportServer> => {
    asked.options = options
    return {
      address: { host: '127.0.0.1', port: 4433 },
      setCertificate: certificate => asked.certificates.push(certificate.sha256),
      stats: () => ({ sessions: 0, accepted: 0, refused: 0, retried: 0, violations: 0 }),
      close: async () => {
        asked.closed++
      }
    }
  }
  return { asked, startServer }
}

/** Real libp2p components, taken from a node that listens nowhere. */
async function components(): Promise<WebTransportComponents> {
  const taken = Promise.withResolvers<WebTransportComponents>()
  const node = await createLibp2p({
    connectionEncrypters: [noise()],
    services: { probe: (parts: WebTransportComponents) => taken.resolve(parts) ?? {} }
  })
  await node.stop()
  return taken.promise
}

async function listener(clock: Clock = systemClock, upgrader?: Partial<Upgrader>) {
  const { asked, startServer } = fakeServer()
  const parts = await components()
  const limits = { maxSessions: 1, maxSessionsPerHost: 1, handshakeTimeoutMs: 1, idleTimeoutMs: 1, maxStreams: 1 }
  const settings = {
    startServer,
    makeCertificate: createSelfSignedCertificate,
    certificatePath: undefined,
    limits,
    clock
  }
  const made = new WebTransportListener(parts, settings, { upgrader: { ...upgrader } as Upgrader })
  return { asked, made }
}

/** The two ends of one stream, without limits. */
function streamPair(id: number, calls: string[]): [WebTransportStream, WebTransportStream] {
  const events: (WebTransportStreamEvents | undefined)[] = []
  const waiting: [Uint8Array[], Uint8Array[]] = [[], []]
  const end = (own: 0 | 1): WebTransportStream => {
    const deliver = (to: 0 | 1): void =>
      queueMicrotask(() => {
        if (events[to] !== undefined) for (const bytes of waiting[to].splice(0)) events[to].onData(bytes)
      })
    const other = own === 0 ? 1 : 0
    return {
      id,
      attach: listener => {
        events[own] = listener
        deliver(own)
      },
      write: bytes => {
        waiting[other].push(bytes.slice())
        deliver(other)
        return bytes.length
      },
      finish: () => queueMicrotask(() => events[other]?.onEnd()),
      reset: () => void calls.push(`reset ${id}`),
      stop: () => void calls.push(`stop ${id}`),
      pause: () => {},
      resume: () => {}
    }
  }
  return [end(0), end(1)]
}

const hashes = (address: string) => [...address.matchAll(/\/certhash\/([^/]+)/g)].map(match => match[1])

describe('the libp2p listener', () => {
  it('listens with the path of the specification, and names its port and two certificates', async () => {
    const { asked, made } = await listener()
    await made.listen(ADDRESS)
    expect(asked.options).toMatchObject({ host: '127.0.0.1', path: '/.well-known/libp2p-webtransport?type=noise' })
    const [address] = made.getAddrs().map(String)
    expect(address).toMatch(
      /^\/ip4\/127\.0\.0\.1\/udp\/4433\/quic-v1\/webtransport\/certhash\/u[^/]+\/certhash\/u[^/]+$/
    )
    await made.close()
    expect(asked.closed).toBe(1)
  })

  it('adds its certificates to announced addresses that lack them, and to no others', async () => {
    const { made } = await listener()
    await made.listen(ADDRESS)
    const own = hashes(String(made.getAddrs()[0]))
    const announced = [
      multiaddr('/dns4/relay.example/udp/443/quic-v1/webtransport'),
      multiaddr('/ip4/192.0.2.1/tcp/4001/ws')
    ]
    made.updateAnnounceAddrs(announced)
    expect(hashes(String(announced[0]))).toEqual(own)
    expect(String(announced[1])).toBe('/ip4/192.0.2.1/tcp/4001/ws')
    const before = String(announced[0])
    made.updateAnnounceAddrs(announced)
    expect(String(announced[0])).toBe(before)
    await made.close()
  })

  it('changes to the announced successor in time, and says that its addresses changed', async () => {
    let now = Date.now()
    let due = (): void => {}
    const clock: Clock = {
      now: () => now,
      monotonic: () => now,
      after: (_, task) => {
        due = task
        return () => {}
      }
    }
    const { asked, made } = await listener(clock)
    const changed = vi.fn()
    await made.listen(ADDRESS)
    made.addEventListener('listening', changed)
    const [, successor] = hashes(String(made.getAddrs()[0]))
    now += CERTIFICATE_VALIDITY_MS
    due()
    await expect.poll(() => changed.mock.calls.length).toBe(1)
    expect(hashes(String(made.getAddrs()[0]))[0]).toBe(successor)
    expect(asked.certificates).toHaveLength(1)
    await made.close()
  })

  it('closes a session that does not authenticate before the deadline', async () => {
    const deadline = new AbortController()
    const signal = Object.assign(deadline.signal, { clear: () => {} })
    const { asked, made } = await listener(systemClock, { createInboundAbortSignal: () => signal })
    await made.listen(ADDRESS)
    const closed = Promise.withResolvers<number>()
    const session: WebTransportSession = {
      remote: { host: '192.0.2.1', port: 5 },
      onStream: () => {},
      openStream: () => {
        throw new Error('not asked for')
      },
      close: code => closed.resolve(code),
      closed: new Promise(() => {})
    }
    asked.options?.onSession(session)
    deadline.abort()
    expect(await closed.promise).toBe(1)
    await made.close()
  })

  it('keeps streams that a dialer opens before the last message of Noise was handled', async () => {
    const signal = Object.assign(new AbortController().signal, { clear: () => {} })
    const upgraded = Promise.withResolvers<UpgraderWithoutEncryptionOptions>()
    const { asked, made } = await listener(systemClock, {
      createInboundAbortSignal: () => signal,
      getStreamMuxers: () => new Map(),
      upgradeInbound: async (_, options) => upgraded.resolve(options as UpgraderWithoutEncryptionOptions)
    })
    await made.listen(ADDRESS)
    const session: WebTransportSession = {
      remote: { host: '192.0.2.1', port: 5 },
      onStream: () => {},
      openStream: () => {
        throw new Error('not asked for')
      },
      close: () => {},
      closed: new Promise(() => {})
    }
    asked.options?.onSession(session)
    const calls: string[] = []
    const [dialerNoise, ownNoise] = streamPair(0, calls)
    const [dialerStream, ownStream] = streamPair(4, calls)
    session.onStream(ownNoise)
    session.onStream(ownStream)
    dialerStream.write(Uint8Array.of(1, 2, 3))
    const dialer = await components()
    const log = dialer.logger.forComponent('dialer')
    const stream = new WebTransportMuxedStream({ id: 'noise', direction: 'outbound', log }, dialerNoise)
    await noise()(dialer).secureOutbound(stream, { signal, skipStreamMuxerNegotiation: true })

    const { muxerFactory } = await upgraded.promise
    const got = Promise.withResolvers<Stream>()
    const connection = Object.assign(new EventTarget(), { log })
    const muxer = muxerFactory?.createStreamMuxer(connection as unknown as MessageStream)
    muxer?.addEventListener('stream', event => got.resolve(event.detail))
    const data = Promise.withResolvers<Uint8Array>()
    ;(await got.promise).addEventListener('message', event => data.resolve(event.data.subarray()))
    expect(await data.promise).toEqual(Uint8Array.of(1, 2, 3))
    expect(calls).toEqual([])
    await made.close()
  })
})
