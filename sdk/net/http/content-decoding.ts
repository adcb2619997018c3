import { CraftecError } from '../../errors/index.ts'

/** What every browser's DecompressionStream takes (Compression Standard §4). Brotli and zstd are not among it. */
export const ACCEPT_ENCODING = 'gzip, deflate'

/** A coding a coding: more is only a way to make the client work. */
const MAX_CODINGS = 2

const FORMATS: Readonly<Record<string, CompressionFormat>> = { gzip: 'gzip', 'x-gzip': 'gzip', deflate: 'deflate' }

/**
 * Undo the codings of a Content-Encoding header, last one first (RFC 9110 §8.4). A coding that is not known leaves the
 * body as it came, as the Fetch standard says ("handle content codings").
 * @returns a stream that errors with `body-truncated` when compressed data ends early and `http-malformed` when it is broken;
 *   a platform that looks at the data late may say `body-truncated` for both
 * @throws CraftecError `http-malformed` with more than two codings
 */
export function decodeContent(
  body: ReadableStream<Uint8Array>,
  contentEncoding: string | null
): ReadableStream<Uint8Array> {
  const codings = (contentEncoding ?? '')
    .toLowerCase()
    .split(',')
    .map(coding => coding.trim())
    .filter(coding => coding !== '' && coding !== 'identity')
  if (codings.length > MAX_CODINGS)
    throw new CraftecError(
      'http-malformed',
      `the answer is encoded ${codings.length} times, at most ${MAX_CODINGS} are undone`
    )
  const formats = codings.map(coding => FORMATS[coding])
  if (formats.includes(undefined)) return body
  return formats.reduceRight<ReadableStream<Uint8Array>>(
    (stream, format) => (format ? decompress(stream, format) : stream),
    body
  )
}

function decompress(source: ReadableStream<Uint8Array>, format: CompressionFormat): ReadableStream<Uint8Array> {
  const input = source.getReader()
  let output: ReadableStreamDefaultReader<Uint8Array> | undefined
  let inputEnded = false
  const start = (first: Uint8Array): ReadableStreamDefaultReader<Uint8Array> => {
    const decompressor = new DecompressionStream(format)
    const writer = decompressor.writable.getWriter()
    // One write at a time, so that an error during a write is the data's and an error at the end is the missing rest's.
    const pump = async (): Promise<void> => {
      await writer.write(first as BufferSource)
      for (;;) {
        const { done, value } = await input.read()
        if (done) break
        await writer.write(value as BufferSource)
      }
      inputEnded = true
      await writer.close()
    }
    pump().catch(error => {
      writer.abort(error).catch(() => {})
      input.cancel(error).catch(() => {})
    })
    return decompressor.readable.getReader()
  }
  return new ReadableStream<Uint8Array>(
    {
      pull: async controller => {
        if (!output) {
          const { done, value } = await input.read()
          // No bytes at all: an answer to HEAD, or a server that compresses nothing. There is nothing to decode.
          if (done) return controller.close()
          output = start(value)
        }
        const { done, value } = await output.read().catch(cause => fail(cause, inputEnded, format))
        if (done) controller.close()
        else controller.enqueue(value)
      },
      cancel: reason => (output ?? input).cancel(reason)
    },
    { highWaterMark: 0 }
  )
}

/** The platform says TypeError for everything; whether the input had ended tells the two cases apart. */
function fail(cause: unknown, inputEnded: boolean, format: string): never {
  if (cause instanceof CraftecError) throw cause
  throw inputEnded
    ? new CraftecError('body-truncated', `the ${format} data ends too early`, { cause })
    : new CraftecError('http-malformed', `the ${format} data is broken`, { cause })
}
