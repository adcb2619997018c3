import { type MerkleEntry, merkleLeaf, merkleNode } from './merkle-hash.ts'

export interface MerkleClaim extends MerkleEntry {
  readonly index: number
  readonly proof: readonly Uint8Array[]
}

/**
 * Whether a proof leads to the root, by the program's rules: as many hashes as the tree is high, and an index among the entries, so
 * that neither an inner node nor the padding passes for an entry.
 * @param entries of the tree, as the distribution's account has it
 */
export function verifyMerkleProof(root: Uint8Array, entries: number, claim: MerkleClaim): boolean {
  const { index, proof } = claim
  if (!Number.isInteger(index) || index < 0 || index >= entries) return false
  if (proof.length !== Math.ceil(Math.log2(entries)) || proof.some(hash => hash.length !== root.length)) return false
  let running = merkleLeaf(claim)
  for (const [height, sibling] of proof.entries()) {
    const isRight = Math.floor(index / 2 ** height) % 2 === 1
    running = isRight ? merkleNode(sibling, running) : merkleNode(running, sibling)
  }
  return running.every((byte, at) => byte === root[at])
}
