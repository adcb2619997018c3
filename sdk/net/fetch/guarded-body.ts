import { type Clock, withDeadline } from '../../async/index.ts'
import { CraftecError } from '../../errors/index.ts'

export interface BodyGuard {
  /** Milliseconds a read may wait. A reader that takes its time is no reason to end the body; a silent target is. */
  readonly idleTimeoutMs: number
  readonly signal: AbortSignal | undefined
  readonly clock: Clock
  onBytes(count: number): void
  /** Once, when the body is over for whatever reason. */
  onEnd(error?: CraftecError): void
}

/** A body that cannot hang: every read has a deadline, and the caller's signal ends it even while nobody reads. */
export function guardedBody(source: ReadableStream<Uint8Array>, guard: BodyGuard): ReadableStream<Uint8Array> {
  const reader = source.getReader()
  let over = false
  let abort = (): void => {}
  const end = (error?: CraftecError): void => {
    if (over) return
    over = true
    guard.signal?.removeEventListener('abort', abort)
    if (error) reader.cancel(error).catch(() => {})
    guard.onEnd(error)
  }
  return new ReadableStream<Uint8Array>(
    {
      start: controller => {
        abort = () => {
          const error = abortError(guard.signal)
          end(error)
          controller.error(error)
        }
        if (guard.signal?.aborted) abort()
        else guard.signal?.addEventListener('abort', abort, { once: true })
      },
      pull: async controller => {
        try {
          const { done, value } = await withDeadline(
            { timeoutMs: guard.idleTimeoutMs, what: 'next bytes of the body', clock: guard.clock },
            () => reader.read()
          )
          if (over) return
          if (done) {
            end()
            controller.close()
            return
          }
          guard.onBytes(value.length)
          controller.enqueue(value)
        } catch (cause) {
          const error = CraftecError.from(cause, 'link-closed')
          end(error)
          throw error
        }
      },
      cancel: reason =>
        end(CraftecError.from(reason ?? new CraftecError('aborted', 'the body was cancelled'), 'aborted'))
    },
    { highWaterMark: 0 }
  )
}

function abortError(signal: AbortSignal | undefined): CraftecError {
  return CraftecError.from(signal?.reason, 'aborted', 'body: aborted by the caller')
}
