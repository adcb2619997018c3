import type { Clock } from '../../async/index.ts'
import { CraftecError } from '../../errors/index.ts'
import { type ClientCircuit, RESET, type StreamTarget } from '../circuit/index.ts'
import { type CircuitStream, streamDuplex } from './stream-duplex.ts'

export interface OpenStreamOptions {
  /** Until the exit has connected; afterwards cancel the stream itself. */
  readonly signal?: AbortSignal | undefined
  readonly timeoutMs: number
}

/**
 * Open a stream that may be written at once: what is written travels behind the request to connect.
 * @throws CraftecError `circuit-destroyed` | `limit-exceeded` | `invalid-argument`
 */
export function openCircuitStream(
  circuit: ClientCircuit,
  target: StreamTarget,
  { signal, timeoutMs }: OpenStreamOptions,
  clock: Clock
): CircuitStream {
  const stream = circuit.openStream(target)
  const { promise: opened, resolve, reject } = Promise.withResolvers<void>()
  // Whoever only reads or writes learns of a failure there.
  opened.catch(() => {})
  const settle = (error?: CraftecError): void => {
    cancelDeadline()
    signal?.removeEventListener('abort', onAbort)
    if (error === undefined) resolve()
    else reject(error)
  }
  const giveUp = (error: CraftecError): void => {
    // Before the reset, which would give a reason of its own.
    settle(error)
    duplex.fail(error)
    stream.reset(RESET.none)
  }
  const onAbort = (): void =>
    giveUp(CraftecError.from(signal?.reason, 'aborted', 'opening a stream: aborted by the caller'))
  const duplex = streamDuplex({
    stream,
    connected: () => settle(),
    ended: error => settle(error ?? new CraftecError('stream-reset', 'the stream ended before the exit had connected'))
  })
  const cancelDeadline = clock.after(timeoutMs, () =>
    giveUp(
      new CraftecError('timeout', `the exit did not connect to the target within ${timeoutMs} ms`, {
        details: { timeoutMs }
      })
    )
  )
  if (signal?.aborted) onAbort()
  else signal?.addEventListener('abort', onAbort, { once: true })
  return { readable: duplex.readable, writable: duplex.writable, opened }
}
