/** A stream of a circuit as WHATWG streams: back-pressure is the stream's window, nothing is queued besides it. */
import { CraftecError } from '../../errors/index.ts'
import { type MuxStream, RESET } from '../circuit/index.ts'
import type { ByteDuplex } from '../http/index.ts'
import { StreamWaits } from './stream-waits.ts'

/** Small writes gather here while a larger one is on its way. */
const WRITE_QUEUE_BYTES = 65_536

export interface CircuitStream extends ByteDuplex {
  /** Resolves when the exit has connected to the target; rejects with why it did not. */
  readonly opened: Promise<void>
}

export interface StreamDuplex extends ByteDuplex {
  /** End both sides with `error` instead of what the stream would say. */
  fail(error: CraftecError): void
}

export interface StreamDuplexOptions {
  readonly stream: MuxStream
  readonly connected: () => void
  readonly ended: (error: CraftecError | undefined) => void
}

/**
 * Closing the writable ends one direction, cancelling the readable or aborting the writable ends both.
 * A write resolves when its bytes are on their way, so the caller may reuse the chunk then.
 */
export function streamDuplex({ stream, connected, ended }: StreamDuplexOptions): StreamDuplex {
  let failReadable = (_error: CraftecError): void => {}
  let failWritable = (_error: CraftecError): void => {}
  const fail = (error: CraftecError): void => {
    failReadable(error)
    failWritable(error)
  }
  const waits = new StreamWaits(stream, {
    connected,
    ended: error => {
      ended(error)
      if (error !== undefined) fail(error)
    }
  })

  const readable = new ReadableStream<Uint8Array>(
    {
      start: controller => {
        failReadable = error => controller.error(error)
      },
      pull: async controller => {
        for (;;) {
          const bytes = stream.read()
          if (bytes !== undefined) return controller.enqueue(bytes)
          if (stream.readEnded) return controller.close()
          if (stream.isOver) return
          await waits.nextReadable()
        }
      },
      cancel: () => stream.reset(RESET.none)
    },
    { highWaterMark: 0 }
  )

  const writable = new WritableStream<Uint8Array>(
    {
      start: controller => {
        failWritable = error => controller.error(error)
      },
      write: async chunk => {
        if (!(chunk instanceof Uint8Array)) {
          const error = new CraftecError(
            'invalid-argument',
            'a stream through a circuit takes chunks of type Uint8Array'
          )
          fail(error)
          stream.reset(RESET.none)
          throw error
        }
        if (!stream.isOver) stream.write(chunk)
        while (stream.bufferedBytes > 0) await waits.nextWritten()
        if (waits.error !== undefined) throw waits.error
      },
      close: () => stream.end(),
      abort: () => stream.reset(RESET.none)
    },
    // ByteLengthQueuingStrategy would meet what is no chunk with an error of its own.
    { highWaterMark: WRITE_QUEUE_BYTES, size: chunk => (chunk instanceof Uint8Array ? chunk.byteLength : 1) }
  )
  return { readable, writable, fail }
}
