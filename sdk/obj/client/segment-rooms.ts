import type { Clock } from '../../async/index.ts'

/** From one put to the next of a row of them; then the memory is worth more elsewhere. */
const KEEP_MS = 2_000

/**
 * Memory for segments, used again and again, by one put after the other: fresh memory has to be cleared by the system page by page, which
 * takes as long as the hashing of what is put there (Chromium 156: 75 ms for 100 MB).
 */
export class SegmentRooms {
  readonly #limit: number
  readonly #clock: Pick<Clock, 'after'>
  #free: ArrayBuffer[] = []
  #users = 0
  #cancelEnd = (): void => {}

  /** @param limit rooms that are kept while nobody uses them */
  constructor(limit: number, clock: Pick<Clock, 'after'>) {
    this.#limit = limit
    this.#clock = clock
  }

  /** Begin to use it. @returns ends that; some time after the last has ended the memory is given back */
  use(): () => void {
    this.#users++
    this.#cancelEnd()
    return () => {
      if (--this.#users === 0) this.#cancelEnd = this.#clock.after(KEEP_MS, () => this.clear())
    }
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
    this.#cancelEnd()
    for (const buffer of this.#free.splice(0)) buffer.transfer?.(0)
  }
}
