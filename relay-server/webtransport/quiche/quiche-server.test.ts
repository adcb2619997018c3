/** The door of the server, from the outside: a QUIC client made of the same native library, over real UDP on loopback. */
import { createSocket, type Socket } from 'node:dgram'
import fc from 'fast-check'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createSelfSignedCertificate } from '../certificate/self-signed-certificate.ts'
import type { TlsCertificate } from '../certificate/tls-certificate.ts'
import { H3_ERROR } from '../h3/h3-codes.ts'
import type { WebTransportServer, WebTransportServerLimits } from '../web-transport-server.ts'
import { loadQuiche, type Quiche } from './load-quiche.ts'
import { startQuicheServer } from './quiche-server.ts'

const HOST = '127.0.0.1'
const CONNECTION_REFUSED = 2
const quiche = await loadQuiche().catch((error: Error) => {
  console.warn(`quiche server tests skipped: ${error.message}`)
  return undefined
})

describe.skipIf(quiche === undefined)('the QUIC server', () => {
  let certificate: TlsCertificate
  let server: WebTransportServer | undefined
  const clients: Client[] = []

  beforeAll(async () => {
    certificate = await createSelfSignedCertificate(Date.now(), 3_600_000)
  })

  afterEach(async () => {
    await Promise.all(clients.splice(0).map(client => client.close()))
    await server?.close()
  })

  async function serve(limits: Partial<WebTransportServerLimits> = {}): Promise<WebTransportServer> {
    server = await startQuicheServer(quiche as Quiche, {
      host: HOST,
      port: 0,
      path: '/',
      certificate,
      limits: {
        maxSessions: 100,
        maxSessionsPerHost: 100,
        handshakeTimeoutMs: 10_000,
        idleTimeoutMs: 10_000,
        maxStreams: 4,
        ...limits
      },
      onSession: () => {}
    })
    return server
  }

  async function dial(to: WebTransportServer): Promise<Client> {
    const client = await Client.start(quiche as Quiche, to.address.port)
    clients.push(client)
    return client
  }

  it('lets a client in', async () => {
    const client = await dial(await serve())
    expect(await client.outcome).toBe('established')
    expect(server?.stats()).toMatchObject({ sessions: 1, retried: 0, refused: 0 })
  })

  it('refuses at once over the limit, after a proof of address, and takes the next when one leaves', async () => {
    const full = await serve({ maxSessions: 2 })
    const inside = [await dial(full), await dial(full)]
    for (const client of inside) expect(await client.outcome).toBe('established')
    const third = await dial(full)
    expect(await third.ended).toBe(CONNECTION_REFUSED)
    expect(full.stats()).toMatchObject({ sessions: 2, retried: 1, refused: 1 })
    await inside[0]?.close()
    await expect.poll(() => full.stats().sessions).toBe(1)
    expect(await (await dial(full)).outcome).toBe('established')
  })

  it('asks for a proof of address when many handshakes hang, and keeps no state for who gives none', async () => {
    const target = await serve()
    const sent = await Promise.all(
      Array.from({ length: 40 }, () => Client.sendOneInitial(quiche as Quiche, target.address.port))
    )
    for (const socket of sent) clients.push(socket)
    await expect.poll(() => target.stats().sessions + target.stats().retried).toBe(40)
    expect(target.stats().sessions).toBeLessThanOrEqual(16)
    expect(await (await dial(target)).outcome).toBe('established')
  })

  it('ends a connection that opens no session in time', async () => {
    const client = await dial(await serve({ handshakeTimeoutMs: 300 }))
    expect(await client.outcome).toBe('established')
    expect(await client.ended).toBe(H3_ERROR.requestRejected)
    await expect.poll(() => server?.stats().sessions).toBe(0)
  })

  it('ends a connection that breaks HTTP/3, and counts it', async () => {
    const client = await dial(await serve())
    expect(await client.outcome).toBe('established')
    client.send(2, Uint8Array.of(0x01))
    expect(await client.ended).toBe(H3_ERROR.streamCreationError)
    expect(server?.stats().violations).toBe(1)
  })

  it('is not disturbed by bytes that are not QUIC', async () => {
    const target = await serve()
    const socket = createSocket('udp4')
    const longHeader = fc.uint8Array({ minLength: 1200, maxLength: 1300 }).map(bytes => {
      bytes.set([0xc0 | ((bytes[0] ?? 0) & 0x3f), 0, 0, 0, 1, (bytes[5] ?? 0) % 22])
      return bytes
    })
    const junk = fc.sample(fc.oneof(fc.uint8Array({ maxLength: 1400 }), longHeader), 300)
    for (const bytes of junk) await new Promise(resolve => socket.send(bytes, target.address.port, HOST, resolve))
    await new Promise<void>(resolve => socket.close(resolve))
    expect(await (await dial(target)).outcome).toBe('established')
  })

  it('says so when its address is taken', async () => {
    const { address } = await serve()
    const again = startQuicheServer(quiche as Quiche, {
      host: HOST,
      port: address.port,
      path: '/',
      certificate,
      limits: { maxSessions: 1, maxSessionsPerHost: 1, handshakeTimeoutMs: 1, idleTimeoutMs: 1, maxStreams: 1 },
      onSession: () => {}
    })
    await expect(again).rejects.toMatchObject({ code: 'connect-failed' })
  })
})

async function boundSocket(): Promise<Socket> {
  // Without a resolver in between, what is sent before close() goes out before it.
  const socket = createSocket({ type: 'udp4', lookup: (host, _, callback) => callback(null, host, 4) })
  await new Promise<void>(resolve => socket.bind(0, HOST, resolve))
  return socket
}

/** A QUIC client that only makes connections. */
class Client {
  /** `established`, or the code of a close before that. */
  readonly outcome: Promise<number | 'established'>
  /** The code of the peer's close. */
  readonly ended: Promise<number>
  private readonly socket: Socket
  private readonly connection: ReturnType<Quiche['Connection']['connect']>
  private readonly timer: NodeJS.Timeout
  private readonly port: number
  private onOutcome: (outcome: number | 'established') => void = () => {}
  private onEnded: (code: number) => void = () => {}

  private constructor(quiche: Quiche, socket: Socket, port: number) {
    this.socket = socket
    this.port = port
    this.outcome = new Promise(resolve => {
      this.onOutcome = resolve
    })
    this.ended = new Promise(resolve => {
      this.onEnded = resolve
    })
    const config = quiche.Config.withBoringSslCtx(false, false, null, null, null, null)
    config.setApplicationProtos(['h3'])
    config.setInitialMaxData(100_000)
    config.setInitialMaxStreamDataUni(10_000)
    config.setInitialMaxStreamDataBidiLocal(10_000)
    config.setInitialMaxStreamsUni(8)
    const scid = crypto.getRandomValues(new Uint8Array(16))
    const local = { host: HOST, port: socket.address().port }
    this.connection = quiche.Connection.connect(null, scid, local, { host: HOST, port }, config)
    this.timer = setInterval(() => {
      if (this.connection.timeout() === 0) this.connection.onTimeout()
      this.flush()
    }, 10)
    socket.on('message', datagram => {
      this.connection.recv(datagram, { from: { host: HOST, port }, to: local })
      if (this.connection.isEstablished()) this.onOutcome('established')
      const error = this.connection.peerError()
      if (error !== null) {
        this.onOutcome(error.errorCode)
        this.onEnded(error.errorCode)
      }
      this.flush()
    })
  }

  static async start(quiche: Quiche, port: number): Promise<Client> {
    const socket = await boundSocket()
    const client = new Client(quiche, socket, port)
    client.flush()
    return client
  }

  /** As a flooder does: one packet, and no answer to the answer. */
  static async sendOneInitial(quiche: Quiche, port: number): Promise<Client> {
    const socket = await boundSocket()
    const client = new Client(quiche, socket, port)
    clearInterval(client.timer)
    socket.removeAllListeners('message')
    client.flush()
    return client
  }

  send(streamId: number, bytes: Uint8Array): void {
    this.connection.streamSend(streamId, bytes, false)
    this.flush()
  }

  async close(): Promise<void> {
    if (this.connection.isClosed()) return
    clearInterval(this.timer)
    this.connection.close(true, 0, new Uint8Array(0))
    this.flush()
    await new Promise<void>(resolve => this.socket.close(resolve)).catch(() => {})
  }

  private flush(): void {
    for (;;) {
      const out = Buffer.alloc(1350)
      const sent = this.connection.send(out)
      if (sent === null) return
      this.socket.send(out.subarray(0, sent[0]), this.port, HOST)
    }
  }
}
