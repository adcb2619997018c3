/** What is kept for reuse: two segments of the usual size. */
const MAX_FREE_BYTES = 20 * 1024 * 1024

/**
 * Memory of pieces that are done with, for those that come next. Fresh memory has to be cleared, mapped and collected, which costs more than
 * to fill it.
 */
export class PieceMemory {
  readonly #free: ArrayBuffer[] = []
  #freeBytes = 0

  /** @returns memory of that length, with anything in it: to be filled before it is shown to anybody */
  take(bytes: number): Uint8Array {
    const last = this.#free.pop()
    if (last === undefined) return new Uint8Array(bytes)
    this.#freeBytes -= last.byteLength
    return last.byteLength === bytes ? new Uint8Array(last) : new Uint8Array(bytes)
  }

  /** Nobody else uses these any more. */
  give(buffers: readonly ArrayBuffer[]): void {
    for (const buffer of buffers) {
      if (buffer.byteLength === 0 || this.#freeBytes + buffer.byteLength > MAX_FREE_BYTES) continue
      this.#free.push(buffer)
      this.#freeBytes += buffer.byteLength
    }
  }
}
