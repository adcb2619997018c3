import { ED25519_TORSION_SUBGROUP } from '@noble/curves/ed25519.js'
import { describe, expect, it } from 'vitest'
import { decodeHex } from '../codec/index.ts'
import { isCanonicalLargeOrder } from './ed25519-encoding.ts'
import { cryptoEngine } from './engine-choice.ts'
import { createNodeEngine, type NodeCrypto } from './node-engine.ts'

/** y = 2^255 - 19 + over, little-endian, with or without the sign bit. */
function overP(over: number, sign: boolean): Uint8Array {
  const encoded = new Uint8Array(32).fill(0xff)
  encoded[0] = 0xed + over
  encoded[31] = sign ? 0xff : 0x7f
  return encoded
}

function withSign(encoded: Uint8Array): Uint8Array {
  return encoded.with(31, (encoded[31] ?? 0) | 0x80)
}

const smallOrder = ED25519_TORSION_SUBGROUP.map(decodeHex)

describe('Ed25519 point encodings', () => {
  it('refuses the eight small-order points, with either sign', () => {
    expect(smallOrder).toHaveLength(8)
    for (const encoded of smallOrder)
      for (const spelling of [encoded, withSign(encoded)]) expect(isCanonicalLargeOrder(spelling)).toBe(false)
  })

  it('refuses every y of p and more, and no other', () => {
    for (const sign of [false, true]) {
      for (let over = 0; over < 19; over++) expect(isCanonicalLargeOrder(overP(over, sign))).toBe(false)
      // p - 1 is small-order; p - 2 is the largest y that may stand.
      expect(isCanonicalLargeOrder(overP(-2, sign))).toBe(true)
      for (let at = 1; at < 31; at++) expect(isCanonicalLargeOrder(overP(3, sign).with(at, 0xfe))).toBe(true)
    }
  })

  it('takes ordinary keys', () => {
    for (let fill = 0; fill < 50; fill++)
      expect(isCanonicalLargeOrder(cryptoEngine().ed25519PublicKey(new Uint8Array(32).fill(fill)))).toBe(true)
  })

  it('is asked by the node engine whatever OpenSSL would say: 3.0 says yes to all of these', () => {
    const credulous: NodeCrypto = {
      ...(process.getBuiltinModule('node:crypto') as object as NodeCrypto),
      verify: () => true
    }
    const engine = createNodeEngine(credulous)
    const good = engine.ed25519PublicKey(new Uint8Array(32).fill(1))
    const signature = (encodedR: Uint8Array): Uint8Array => Uint8Array.from([...encodedR, ...new Uint8Array(32)])
    expect(engine.ed25519Verify(good, good, signature(good))).toBe(true)
    for (const bad of [...smallOrder, overP(5, false)]) {
      expect(engine.ed25519Verify(bad, good, signature(good))).toBe(false)
      expect(engine.ed25519Verify(good, good, signature(bad))).toBe(false)
    }
  })
})
