/**
 * Errors through transferred streams: structured clone makes an Error without its code of a CraftecError, and a plain
 * record stays what it is. So bodies carry records while they cross, and errors on both sides.
 */
import { CraftecError, isErrorWire } from '../../sdk/errors/index.ts'

export function streamWithWireErrors(source: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  return mapErrors(source, error => CraftecError.from(error, 'aborted').toWire(), reviveError)
}

export function streamWithRealErrors(source: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  return mapErrors(source, reviveError, error => CraftecError.from(error ?? 'cancelled', 'aborted').toWire())
}

function reviveError(error: unknown): CraftecError {
  return isErrorWire(error) ? CraftecError.fromWire(error) : CraftecError.from(error, 'link-closed')
}

function mapErrors(
  source: ReadableStream<Uint8Array>,
  onError: (error: unknown) => unknown,
  onCancel: (reason: unknown) => unknown
): ReadableStream<Uint8Array> {
  const reader = source.getReader()
  return new ReadableStream<Uint8Array>(
    {
      pull: async controller => {
        try {
          const { done, value } = await reader.read()
          if (done) controller.close()
          else controller.enqueue(value)
        } catch (error) {
          controller.error(onError(error))
        }
      },
      cancel: reason => reader.cancel(onCancel(reason))
    },
    { highWaterMark: 0 }
  )
}
