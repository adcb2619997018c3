import { CraftecError } from '../../errors/index.ts'

/** Bytes `from` (included) to `to` (excluded); `to` defaults to the end. */
export interface ByteRange {
  readonly from: number
  readonly to?: number
}

export interface RetrievedInfo {
  readonly contentId: Uint8Array
  readonly manifestId: Uint8Array
  /** Of the whole content, in bytes. */
  readonly size: number
  /** The part that is read. */
  readonly range: { readonly from: number; readonly to: number }
  readonly name: string | undefined
  readonly type: string | undefined
}

/** What `get` gives: a content, or a part of it. Nothing is fetched before it is asked for; each reading is a fetch of its own. */
export interface RetrievedContent extends AsyncIterable<Uint8Array> {
  /** @throws CraftecError `content-unavailable` | `aborted` | `invalid-argument` (a range outside of the content) */
  info(): Promise<RetrievedInfo>
  /** Reads no faster than its consumer, and stops when it is cancelled. */
  stream(): ReadableStream<Uint8Array>
  /** All bytes. For large content prefer a stream or a blob. */
  bytes(): Promise<Uint8Array>
  blob(): Promise<Blob>
  /**
   * As a server would answer: 200, or 206 with Content-Range when a range was asked for, here or in `request`'s `Range` header; 416 for a
   * range that cannot be. What a service worker hands to a page.
   */
  response(request?: { readonly headers: Headers }): Promise<Response>
}

/** @throws CraftecError `invalid-argument` for a range that is not within the content */
export function resolveRange(range: ByteRange | undefined, size: number): { from: number; to: number } {
  const { from, to = size } = range ?? { from: 0 }
  if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to) || from < 0 || from > to || to > size)
    throw new CraftecError('invalid-argument', `a range within 0..${size} expected, got ${from}..${to}`)
  return { from, to }
}

/**
 * A single range of RFC 9110 §14.1.2.
 * @returns undefined for none, or one that a server may ignore; `unsatisfiable` for one behind the end
 */
export function parseRangeHeader(
  header: string | null,
  size: number
): { from: number; to: number } | 'unsatisfiable' | undefined {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? []
  if (first === '' && last === '') return undefined
  if (first === '') {
    const from = Math.max(0, size - Number(last))
    return from < size ? { from, to: size } : 'unsatisfiable'
  }
  const [from, to] = [Number(first), last === '' ? size : Math.min(Number(last) + 1, size)]
  if (last !== '' && Number(last) < from) return undefined
  return from < size ? { from, to } : 'unsatisfiable'
}

export interface ContentReading {
  info(): Promise<RetrievedInfo>
  /** @param range default the one of `info` */
  read(range?: { readonly from: number; readonly to: number }): AsyncGenerator<Uint8Array, void, undefined>
}

export function retrievedContent({ info, read }: ContentReading): RetrievedContent {
  const collect = async (): Promise<Uint8Array<ArrayBuffer>[]> => {
    const parts: Uint8Array<ArrayBuffer>[] = []
    for await (const part of read()) parts.push(part as Uint8Array<ArrayBuffer>)
    return parts
  }
  return {
    info,
    stream: () => streamOf(read()),
    bytes: async () => {
      const { range } = await info()
      const bytes = new Uint8Array(range.to - range.from)
      let at = 0
      for await (const part of read()) {
        bytes.set(part, at)
        at += part.length
      }
      return bytes
    },
    blob: async () => {
      const { type = '' } = await info()
      return new Blob(await collect(), { type })
    },
    response: async request => {
      const { size, range, type } = await info()
      const whole = range.from === 0 && range.to === size
      const asked = parseRangeHeader(request?.headers.get('range') ?? null, size)
      const headers = new Headers({
        'Accept-Ranges': 'bytes',
        'Content-Type': type ?? 'application/octet-stream',
        // what strangers stored must not be taken for a page of this site
        'X-Content-Type-Options': 'nosniff'
      })
      if (asked === 'unsatisfiable') {
        headers.set('Content-Range', `bytes */${size}`)
        return new Response(null, { status: 416, headers })
      }
      const part = asked ?? range
      headers.set('Content-Length', String(part.to - part.from))
      if (asked || !whole) headers.set('Content-Range', `bytes ${part.from}-${part.to - 1}/${size}`)
      return new Response(streamOf(read(part)), { status: asked || !whole ? 206 : 200, headers })
    },
    [Symbol.asyncIterator]: () => read()
  }
}

/** A stream that asks for the next chunk when it is read, and ends the generator when it is cancelled. */
export function streamOf(chunks: AsyncGenerator<Uint8Array, void, undefined>): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      pull: async controller => {
        const { done, value } = await chunks.next()
        if (done) controller.close()
        else controller.enqueue(value as Uint8Array<ArrayBuffer>)
      },
      cancel: async () => void (await chunks.return())
    },
    // a segment is large enough to read ahead by itself
    { highWaterMark: 0 }
  )
}
