import { CraftecError } from '../../errors/index.ts'
import type { IndexSet } from './index-set.ts'
import type { SegmentDownload } from './segment-download.ts'

/** One segment on its way, and who waits for what of it. */
export class SegmentTask {
  readonly download: SegmentDownload
  /** Settles when the whole segment is here, in whatever pieces. */
  readonly completed: Promise<void>
  /** Source pieces that are all that is wanted; undefined: the whole segment. */
  readonly wanted: IndexSet | undefined
  /** It is being decoded. */
  finishing = false
  /** While a lie is looked for: wait for committed pieces. */
  patient = true
  readonly #pieceBytes: number
  readonly #resolve: () => void
  readonly #reject: (error: CraftecError) => void
  #decoded: Uint8Array | undefined
  #over: CraftecError | 'complete' | undefined
  #waiting: (() => void)[] = []

  constructor(download: SegmentDownload, pieceBytes: number, wanted: IndexSet | undefined) {
    this.download = download
    this.wanted = wanted
    this.#pieceBytes = pieceBytes
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    // it may be asked for ahead of time, and awaited later or never
    promise.catch(() => {})
    this.completed = promise
    this.#resolve = resolve
    this.#reject = reject
  }

  /** More pieces are of use. */
  get isOpen(): boolean {
    return this.#over === undefined && !this.finishing
  }

  /**
   * The bytes of one source piece, as soon as they are certain.
   * @returns a view, good until the segment is released
   * @throws CraftecError why the segment failed
   */
  async source(index: number): Promise<Uint8Array> {
    for (;;) {
      const bytes = this.#known(index)
      if (bytes) return bytes
      if (this.#over instanceof CraftecError) throw this.#over
      await new Promise<void>(resolve => this.#waiting.push(resolve))
    }
  }

  /** All of it is here, and proven. */
  get isComplete(): boolean {
    return this.#over === 'complete'
  }

  /** All that is wanted is here. */
  get isSatisfied(): boolean {
    if (this.isComplete) return true
    if (!this.wanted) return false
    for (const index of this.wanted) if (!this.#known(index)) return false
    return true
  }

  #known(index: number): Uint8Array | undefined {
    const at = index * this.#pieceBytes
    return this.download.source(index) ?? this.#decoded?.subarray(at, at + this.#pieceBytes)
  }

  /** A piece came. */
  notify(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  /** @param decoded the segment, if it had to be computed */
  complete(decoded: Uint8Array | undefined): void {
    this.#decoded = decoded
    this.#over = 'complete'
    this.#resolve()
    this.notify()
  }

  fail(error: CraftecError): void {
    this.#over ??= error
    this.#reject(error)
    this.notify()
  }
}
