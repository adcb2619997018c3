/**
 * Errors through transferred streams: structured clone makes an Error without its code of a CraftecError, and a plain
 * record stays what it is. So bodies carry records while they cross, and errors on both sides.
 */
import { CraftecError, type ErrorWire, isErrorWire } from '../../sdk/errors/index.ts'

export function streamWithWireErrors<Chunk>(source: ReadableStream<Chunk>): ReadableStream<Chunk> {
  return mapErrors(source, wireError, reviveError)
}

/** @param gone fires when the other side is no more: a transferred stream does not notice */
export function streamWithRealErrors<Chunk>(source: ReadableStream<Chunk>, gone?: AbortSignal): ReadableStream<Chunk> {
  return mapErrors(source, reviveError, error => wireError(error ?? 'cancelled'), gone)
}

export function sinkWithWireErrors<Chunk>(target: WritableStream<Chunk>): WritableStream<Chunk> {
  return mapSinkErrors(target, wireError, reviveError)
}

/** @param gone as for {@link streamWithRealErrors} */
export function sinkWithRealErrors<Chunk>(target: WritableStream<Chunk>, gone?: AbortSignal): WritableStream<Chunk> {
  return mapSinkErrors(target, reviveError, wireError, gone)
}

function wireError(error: unknown): ErrorWire {
  return CraftecError.from(error, 'aborted').toWire()
}

function reviveError(error: unknown): CraftecError {
  return isErrorWire(error) ? CraftecError.fromWire(error) : CraftecError.from(error, 'link-closed')
}

function mapErrors<Chunk>(
  source: ReadableStream<Chunk>,
  onError: (error: unknown) => unknown,
  onCancel: (reason: unknown) => unknown,
  gone?: AbortSignal
): ReadableStream<Chunk> {
  const reader = source.getReader()
  let release = (): void => {}
  return new ReadableStream<Chunk>(
    {
      start: controller => {
        release = onceGone(gone, error => controller.error(error))
      },
      pull: async controller => {
        try {
          const { done, value } = await reader.read()
          if (!done) return controller.enqueue(value)
          release()
          controller.close()
        } catch (error) {
          release()
          controller.error(onError(error))
        }
      },
      cancel: reason => {
        release()
        return reader.cancel(onCancel(reason))
      }
    },
    { highWaterMark: 0 }
  )
}

function mapSinkErrors<Chunk>(
  target: WritableStream<Chunk>,
  onError: (error: unknown) => unknown,
  onAbort: (reason: unknown) => unknown,
  gone?: AbortSignal
): WritableStream<Chunk> {
  const writer = target.getWriter()
  const mapped = (error: unknown): never => {
    throw onError(error)
  }
  return new WritableStream<Chunk>({
    start: controller => {
      const release = onceGone(gone, error => controller.error(error))
      // It can fail while nothing is written.
      writer.closed.catch(error => controller.error(onError(error))).finally(release)
    },
    write: chunk => writer.write(chunk).catch(mapped),
    close: () => writer.close().catch(mapped),
    abort: reason => writer.abort(onAbort(reason))
  })
}

/** @returns a function that stops listening */
function onceGone(gone: AbortSignal | undefined, task: (reason: unknown) => void): () => void {
  const listener = (): void => task(gone?.reason)
  gone?.addEventListener('abort', listener, { once: true })
  return () => gone?.removeEventListener('abort', listener)
}
