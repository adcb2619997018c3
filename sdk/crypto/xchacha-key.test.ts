import { xchacha20poly1305 } from '@noble/ciphers/chacha.js'
import { expect, it } from 'vitest'
import { systemRandom } from '../async/index.ts'
import { cryptoEngine, deriveXChachaKey } from './index.ts'

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'))

it('is HChaCha20: draft-irtf-cfrg-xchacha-03 §2.2.1', () => {
  const key = hex('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f')
  expect(deriveXChachaKey(key, hex('000000090000004a0000000031415927'))).toEqual(
    hex('82413b4227b27bfed30e42508a877d73a0f9e4d58a74a853c12ec41326d3ecdc')
  )
})

it('with the engine of this runtime makes what XChaCha20-Poly1305 makes', () => {
  const [key, nonce, aad, plaintext] = [systemRandom(32), systemRandom(24), systemRandom(5), systemRandom(70_000)]
  const innerNonce = new Uint8Array(12)
  innerNonce.set(nonce.subarray(16), 4)
  const sealed = cryptoEngine().aeadSeal(deriveXChachaKey(key, nonce.subarray(0, 16)), innerNonce, plaintext, { aad })
  expect(Buffer.compare(sealed, xchacha20poly1305(key, nonce, aad).encrypt(plaintext))).toBe(0)
})

it('refuses other lengths', () => {
  for (const [key, prefix] of [
    [31, 16],
    [32, 24]
  ] as const)
    expect(() => deriveXChachaKey(new Uint8Array(key), new Uint8Array(prefix))).toThrow(
      expect.objectContaining({ code: 'invalid-argument' })
    )
})
