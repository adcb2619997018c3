/**
 * Bytes received and not yet read. They are copied into blocks, so a peer that sends single bytes costs no more memory
 * than one that fills its cells, and a queued byte never keeps a network buffer alive.
 */
const MIN_BLOCK_BYTES = 4096
const MAX_BLOCK_BYTES = 65_536

interface Block {
  readonly bytes: Uint8Array
  filled: number
}

export class ByteQueue {
  private blocks: Block[] = []
  private size = 0

  get length(): number {
    return this.size
  }

  push(bytes: Uint8Array): void {
    this.size += bytes.length
    let rest = bytes
    const tail = this.blocks.at(-1)
    if (tail !== undefined) {
      const fits = rest.subarray(0, tail.bytes.length - tail.filled)
      tail.bytes.set(fits, tail.filled)
      tail.filled += fits.length
      rest = rest.subarray(fits.length)
    }
    if (rest.length === 0) return
    // Grow with the backlog: a short answer costs one small block, a long one is read in large pieces.
    const capacity = Math.max(rest.length, Math.min(MAX_BLOCK_BYTES, Math.max(MIN_BLOCK_BYTES, this.size)))
    const block = { bytes: new Uint8Array(capacity), filled: rest.length }
    block.bytes.set(rest)
    this.blocks.push(block)
  }

  /** The oldest block, now the caller's, or `undefined` when nothing waits. */
  shift(): Uint8Array | undefined {
    const block = this.blocks.shift()
    if (block === undefined) return undefined
    this.size -= block.filled
    return block.bytes.subarray(0, block.filled)
  }

  clear(): void {
    this.blocks = []
    this.size = 0
  }
}
