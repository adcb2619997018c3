import { encodeHex } from '../../codec/index.ts'
import type { Descriptor } from '../directory/index.ts'
import { subnetsOf } from './subnet.ts'

/** A node with what comparing it to others needs; derived when first asked for, most candidates are never compared. */
export class Candidate {
  readonly node: Descriptor
  /** Identity in hex. */
  readonly id: string
  private family: ReadonlySet<string> | undefined
  private subnets: ReadonlySet<string> | undefined

  constructor(node: Descriptor) {
    this.node = node
    this.id = encodeHex(node.identity)
  }

  /** One side's word would let a node keep others off its paths, or choose them. */
  isFamilyOf(other: Candidate): boolean {
    return this.names(other) && other.names(this)
  }

  sharesSubnetWith(other: Candidate): boolean {
    const theirs = other.networks()
    return [...this.networks()].some(subnet => theirs.has(subnet))
  }

  private networks(): ReadonlySet<string> {
    this.subnets ??= subnetsOf(this.node)
    return this.subnets
  }

  private names(other: Candidate): boolean {
    this.family ??= new Set(this.node.family.map(encodeHex))
    return this.family.has(other.id)
  }
}
