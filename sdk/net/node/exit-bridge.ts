/** Joins a stream that a client opened with a connection that the exit's backend makes. */
import { type Clock, withDeadline } from '../../async/index.ts'
import { CraftecError } from '../../errors/index.ts'
import { type MuxStream, RESET, resetReasonFor } from '../circuit/index.ts'
import type { ByteDuplex } from '../http/index.ts'
import type { ExitBackend } from './exit-backend.ts'
import { StreamWaits } from './stream-waits.ts'

export interface ExitBridgeOptions {
  readonly backend: ExitBackend
  readonly clock: Clock
  readonly connectTimeoutMs: number
}

/** Read ahead of the circuit this much, so that a cell is never waited for while the target has more. */
const READ_AHEAD_BYTES = 131_072

/** Settles when the stream is over; never rejects. */
export async function bridgeToExit(stream: MuxStream, options: ExitBridgeOptions): Promise<void> {
  const over = new AbortController()
  // A stream that finished in order is left to finish at the target, too.
  const waits = new StreamWaits(stream, { ended: error => error !== undefined && over.abort(error) })
  let duplex: ByteDuplex
  try {
    duplex = await connect(stream, options, over.signal)
  } catch (error) {
    stream.reset(resetReasonFor(error))
    return
  }
  stream.accept()
  await Promise.allSettled([
    toTarget(stream, waits, duplex.writable, over.signal),
    fromTarget(stream, waits, duplex.readable, over.signal)
  ])
}

async function connect(
  stream: MuxStream,
  { backend, clock, connectTimeoutMs }: ExitBridgeOptions,
  over: AbortSignal
): Promise<ByteDuplex> {
  const deadline = { signal: over, timeoutMs: connectTimeoutMs, what: 'connection to the target', clock }
  return withDeadline(deadline, async signal => {
    const duplex = await backend.connect(stream.target, { signal })
    if (!signal.aborted) return duplex
    // Too late: nobody waits for it any more.
    await Promise.allSettled([duplex.readable.cancel(signal.reason), duplex.writable.abort(signal.reason)])
    throw CraftecError.from(signal.reason, 'aborted')
  })
}

async function toTarget(
  stream: MuxStream,
  waits: StreamWaits,
  writable: WritableStream<Uint8Array>,
  over: AbortSignal
): Promise<void> {
  const writer = writable.getWriter()
  whenAborted(over, () => void writer.abort(over.reason).catch(() => {}))
  try {
    for (;;) {
      const bytes = stream.read()
      if (bytes !== undefined) {
        await writer.write(bytes)
      } else if (stream.readEnded) return await writer.close()
      else if (stream.isOver) return
      else await waits.nextReadable()
    }
  } catch {
    stream.reset(RESET.none)
  }
}

async function fromTarget(
  stream: MuxStream,
  waits: StreamWaits,
  readable: ReadableStream<Uint8Array>,
  over: AbortSignal
): Promise<void> {
  const reader = readable.getReader()
  whenAborted(over, () => void reader.cancel(over.reason).catch(() => {}))
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (stream.isOver) return
      if (done) return stream.end()
      stream.write(value)
      while (stream.bufferedBytes > READ_AHEAD_BYTES) await waits.nextWritten()
    }
  } catch {
    stream.reset(RESET.none)
  }
}

function whenAborted(signal: AbortSignal, task: () => void): void {
  if (signal.aborted) task()
  else signal.addEventListener('abort', task, { once: true })
}
