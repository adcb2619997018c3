import type { ByteDuplex } from '../http/index.ts'

/**
 * `duplex`, and a call of `onOver` once both its directions have ended, or either has failed or was given up.
 * Whoever owns the circuit below needs to know when nobody uses it any more.
 */
export function countedDuplex(duplex: ByteDuplex, onOver: () => void): ByteDuplex {
  let open = 2
  const endOne = (): void => {
    if (--open === 0) onOver()
  }
  const endBoth = (): void => {
    if (open > 0) onOver()
    open = Number.NEGATIVE_INFINITY
  }
  const reader = duplex.readable.getReader()
  const writer = duplex.writable.getWriter()
  reader.closed.then(endOne, endBoth)
  writer.closed.then(endOne, endBoth)
  return {
    readable: new ReadableStream<Uint8Array>(
      {
        pull: async controller => {
          const { done, value } = await reader.read()
          if (done) controller.close()
          else controller.enqueue(value)
        },
        cancel: reason => reader.cancel(reason)
      },
      { highWaterMark: 0 }
    ),
    writable: new WritableStream<Uint8Array>(
      {
        start: controller => {
          writer.closed.catch(error => controller.error(error))
        },
        write: async chunk => {
          await writer.ready
          await writer.write(chunk)
        },
        close: () => writer.close(),
        abort: reason => writer.abort(reason)
      },
      { highWaterMark: 1 }
    )
  }
}
