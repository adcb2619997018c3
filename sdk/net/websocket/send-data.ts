import { CraftecError } from '../../errors/index.ts'

/** What `send` takes, with what it needs to be kept until it is sent. */
export interface Sendable {
  /** As it travels: text in UTF-8. */
  readonly sizeBytes: number
  /** Taken at once, so that the caller may reuse its buffer; a Blob cannot change. */
  readonly message: string | Uint8Array | Blob
}

/** @throws CraftecError `invalid-argument` */
export function sendable(data: string | BufferSource | Blob): Sendable {
  if (typeof data === 'string') return { sizeBytes: utf8Length(data), message: data }
  if (data instanceof Blob) return { sizeBytes: data.size, message: data }
  const view = ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : data
  if (view instanceof Uint8Array) return { sizeBytes: view.length, message: view.slice() }
  if (view instanceof ArrayBuffer) return { sizeBytes: view.byteLength, message: new Uint8Array(view.slice(0)) }
  throw new CraftecError('invalid-argument', 'a WebSocket sends strings, ArrayBuffers, views of them and Blobs')
}

/** Without encoding: a lone surrogate counts as the U+FFFD that is sent for it. */
function utf8Length(text: string): number {
  let length = 0
  for (let at = 0; at < text.length; at++) {
    const point = text.codePointAt(at) ?? 0
    if (point > 0xffff) at++
    length += point < 0x80 ? 1 : point < 0x800 ? 2 : point > 0xffff ? 4 : 3
  }
  return length
}
