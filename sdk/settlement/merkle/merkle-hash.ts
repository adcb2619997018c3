/** The two hashes of the tree (docs/protocol/settlement.md, "Merkle rule"). Their inputs differ in length, so neither passes for the other. */
import { sha256 } from '@noble/hashes/sha2.js'
import { encodeBorsh, u64 } from '../../codec/index.ts'
import { CraftecError } from '../../errors/index.ts'

export const HASH_BYTES = 32
const OPERATOR_BYTES = 32

export interface MerkleEntry {
  /** Ed25519 key of the operator, 32 bytes: its address on the chain. */
  readonly operator: Uint8Array
  readonly weight: bigint
}

/** @throws CraftecError `invalid-argument` */
export function merkleLeaf({ operator, weight }: MerkleEntry): Uint8Array {
  if (operator.length !== OPERATOR_BYTES) {
    throw new CraftecError('invalid-argument', `an operator has ${OPERATOR_BYTES} bytes, got ${operator.length}`)
  }
  return sha256(Uint8Array.from([...operator, ...encodeBorsh(u64, weight)]))
}

export function merkleNode(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256.create().update(left).update(right).digest()
}
