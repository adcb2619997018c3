/** What an exit's own network hears: a TCP pipe to a local server that keeps a copy of every byte, both ways. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface WireTap extends AsyncDisposable {
  readonly port: number
  /** Bytes so far, both ways together. */
  readonly sizeBytes: number
  /** How many of `needles` are somewhere in what went one of the two ways. */
  find(needles: readonly Buffer[]): number
}

/** A recording that outgrows this is a defect of the test, not something to keep. */
const MAX_BYTES = 64 * 1024 * 1024

/** @param targetPort of a server on 127.0.0.1 */
export async function startWireTap(targetPort: number): Promise<WireTap> {
  const recordings: Buffer[][] = []
  const sockets = new Set<Socket>()
  let sizeBytes = 0
  const pass = (from: Socket, to: Socket): void => {
    const pieces: Buffer[] = []
    recordings.push(pieces)
    sockets.add(from)
    from.on('data', piece => {
      sizeBytes += piece.length
      if (sizeBytes > MAX_BYTES) from.destroy()
      else pieces.push(piece)
    })
    from.on('error', () => to.destroy())
    from.pipe(to)
  }
  const server = createServer({ allowHalfOpen: true }, fromExit => {
    const toSite = connect({ port: targetPort, host: '127.0.0.1', allowHalfOpen: true })
    pass(fromExit, toSite)
    pass(toSite, fromExit)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    get sizeBytes() {
      return sizeBytes
    },
    find: needles => {
      const heard = recordings.map(pieces => Buffer.concat(pieces))
      return needles.filter(needle => heard.some(bytes => bytes.includes(needle))).length
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise(resolve => server.close(resolve))
    }
  }
}
