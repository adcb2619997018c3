export { constantTimeEqual } from './constant-time-equal.ts'
export {
  type AeadOptions,
  type CryptoEngine,
  type CryptoPrimitives,
  completeEngine,
  KEY_BYTES,
  NONCE_BYTES,
  SIGNATURE_BYTES,
  TAG_BYTES,
  type X25519KeyPair
} from './crypto-engine.ts'
export { cryptoEngine, useWasmCrypto } from './engine-choice.ts'
export { hkdfExpand, hkdfExtract, hmacSha256, sha256 } from './hashes.ts'
export { createNobleEngine } from './noble-engine.ts'
export { createNodeEngine, hasNodeEngine, type NodeCrypto } from './node-engine.ts'
export { createWasmCryptoEngine } from './wasm-engine.ts'
