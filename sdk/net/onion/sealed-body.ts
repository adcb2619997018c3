import { type CryptoEngine, NONCE_BYTES, TAG_BYTES } from '../../crypto/index.ts'
import { CraftecError } from '../../errors/index.ts'
import type { CellKey } from './cell-key.ts'

const BLOCK_BYTES = 64
const ZERO_NONCE = /* @__PURE__ */ new Uint8Array(NONCE_BYTES)

/** `tag ‖ ciphertext` to `tag ‖ plaintext`, in place. @returns whether the tag held; if not, nothing was changed */
export function openBody(engine: CryptoEngine, key: CellKey, body: Uint8Array): boolean {
  return engine.aeadOpenInPlace(key.bytes, key.nonce, body.subarray(TAG_BYTES), body.subarray(0, TAG_BYTES))
}

/** The inverse of {@link openBody}: room for the tag in front of the plaintext. */
export function sealBody(engine: CryptoEngine, key: CellKey, body: Uint8Array): void {
  engine.aeadSealInPlace(key.bytes, key.nonce, body.subarray(TAG_BYTES), body.subarray(0, TAG_BYTES))
}

/**
 * A relay's backward layer, put on and taken off alike. The cells of a key lie one after the other in one key stream, each
 * from a block boundary on, so an engine may keep the cipher's state instead of setting it up for every cell.
 */
export function xorBody(engine: CryptoEngine, key: CellKey, body: Uint8Array): void {
  engine.chacha20Xor(key.bytes, ZERO_NONCE, key.index * Math.ceil(body.length / BLOCK_BYTES), body, body)
}

/** @throws CraftecError `protocol-violation` for bytes from a peer, `invalid-argument` for our own */
export function checkSize(bytes: Uint8Array, expected: number, code: 'protocol-violation' | 'invalid-argument'): void {
  if (bytes.length !== expected)
    throw new CraftecError(code, `cell body or payload: expected ${expected} bytes, got ${bytes.length}`)
}

export function circuitIsDead(): CraftecError {
  return new CraftecError(
    'circuit-destroyed',
    'a cell of this circuit was altered, lost or out of order; build another'
  )
}
