import { TAG_BYTES } from '../../crypto/index.ts'
import { CellKey } from './cell-key.ts'
import { KeyStream } from './key-stream.ts'
import { FORWARD_OVERHEAD_BYTES } from './onion-format.ts'
import type { OnionSettings } from './onion-options.ts'

const BLOCK_BYTES = 64

/**
 * What the relays' filler will have become in the exit's plaintext: the client must seal exactly that, or the relays' fillers
 * would break the seals behind them. After hop i the last 16·i bytes of the cell are known from the keys alone.
 */
export class ForwardTail {
  /** Bytes: 16 for each relay. */
  readonly length: number
  private readonly fillerKeys: readonly CellKey[]
  private readonly fillers: readonly KeyStream[]
  private readonly forwardKeys: readonly CellKey[]
  private readonly settings: OnionSettings
  /** One block of room in front, so that the tail can be XORed where it lies in a block. */
  private readonly scratch = new Uint8Array(BLOCK_BYTES + FORWARD_OVERHEAD_BYTES)

  /** @param forwardKeys of all hops; whoever owns them advances them before {@link next} */
  constructor(fillerKeys: readonly Uint8Array[], forwardKeys: readonly CellKey[], settings: OnionSettings) {
    const { engine, rekeyCells } = settings
    this.settings = settings
    this.length = TAG_BYTES * fillerKeys.length
    this.fillerKeys = fillerKeys.map(key => new CellKey(key, engine, rekeyCells))
    this.fillers = this.fillerKeys.map(key => new KeyStream(engine, key.bytes))
    this.forwardKeys = forwardKeys
  }

  /** @returns a view, valid until the next call */
  next(): Uint8Array {
    const tail = this.scratch.subarray(BLOCK_BYTES, BLOCK_BYTES + this.length)
    for (const [index, key] of this.fillerKeys.entries()) {
      const before = TAG_BYTES * index
      this.decrypt(index, before)
      if (key.advance()) this.fillers[index]?.restart()
      const filler = this.fillers[index]?.take(TAG_BYTES)
      if (filler !== undefined) tail.set(filler, before)
    }
    this.decrypt(this.fillerKeys.length, this.length)
    return tail
  }

  /** What hop `index` makes of the last `length` bytes that reach it. */
  private decrypt(index: number, length: number): void {
    const key = this.forwardKeys[index]
    if (key === undefined || length === 0) return
    const { engine, bodyBytes } = this.settings
    const from = bodyBytes - TAG_BYTES - length
    const lead = from % BLOCK_BYTES
    const bytes = this.scratch.subarray(BLOCK_BYTES - lead, BLOCK_BYTES + length)
    // RFC 8439 §2.8: the plaintext starts at block 1; block 0 makes the Poly1305 key.
    engine.chacha20Xor(key.bytes, key.nonce, 1 + (from - lead) / BLOCK_BYTES, bytes, bytes)
  }

  destroy(): void {
    for (const key of this.fillerKeys) key.destroy()
    for (const filler of this.fillers) filler.destroy()
    this.scratch.fill(0)
  }
}
