/** Slots of a page share one row of the index: a put of one segment changes one or two rows of 512 bytes. */
export const PAGE_SLOTS = 4_096
export const PAGE_BYTES = PAGE_SLOTS / 8

/**
 * Which slots of one slab file are taken: one bit a slot, so 100,000 pieces take 12.5 KB. Freed slots rest until nobody can be
 * reading them any more. Pure; what is saved and when is the caller's affair.
 */
export class SlotMap {
  /** Bit set: taken, or resting. */
  #pages: Uint8Array[] = []
  readonly #resting = new Set<number>()
  /** No slot below is free. */
  #hint = 0

  /** Take over a saved page. @throws RangeError when it has another size */
  load(page: number, bits: Uint8Array): void {
    if (bits.length !== PAGE_BYTES) throw new RangeError(`a page has ${PAGE_BYTES} bytes, got ${bits.length}`)
    this.#grow(page)
    this.#pages[page] = bits.slice()
  }

  /** The lowest free slots, now taken: a store that shrinks stays at the front of its file. */
  take(count: number): number[] {
    const slots: number[] = []
    let slot = this.#hint
    while (slots.length < count) {
      const page = Math.floor(slot / PAGE_SLOTS)
      this.#grow(page)
      const byte = this.#pages[page]?.[(slot % PAGE_SLOTS) >> 3] ?? 0
      if (slot % 8 === 0 && byte === 0xff) {
        slot += 8
        continue
      }
      if (((byte >> (slot & 7)) & 1) === 0) {
        this.#set(slot, true)
        slots.push(slot)
      }
      slot++
    }
    this.#hint = slot
    return slots
  }

  /** Free in what {@link page} gives, but not to be taken before {@link wake}. */
  rest(slots: readonly number[]): void {
    for (const slot of slots) this.#resting.add(slot)
  }

  /** Resting slots that are taken again after all: what freed them was not saved. */
  unrest(slots: readonly number[]): void {
    for (const slot of slots) this.#resting.delete(slot)
  }

  /** Slots that may be taken again. */
  wake(slots: readonly number[]): void {
    for (const slot of slots) {
      this.#resting.delete(slot)
      this.#set(slot, false)
      this.#hint = Math.min(this.#hint, slot)
    }
  }

  /** The page as it is to be saved; undefined when no slot of it is taken. */
  page(page: number): Uint8Array | undefined {
    const bits = (this.#pages[page] ?? new Uint8Array(PAGE_BYTES)).slice()
    for (const slot of this.#resting) {
      if (Math.floor(slot / PAGE_SLOTS) !== page) continue
      const at = (slot % PAGE_SLOTS) >> 3
      bits[at] = (bits[at] ?? 0) & ~(1 << (slot & 7))
    }
    return bits.some(byte => byte !== 0) ? bits : undefined
  }

  /** Behind the last slot that is taken or rests. */
  get end(): number {
    for (let page = this.#pages.length - 1; page >= 0; page--) {
      const bits = this.#pages[page] ?? new Uint8Array(0)
      const last = bits.findLastIndex(byte => byte !== 0)
      if (last >= 0) return page * PAGE_SLOTS + last * 8 + 32 - Math.clz32(bits[last] ?? 0)
    }
    return 0
  }

  #grow(page: number): void {
    while (this.#pages.length <= page) this.#pages.push(new Uint8Array(PAGE_BYTES))
  }

  #set(slot: number, taken: boolean): void {
    const bits = this.#pages[Math.floor(slot / PAGE_SLOTS)]
    if (bits === undefined) return
    const at = (slot % PAGE_SLOTS) >> 3
    const mask = 1 << (slot & 7)
    bits[at] = taken ? (bits[at] ?? 0) | mask : (bits[at] ?? 0) & ~mask
  }
}

/** The pages that `slots` are in, each once. */
export function pagesOf(slots: readonly number[]): number[] {
  return [...new Set(slots.map(slot => Math.floor(slot / PAGE_SLOTS)))]
}
