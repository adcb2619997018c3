/** The distribution tree (docs/protocol/settlement.md, "Merkle rule"). */
import { createHash } from 'node:crypto'
import type { PublicKey } from '@solana/web3.js'
import { ByteWriter } from '../../sdk/codec/index.ts'

const PADDING = new Uint8Array(32)

export interface Entry {
  readonly operator: PublicKey
  readonly weight: bigint
}

export class Tree {
  readonly entries: readonly Entry[]
  /** Layers from the leaves to the root. */
  readonly #layers: readonly (readonly Uint8Array[])[]

  /** Entries keep their order: tests ask for trees that no honest aggregator would make. */
  constructor(entries: readonly Entry[]) {
    this.entries = entries
    const layers: Uint8Array[][] = [padded(entries.map(leaf))]
    for (let last = layers[0] ?? []; last.length > 1; last = layers.at(-1) ?? []) {
      layers.push(Array.from({ length: last.length / 2 }, (_, i) => hash(at(last, 2 * i), at(last, 2 * i + 1))))
    }
    this.#layers = layers
  }

  get root(): Uint8Array {
    return at(this.#layers.at(-1) ?? [], 0)
  }

  get totalWeight(): bigint {
    return this.entries.reduce((sum, entry) => sum + entry.weight, 0n)
  }

  proof(index: number): Uint8Array[] {
    return this.#layers.slice(0, -1).map((layer, level) => at(layer, (index >> level) ^ 1))
  }
}

export function leaf({ operator, weight }: Entry): Uint8Array {
  return hash(operator.toBytes(), new ByteWriter().u64le(weight).finish())
}

function padded(leaves: Uint8Array[]): Uint8Array[] {
  const size = 2 ** Math.ceil(Math.log2(Math.max(1, leaves.length)))
  return [...leaves, ...Array.from({ length: size - leaves.length }, () => PADDING)]
}

function at(layer: readonly Uint8Array[], index: number): Uint8Array {
  return layer[index] ?? PADDING
}

function hash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(left).update(right).digest())
}
