import { CraftecError } from '../../errors/index.ts'

export type BodySource =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'blob'; readonly blob: Blob }
  | { readonly kind: 'stream'; readonly stream: ReadableStream<Uint8Array> }

const encoder = new TextEncoder()
const LAST_CHUNK = encoder.encode('0\r\n\r\n')

/** What the head has to say about `body`. */
export function bodyLength(body: BodySource | undefined): number | 'chunked' | 'none' {
  if (!body) return 'none'
  if (body.kind === 'bytes') return body.bytes.length
  return body.kind === 'blob' ? body.blob.size : 'chunked'
}

/**
 * Write a request body, no faster than `write` takes it; `last` marks its last bytes. A stream goes out in chunked coding (RFC 9112 §7.1).
 * @throws CraftecError `invalid-argument` when a stream yields something else than bytes, `aborted` when the source fails; what `write` throws
 */
export async function writeBody(
  body: BodySource,
  write: (bytes: Uint8Array, last: boolean) => Promise<void>,
  signal: AbortSignal
): Promise<void> {
  if (body.kind === 'bytes') return write(body.bytes, true)
  const chunked = body.kind === 'stream'
  let left = chunked ? Number.POSITIVE_INFINITY : body.blob.size
  const reader: ReadableStreamDefaultReader<unknown> = (chunked ? body.stream : body.blob.stream()).getReader()
  const stop = (): void => void reader.cancel(signal.reason).catch(() => {})
  signal.addEventListener('abort', stop, { once: true })
  try {
    for (;;) {
      const { done, value } = await reader.read().catch(sourceFailed)
      signal.throwIfAborted()
      if (done) break
      if (!(value instanceof Uint8Array))
        throw new CraftecError('invalid-argument', 'a request body stream must yield Uint8Array chunks')
      // A chunk of length zero would end the body.
      if (value.length > 0) {
        left -= value.length
        await write(chunked ? asChunk(value) : value, left === 0)
      }
    }
    if (chunked) await write(LAST_CHUNK, true)
  } catch (error) {
    await reader.cancel(error).catch(() => {})
    throw error
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

function sourceFailed(cause: unknown): never {
  throw CraftecError.from(cause, 'aborted', 'the request body stream failed; the request was ended in the middle')
}

function asChunk(data: Uint8Array): Uint8Array {
  const size = encoder.encode(`${data.length.toString(16)}\r\n`)
  const chunk = new Uint8Array(size.length + data.length + 2)
  chunk.set(size)
  chunk.set(data, size.length)
  chunk.set([0x0d, 0x0a], size.length + data.length)
  return chunk
}
