/** A node:tls server on loopback, and its TCP connections as web streams. */
import { once } from 'node:events'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { createServer, type Server, type TLSSocket, type TlsOptions } from 'node:tls'
import type { ByteDuplex } from '../../sdk/net/http/index.ts'

export interface TestTlsServer {
  readonly server: Server
  readonly port: number
  /** A fresh TCP connection to it. */
  connect(): Promise<ByteDuplex & { readonly socket: Socket }>
  close(): Promise<void>
}

export async function startTlsServer(
  options: TlsOptions,
  onSocket: (socket: TLSSocket) => void
): Promise<TestTlsServer> {
  const server = createServer({ minVersion: 'TLSv1.3', ...options }, socket => {
    socket.on('error', () => {}) // the client's alerts; what it made of them is what tests look at
    onSocket(socket)
  })
  server.on('tlsClientError', () => {})
  const sockets = new Set<Socket>()
  server.on('connection', socket => {
    sockets.add(socket)
    socket.on('error', () => {})
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    server,
    port,
    connect: () => connectTcp(port),
    close: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    }
  }
}

export async function connectTcp(port: number): Promise<ByteDuplex & { readonly socket: Socket }> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  socket.on('error', () => {})
  await once(socket, 'connect')
  const { readable, writable } = Duplex.toWeb(socket)
  return { socket, readable: readable as ReadableStream<Uint8Array>, writable: writable as WritableStream<Uint8Array> }
}
