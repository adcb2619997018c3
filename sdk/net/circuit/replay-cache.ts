/**
 * Which create packets an onion key has seen: docs/protocol/craftnet.md §4. A flat table of half tags: a false match of
 * 64 bits refuses one honest circuit in 2^46 at the default bound, and costs an eighth of a Set of strings.
 */
import type { RandomBytes } from '../../async/index.ts'

const FIRST_SLOTS = 1024

export class ReplayCache {
  private readonly maxTags: number
  private readonly seed: number
  private table = new Uint32Array(2 * FIRST_SLOTS)
  private count = 0

  /** @param random makes the table's order unknown to senders, who could otherwise choose tags that collide in it */
  constructor(maxTags: number, random: RandomBytes) {
    this.maxTags = maxTags
    const bytes = random(4)
    this.seed = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0)
  }

  get size(): number {
    return this.count
  }

  /** Remember `tag` (16 bytes). `full` means that it was not remembered, so the circuit must be refused. */
  add(tag: Uint8Array): 'new' | 'seen' | 'full' {
    const view = new DataView(tag.buffer, tag.byteOffset, tag.byteLength)
    // The pair (0, 0) marks a free slot.
    const high = view.getUint32(0) || 1
    const low = view.getUint32(4)
    let slot = this.find(this.table, high, low)
    if (this.table[2 * slot] !== 0) return 'seen'
    if (this.count >= this.maxTags) return 'full'
    if (4 * (this.count + 1) > this.table.length) {
      this.grow()
      slot = this.find(this.table, high, low)
    }
    this.table[2 * slot] = high
    this.table[2 * slot + 1] = low
    this.count++
    return 'new'
  }

  /** The slot that holds the pair, or the free one where it belongs. At most half of the table is taken. */
  private find(table: Uint32Array, high: number, low: number): number {
    const mask = table.length / 2 - 1
    let slot = Math.imul(high ^ this.seed, 0x9e3779b1) >>> 7
    for (;;) {
      slot &= mask
      const taken = table[2 * slot]
      if (taken === 0 || (taken === high && table[2 * slot + 1] === low)) return slot
      slot++
    }
  }

  private grow(): void {
    const grown = new Uint32Array(2 * this.table.length)
    for (let at = 0; at < this.table.length; at += 2) {
      const high = this.table[at] ?? 0
      if (high === 0) continue
      const low = this.table[at + 1] ?? 0
      const slot = this.find(grown, high, low)
      grown[2 * slot] = high
      grown[2 * slot + 1] = low
    }
    this.table = grown
  }
}
