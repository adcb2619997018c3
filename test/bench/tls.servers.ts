/** The servers of the TLS suite, in a process of their own: what they burn must not count as the client's. */
import { once } from 'node:events'
import { createServer as createPlainServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import { Readable } from 'node:stream'
import { createWebSocketStream, WebSocketServer } from 'ws'
import { makeLeaf, makeRoot, testKey } from '../kit/certificate-maker.ts'

export interface ServerAddresses {
  /** `${pipe}HOST:PORT` reaches that port of this machine: what a page has instead of sockets. */
  readonly pipe: string
  readonly tlsPort: number
  readonly plainPort: number
  readonly rootPem: string
}

const CHUNK = Buffer.alloc(65_536, 7)

async function listen(): Promise<ServerAddresses> {
  const root = makeRoot('Bench Root')
  const cert = makeLeaf(root).pem
  const key = testKey('P-256', 'leaf').privateKey.export({ type: 'pkcs8', format: 'pem' })
  const tls = createTlsServer({ cert, key, minVersion: 'TLSv1.3' }, answer)
  const plain = createPlainServer(answer)
  const pipe = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false })
  pipe.on('connection', (socket, request) => {
    const tcp = connect(Number(request.url?.split(':').at(-1)), '127.0.0.1')
    const stream = createWebSocketStream(socket)
    for (const one of [tcp, stream]) one.on('error', () => [tcp, stream].forEach(other => void other.destroy()))
    stream.pipe(tcp).pipe(stream)
  })
  const listening = (server: Server): Promise<unknown> => once(server.listen(0, '127.0.0.1'), 'listening')
  await Promise.all([listening(tls), listening(plain), once(pipe, 'listening')])
  const portOf = (server: { address(): unknown }): number => (server.address() as AddressInfo).port
  return {
    pipe: `ws://127.0.0.1:${portOf(pipe)}/`,
    tlsPort: portOf(tls),
    plainPort: portOf(plain),
    rootPem: root.pem
  }
}

const answer: RequestListener = (request, response) => {
  const count = Number(new URL(request.url ?? '/', 'http://bench').searchParams.get('n') ?? 0)
  response.writeHead(200, { 'content-length': count, connection: 'close' })
  Readable.from(chunks(count))
    .pipe(response)
    .on('error', () => {}) // a client that has seen enough
}

function* chunks(count: number): Generator<Buffer> {
  for (let left = count; left > 0; left -= CHUNK.length) yield CHUNK.subarray(0, Math.min(left, CHUNK.length))
}

process.once('disconnect', () => process.exit())
process.send?.(await listen())
