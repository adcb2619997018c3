/** A TLS record: type, version and a length of 16 bits, then so many bytes (RFC 8446 §5.1). */
const HEADER_BYTES = 5

/** How many TLS records are complete in the bytes seen so far; it looks at lengths only. */
export class RecordCounter {
  #complete = 0
  #header: number[] = []
  /** Still to come of the record whose header is known. */
  #left = 0

  get complete(): number {
    return this.#complete
  }

  push(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      if (this.#header.length < HEADER_BYTES) {
        this.#header.push(bytes[at] ?? 0)
        at += 1
        const [, , , high = 0, low = 0] = this.#header
        this.#left = high * 256 + low
      } else {
        const taken = Math.min(this.#left, bytes.length - at)
        this.#left -= taken
        at += taken
      }
      if (this.#header.length === HEADER_BYTES && this.#left === 0) {
        this.#complete += 1
        this.#header = []
      }
    }
  }
}
