import { pureJsCrypto } from '@chainsafe/libp2p-noise'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cryptoEngine, useWasmCrypto } from '../crypto/index.ts'
import { noiseCrypto } from './noise-crypto.ts'

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const message = fc.uint8Array({ maxLength: 300 })

describe.each([
  ['the engine of this runtime', async () => cryptoEngine()],
  ['WebAssembly', () => useWasmCrypto()]
])('Noise with %s', async (_name, makeEngine) => {
  const engine = await makeEngine()
  const ours = noiseCrypto(() => engine)

  it('seals and opens as libp2p does', () => {
    fc.assert(
      fc.property(message, bytes(12), message, bytes(32), (plaintext, nonce, aad, key) => {
        const sealed = ours.chaCha20Poly1305Encrypt(plaintext, nonce, aad, key).subarray()
        expect(sealed).toEqual(pureJsCrypto.chaCha20Poly1305Encrypt(plaintext, nonce, aad, key))
        expect(ours.chaCha20Poly1305Decrypt(sealed, nonce, aad, key)).toEqual(plaintext)
      }),
      { numRuns: 50 }
    )
  })

  it('hashes, derives and agrees on keys as libp2p does', () => {
    fc.assert(
      fc.property(message, bytes(32), bytes(32), (data, one, other) => {
        expect(new Uint8Array(ours.hashSHA256(data))).toEqual(pureJsCrypto.hashSHA256(data))
        expect(ours.getHKDF(one, data)).toEqual(pureJsCrypto.getHKDF(one, data))
        const pair = ours.generateX25519KeyPairFromSeed(one)
        expect(new Uint8Array(pair.publicKey)).toEqual(pureJsCrypto.generateX25519KeyPairFromSeed(one).publicKey)
        const theirs = pureJsCrypto.generateX25519KeyPairFromSeed(other)
        expect(new Uint8Array(ours.generateX25519SharedKey(one, theirs.publicKey))).toEqual(
          pureJsCrypto.generateX25519SharedKey(other, pair.publicKey)
        )
      }),
      { numRuns: 10 }
    )
  })

  const KEY = new Uint8Array(32).fill(1)
  const NONCE = new Uint8Array(12).fill(2)
  const AAD = new Uint8Array(0)
  const sealedOnce = () => ours.chaCha20Poly1305Encrypt(new Uint8Array(100).fill(3), NONCE, AAD, KEY).subarray()

  it('leaves the ciphertext alone, which a handshake hashes after opening it', () => {
    // Node's Buffer too, whose slice() is no copy
    for (const sealed of [sealedOnce(), Buffer.from(sealedOnce())]) {
      ours.chaCha20Poly1305Decrypt(sealed, NONCE, AAD, KEY)
      expect(new Uint8Array(sealed)).toEqual(sealedOnce())
    }
  })

  it('opens in place when libp2p offers the place', () => {
    const sealed = sealedOnce()
    const opened = ours.chaCha20Poly1305Decrypt(sealed, NONCE, AAD, KEY, sealed.subarray(0, 100))
    expect(opened.subarray().buffer).toBe(sealed.buffer)
  })

  it('refuses every message that was changed or cut', () => {
    const flipped = (at: number) => sealedOnce().map((byte, index) => (index === at ? byte ^ 1 : byte))
    for (const wrong of [flipped(0), flipped(115), sealedOnce().subarray(0, 115), new Uint8Array(15)]) {
      expect(() => ours.chaCha20Poly1305Decrypt(wrong, NONCE, AAD, KEY)).toThrow(
        expect.objectContaining({ code: 'protocol-violation' })
      )
    }
  })
})
