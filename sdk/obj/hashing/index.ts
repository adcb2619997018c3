export { equalBytes } from './equal-bytes.ts'
export { HASH_BYTES, type HashEngine, LEAF_BYTES, leafCount } from './hash-engine.ts'
export { createJsHashEngine } from './js-hash-engine.ts'
export { MAX_PATH_HASHES, merklePath, merkleRoot, pathHashes, rootFromPath } from './merkle-tree.ts'
