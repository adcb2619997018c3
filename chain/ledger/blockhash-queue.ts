/** Transactions name a recent blockhash and are refused once it is older than this many slots (`MAX_PROCESSING_AGE`). */
export const BLOCKHASH_LIFETIME_SLOTS = 150n

export interface Block {
  readonly slot: bigint
  readonly blockhash: string
  /** Seconds since the Unix epoch. */
  readonly time: bigint
}

/** The blocks whose hashes transactions may still name, oldest first. */
export class BlockhashQueue {
  private readonly blocks = new Map<string, Block>()
  private last: Block

  constructor(first: Block, older: readonly Block[] = []) {
    for (const block of older) this.blocks.set(block.blockhash, block)
    this.blocks.set(first.blockhash, first)
    this.last = first
    this.forgetBefore(first.slot)
  }

  get latest(): Block {
    return this.last
  }

  push(block: Block): void {
    this.blocks.set(block.blockhash, block)
    this.last = block
    this.forgetBefore(block.slot)
  }

  /** Whether a transaction that names `blockhash` may run now. */
  isValid(blockhash: string): boolean {
    return this.blocks.has(blockhash)
  }

  atSlot(slot: bigint): Block | undefined {
    for (const block of this.blocks.values()) if (block.slot === slot) return block
    return undefined
  }

  /** Oldest first, the latest included. */
  all(): readonly Block[] {
    return [...this.blocks.values()]
  }

  private forgetBefore(slot: bigint): void {
    for (const block of this.blocks.values()) {
      if (slot - block.slot <= BLOCKHASH_LIFETIME_SLOTS) return
      this.blocks.delete(block.blockhash)
    }
  }
}
