import { CraftecError } from '../errors/index.ts'
import { type Clock, systemClock } from './clock.ts'

export interface DeadlineOptions {
  readonly signal?: AbortSignal | undefined
  readonly timeoutMs: number
  /** What was being waited for, for the message: "answer of the exit". */
  readonly what: string
  readonly clock?: Clock
}

/**
 * Run `task` under a deadline and the caller's signal. The signal given to `task` fires on either; whatever `task` does
 * afterwards is ignored, so a task that does not listen cannot make the caller hang.
 * @throws CraftecError `timeout` | `aborted` (cause: the caller's reason), or what `task` throws
 */
export async function withDeadline<T>(options: DeadlineOptions, task: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const { signal, timeoutMs, what, clock = systemClock } = options
  throwIfAborted(signal, what)
  const controller = new AbortController()
  let end = (): void => {}
  const ended = new Promise<never>((_, reject) => {
    const fail = (error: CraftecError): void => {
      controller.abort(error)
      reject(error)
    }
    const cancel = clock.after(timeoutMs, () =>
      fail(new CraftecError('timeout', `${what}: nothing within ${timeoutMs} ms`, { details: { timeoutMs } }))
    )
    const onAbort = (): void => fail(abortedError(signal, what))
    signal?.addEventListener('abort', onAbort, { once: true })
    end = () => {
      cancel()
      signal?.removeEventListener('abort', onAbort)
    }
  })
  try {
    return await Promise.race([task(controller.signal), ended])
  } finally {
    end()
  }
}

/** @throws CraftecError `aborted` when `signal` has fired */
export function throwIfAborted(signal: AbortSignal | undefined, what: string): void {
  if (signal?.aborted) throw abortedError(signal, what)
}

function abortedError(signal: AbortSignal | undefined, what: string): CraftecError {
  const reason: unknown = signal?.reason
  return reason instanceof CraftecError
    ? reason
    : new CraftecError('aborted', `${what}: aborted by the caller`, { cause: reason })
}
