import { cryptoEngine } from '../../crypto/index.ts'
import { HASH_BYTES, type HashEngine, LEAF_BYTES, leafCount } from './hash-engine.ts'

const LEAF_PREFIX = 0
const NODE_PREFIX = 1

/** The engine that runs everywhere: SHA-256 of the crypto engine, one message at a time. */
export function createJsHashEngine(): HashEngine {
  const crypto = cryptoEngine()
  const leafMessage = new Uint8Array(1 + LEAF_BYTES)
  const nodeMessage = new Uint8Array(1 + 2 * HASH_BYTES)
  leafMessage[0] = LEAF_PREFIX
  nodeMessage[0] = NODE_PREFIX

  const leafHashes = (piece: Uint8Array): Uint8Array => {
    const count = leafCount(piece.length)
    const hashes = new Uint8Array(count * HASH_BYTES)
    for (let index = 0; index < count; index++) {
      const leaf = piece.subarray(index * LEAF_BYTES, (index + 1) * LEAF_BYTES)
      leafMessage.set(leaf, 1)
      hashes.set(crypto.sha256(leafMessage.subarray(0, 1 + leaf.length)), index * HASH_BYTES)
    }
    return hashes
  }
  const parents = (hashes: Uint8Array): Uint8Array => {
    const count = hashes.length / HASH_BYTES
    const level = new Uint8Array(Math.ceil(count / 2) * HASH_BYTES)
    for (let index = 0; index < count; index += 2) {
      const pair = hashes.subarray(index * HASH_BYTES, (index + 2) * HASH_BYTES)
      nodeMessage.set(pair, 1)
      level.set(pair.length === HASH_BYTES ? pair : crypto.sha256(nodeMessage), (index / 2) * HASH_BYTES)
    }
    return level
  }
  return {
    name: 'js',
    stream: () => crypto.sha256Stream(),
    leafHashes,
    parents,
    pieceRoot: piece => {
      let level = leafHashes(piece)
      while (level.length > HASH_BYTES) level = parents(level)
      return level
    }
  }
}
