export { HASH_BYTES, type MerkleEntry, merkleLeaf, merkleNode } from './merkle-hash.ts'
export { type MerkleClaim, verifyMerkleProof } from './merkle-proof.ts'
