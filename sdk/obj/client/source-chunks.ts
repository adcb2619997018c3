import { CraftecError } from '../../errors/index.ts'

/**
 * What can be stored. A stream or an iterable is read once, and no faster than it is stored. Bytes are read from where they lie: they must
 * not change until they are stored.
 */
export type PutSource = Blob | Uint8Array | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>

export interface OpenedSource {
  /** Undefined when it shows only at the end. */
  readonly size: number | undefined
  readonly name: string | undefined
  readonly type: string | undefined
  readonly chunks: AsyncIterable<Uint8Array>
  /** All of it, if it lies in memory. */
  readonly whole?: Uint8Array
  /** Nobody else has the chunks: whoever is done with one may free it. */
  readonly owned: boolean
}

/** Read of a Blob at a time: its own streams come in pieces of 64 KiB, one message each. Beside it the next is on its way. */
const BLOB_READ_BYTES = 2 * 1024 * 1024

/** @throws CraftecError `invalid-argument` for anything else */
export function openSource(source: PutSource): OpenedSource {
  if (source instanceof Uint8Array)
    return { size: source.length, name: undefined, type: undefined, chunks: once(source), whole: source, owned: false }
  if (source instanceof Blob) {
    const name = typeof File !== 'undefined' && source instanceof File ? source.name : undefined
    return { size: source.size, name, type: source.type || undefined, chunks: blobChunks(source), owned: true }
  }
  if (source instanceof ReadableStream)
    return { size: undefined, name: undefined, type: undefined, chunks: streamChunks(source), owned: false }
  if (typeof source === 'object' && source !== null && Symbol.asyncIterator in source)
    return { size: undefined, name: undefined, type: undefined, chunks: checked(source), owned: false }
  throw new CraftecError('invalid-argument', 'put takes a Blob, a File, bytes, a ReadableStream or an async iterable')
}

/**
 * What passes is freed when the next is asked for. Left to the collector, some tens of megabytes pile up.
 * @param chunks nobody else has; their reader copies what it needs
 */
export async function* freedChunks(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  for await (const chunk of chunks) {
    yield chunk
    if (chunk.buffer instanceof ArrayBuffer) chunk.buffer.transfer?.(0)
  }
}

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes
}

async function* blobChunks(blob: Blob): AsyncIterable<Uint8Array> {
  const read = (at: number): Promise<ArrayBuffer> => {
    const reading = blob.slice(at, at + BLOB_READ_BYTES).arrayBuffer()
    // it fails where it is awaited, if it is
    reading.catch(() => {})
    return reading
  }
  let next = read(0)
  for (let at = 0; at < blob.size; at += BLOB_READ_BYTES) {
    const bytes = new Uint8Array(await next)
    next = read(at + BLOB_READ_BYTES)
    yield bytes
  }
}

/** By its reader: not every browser's streams are async iterable. */
async function* streamChunks(stream: ReadableStream<Uint8Array>): AsyncIterable<Uint8Array> {
  const reader = stream.getReader()
  let ended = false
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      yield bytesOf(value)
    }
    ended = true
  } finally {
    if (!ended) await reader.cancel().catch(() => {})
    reader.releaseLock()
  }
}

async function* checked(source: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  for await (const chunk of source) yield bytesOf(chunk)
}

function bytesOf(chunk: unknown): Uint8Array {
  if (chunk instanceof Uint8Array) return chunk
  throw new CraftecError('invalid-argument', 'a source of put gives chunks of bytes (Uint8Array)')
}
