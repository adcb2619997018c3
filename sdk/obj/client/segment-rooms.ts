/**
 * Memory for segments, used again and again: fresh memory has to be cleared by the system page by page, which takes as long as the hashing
 * of what is put there (Chromium 156: 75 ms for 100 MB).
 */
export class SegmentRooms {
  readonly #limit: number
  #free: ArrayBuffer[] = []

  /** @param limit rooms that are kept while nobody uses them */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** @returns a room of just that many bytes; what is in it is left from before */
  take(bytes: number): Uint8Array {
    // rooms of another size will not be asked for again
    this.#free = this.#free.filter(({ byteLength }) => byteLength === bytes)
    return new Uint8Array(this.#free.pop() ?? new ArrayBuffer(bytes))
  }

  /** @param buffer of a room; one that was given away and did not come back is empty, and is let go */
  give(buffer: ArrayBufferLike): void {
    if (buffer instanceof ArrayBuffer && buffer.byteLength > 0 && this.#free.length < this.#limit)
      this.#free.push(buffer)
  }

  /** Nothing more will be asked for: give the memory back now, as the collector would some time. */
  clear(): void {
    for (const buffer of this.#free.splice(0)) buffer.transfer?.(0)
  }
}
