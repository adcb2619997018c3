import type { Socket } from 'node:net'
import type { Clock } from '../../sdk/async/index.ts'
import { CraftecError } from '../../sdk/errors/index.ts'
import type { ByteDuplex } from '../../sdk/net/index.ts'
import type { ByteRate } from './byte-rate.ts'

/** Bytes read from the socket ahead of the reader, per stream. The kernel's own buffers come on top. */
const READ_AHEAD_BYTES = 64 * 1024

export interface SocketDuplexOptions {
  /** A limit on bytes that this socket shares with others, both directions together. */
  readonly rate: ByteRate | undefined
  readonly clock: Clock
}

/**
 * A connected socket, made with `allowHalfOpen`, as a pair of WHATWG streams.
 * The socket is paused while the reader is behind; a write settles when the kernel has taken the bytes, so the caller may reuse them;
 * closing one side leaves the other open. Cancelling the readable or aborting the writable resets the
 * connection, so that the target cannot take a half-sent request for a whole one.
 */
export function socketDuplex(socket: Socket, { rate, clock }: SocketDuplexOptions): ByteDuplex {
  let done = false
  let throttled = false
  /** Call `task` after `waitMs`, or when the socket is gone. */
  const later = (waitMs: number, task: () => void): void => {
    const end = (): void => {
      cancel()
      socket.off('close', end)
      task()
    }
    const cancel = clock.after(waitMs, end)
    socket.once('close', end)
  }
  const readable = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        socket.on('data', (chunk: Buffer) => {
          if (done) return
          controller.enqueue(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength))
          const waitMs = rate?.spend(chunk.byteLength) ?? 0
          if (waitMs > 0 || (controller.desiredSize ?? 0) <= 0) socket.pause()
          if (waitMs === 0) return
          throttled = true
          later(waitMs, () => {
            throttled = false
            if ((controller.desiredSize ?? 0) > 0) socket.resume()
          })
        })
        socket.once('end', () => {
          if (done) return
          done = true
          controller.close()
        })
        onBroken(socket, error => {
          if (done) return
          done = true
          controller.error(error)
        })
      },
      pull() {
        if (!throttled) socket.resume()
      },
      cancel() {
        done = true
        socket.resetAndDestroy()
      }
    },
    new ByteLengthQueuingStrategy({ highWaterMark: READ_AHEAD_BYTES })
  )
  const writable = new WritableStream<Uint8Array>(
    {
      start(controller) {
        onBroken(socket, error => controller.error(error))
      },
      write: chunk =>
        new Promise((resolve, reject) => {
          socket.write(chunk, error => {
            if (error) return reject(streamReset(error))
            const waitMs = rate?.spend(chunk.byteLength) ?? 0
            if (waitMs === 0) resolve()
            else later(waitMs, resolve)
          })
        }),
      close: () =>
        new Promise((resolve, reject) =>
          socket.end((error?: Error | null) => (error ? reject(streamReset(error)) : resolve()))
        ),
      abort() {
        socket.resetAndDestroy()
      }
    },
    new ByteLengthQueuingStrategy({ highWaterMark: READ_AHEAD_BYTES })
  )
  return { readable, writable }
}

/** Call `listener` once if the socket ends before both of its sides did. */
function onBroken(socket: Socket, listener: (error: CraftecError) => void): void {
  let failure: Error | undefined
  socket.once('error', error => {
    failure = error
  })
  socket.once('close', () => {
    if (failure === undefined && socket.readableEnded && socket.writableFinished) return
    listener(failure instanceof CraftecError ? failure : streamReset(failure))
  })
}

function streamReset(cause: unknown): CraftecError {
  return CraftecError.from(cause ?? new Error('closed'), 'stream-reset', 'the connection to the target ended')
}
