const FIRST_BYTES = 1024

/**
 * The bytes of a message whose fragments arrive one by one. They are copied into one buffer that grows with what came, not with what
 * was announced, so that neither a length nor a million fragments of one byte cost more memory than the message has.
 */
export class MessageBytes {
  #buffer = new Uint8Array(0)
  #length = 0

  get length(): number {
    return this.#length
  }

  append(bytes: Uint8Array): void {
    const needed = this.#length + bytes.length
    if (needed > this.#buffer.length) {
      const grown = new Uint8Array(Math.max(needed, this.#buffer.length * 2, FIRST_BYTES))
      grown.set(this.#buffer.subarray(0, this.#length))
      this.#buffer = grown
    }
    this.#buffer.set(bytes, this.#length)
    this.#length = needed
  }

  /** All of it, in an array of its own. */
  take(): Uint8Array<ArrayBuffer> {
    const full = this.#length === this.#buffer.length
    const all = full ? this.#buffer : this.#buffer.slice(0, this.#length)
    this.#buffer = new Uint8Array(0)
    this.#length = 0
    return all
  }
}
