export { constantTimeEqual } from './constant-time-equal.ts'
export {
  type AeadOptions,
  type CryptoEngine,
  type HashStream,
  KEY_BYTES,
  NONCE_BYTES,
  SIGNATURE_BYTES,
  TAG_BYTES,
  type X25519KeyPair
} from './crypto-engine.ts'
export { cryptoEngine, useWasmCrypto } from './engine-choice.ts'
export { createNobleEngine } from './noble-engine.ts'
export { sha256 } from './sha256.ts'
export { deriveXChachaKey } from './xchacha-key.ts'
