import type { Connection } from '@libp2p/interface'
import type { Clock } from '../async/index.ts'
import { CraftecError } from '../errors/index.ts'

const PING_PROTOCOL = '/ipfs/ping/1.0.0'
const PING_BYTES = 32

/**
 * Measure one round trip. libp2p's own ping counts whole milliseconds of the wall clock, too coarse to rank links by.
 * The peer is expected to echo 32 bytes; ending early is a failure.
 */
export async function pingPeer(connection: Connection, clock: Clock, signal: AbortSignal): Promise<number> {
  const stream = await connection.newStream(PING_PROTOCOL, { signal, runOnLimitedConnection: true })
  try {
    const startedAt = clock.monotonic()
    let received = 0
    await new Promise<void>((resolve, reject) => {
      const gone = (): void => reject(new CraftecError('link-closed', 'the peer ended before it answered a ping'))
      stream.addEventListener('message', ({ data }) => {
        received += data.byteLength
        if (received >= PING_BYTES) resolve()
      })
      stream.addEventListener('end', gone)
      stream.addEventListener('close', gone)
      signal.addEventListener('abort', gone, { once: true })
      stream.send(crypto.getRandomValues(new Uint8Array(PING_BYTES)))
    })
    return clock.monotonic() - startedAt
  } finally {
    stream.close({ signal }).catch(error => stream.abort(error))
  }
}
