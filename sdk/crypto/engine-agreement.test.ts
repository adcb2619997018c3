/** What the RFCs leave open or libraries do differently: the engines must agree, to the bit and to the verdict. */
import { ED25519_TORSION_SUBGROUP, ed25519 } from '@noble/curves/ed25519.js'
import { sha512 } from '@noble/hashes/sha2.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CraftecError } from '../errors/index.ts'
import type { CryptoEngine } from './crypto-engine.ts'
import { cryptoEngine } from './engine-choice.ts'
import { createNobleEngine } from './noble-engine.ts'

const noble = createNobleEngine()
const node = cryptoEngine()
const { Point } = ed25519

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'))
const bytes = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length })
const upTo = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ maxLength: length, size: 'max' })
/** Lengths on both sides of every size at which the node engine changes its mind, and around block borders. */
const payload = fc
  .tuple(
    fc.oneof(fc.nat(200), fc.integer({ min: 1984, max: 2112 }), fc.integer({ min: 8128, max: 8256 }), fc.nat(20_000)),
    bytes(8)
  )
  .map(([length, seed]) =>
    noble.chacha20Xor(joined(seed, new Uint8Array(24)), new Uint8Array(12), 0, new Uint8Array(length))
  )
const bigEndian = (data: Uint8Array): bigint => BigInt(`0x${Buffer.from(data).toString('hex')}`)
const littleEndian = (value: bigint): Uint8Array => hex(value.toString(16).padStart(64, '0')).toReversed()
const joined = (...parts: Uint8Array[]): Uint8Array => Uint8Array.from(Buffer.concat(parts))

/** The verdict of both engines, which must be one. */
function verdict(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const verdicts = [noble, node].map(engine => engine.ed25519Verify(publicKey, message, signature))
  expect(verdicts[0]).toBe(verdicts[1])
  return verdicts[0] === true
}

function codeOf(task: () => unknown): string | undefined {
  try {
    task()
    return undefined
  } catch (error) {
    return (error as CraftecError).code
  }
}

describe('both engines give the same bytes', () => {
  it('hashes, HMAC and HKDF of any length', () => {
    fc.assert(
      fc.property(upTo(5000), upTo(200), fc.integer({ min: 1, max: 8160 }), (data, key, length) => {
        expect(noble.sha256(data)).toEqual(node.sha256(data))
        expect(noble.hmacSha256(key, data)).toEqual(node.hmacSha256(key, data))
        expect(noble.hkdfExpand(key, data, length)).toEqual(node.hkdfExpand(key, data, length))
      }),
      { numRuns: 60 }
    )
  })

  it('ChaCha20 from any block, into a new array, another array or itself', () => {
    const counter = fc.oneof(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 2 ** 32 - 400 }))
    fc.assert(
      fc.property(bytes(32), bytes(12), counter, payload, (key, nonce, at, data) => {
        const expected = noble.chacha20Xor(key, nonce, at, data)
        for (const engine of [noble, node]) {
          const before = data.slice()
          expect(engine.chacha20Xor(key, nonce, at, data)).toEqual(expected)
          expect(data).toEqual(before)
          const inPlace = data.slice()
          expect(engine.chacha20Xor(key, nonce, at, inPlace, inPlace)).toBe(inPlace)
          expect(inPlace).toEqual(expected)
        }
      }),
      { numRuns: 150 }
    )
  })

  it('ChaCha20 as one stream, whatever block it is entered at', () => {
    const whole = noble.chacha20Xor(new Uint8Array(32).fill(7), new Uint8Array(12), 0, new Uint8Array(640))
    for (const engine of [noble, node])
      for (let block = 0; block < 10; block++)
        expect(engine.chacha20Xor(new Uint8Array(32).fill(7), new Uint8Array(12), block, new Uint8Array(64))).toEqual(
          whole.subarray(block * 64, block * 64 + 64)
        )
  })

  it('AEAD: each opens what the other sealed, in place, over an offset view, and refuses every flipped bit', () => {
    fc.assert(
      fc.property(bytes(32), bytes(12), payload, upTo(40), fc.nat(), (key, nonce, plaintext, aad, flip) => {
        const sealed = noble.aeadSeal(key, nonce, plaintext, { aad })
        expect(node.aeadSeal(key, nonce, plaintext, { aad })).toEqual(sealed)
        const broken = sealed.slice()
        const at = flip % broken.length
        broken[at] = (broken[at] ?? 0) ^ (1 << (flip % 8))
        for (const engine of [noble, node]) {
          expect(engine.aeadOpen(key, nonce, sealed, { aad })).toEqual(plaintext)
          expect(engine.aeadOpen(key, nonce, broken, { aad })).toBeUndefined()
          const cell = joined(new Uint8Array(3), sealed)
          const data = cell.subarray(3, cell.length - 16)
          expect(engine.aeadOpenInPlace(key, nonce, data, cell.subarray(-16), aad)).toBe(true)
          expect(data).toEqual(plaintext)
        }
      }),
      { numRuns: 150 }
    )
  })

  it('AEAD leaves the data alone when the tag is wrong, and opens over its own input', () => {
    const [key, nonce] = [new Uint8Array(32), new Uint8Array(12)]
    for (const engine of [noble, node]) {
      for (const length of [100, 5000]) {
        const text = new Uint8Array(length).fill(1)
        const sealed = engine.aeadSeal(key, nonce, text)
        const data = sealed.slice(0, length)
        expect(engine.aeadOpenInPlace(key, nonce, data, new Uint8Array(16))).toBe(false)
        expect(data).toEqual(sealed.subarray(0, length))
        const shifted = sealed.slice()
        expect(engine.aeadOpen(key, nonce, shifted, { out: shifted.subarray(16) })).toEqual(text)
        expect(engine.aeadOpen(key, nonce, sealed, { out: sealed.subarray(0, length) })).toEqual(text)
      }
      expect(engine.aeadOpen(key, nonce, new Uint8Array(15))).toBeUndefined()
    }
  })

  it('key pairs, shared secrets and signatures from any seed', () => {
    fc.assert(
      fc.property(bytes(32), bytes(32), upTo(300), (seed, other, message) => {
        const pair = noble.x25519KeyPair(() => seed)
        expect(node.x25519KeyPair(() => seed)).toEqual(pair)
        const peer = node.x25519PublicKey(other)
        const secret = noble.x25519SharedSecret(seed, peer)
        expect(node.x25519SharedSecret(seed, peer)).toEqual(secret)
        expect(node.x25519SharedSecret(other, pair.publicKey)).toEqual(secret)
        const signature = noble.ed25519Sign(seed, message)
        expect(node.ed25519Sign(seed, message)).toEqual(signature)
        const publicKey = node.ed25519PublicKey(seed)
        expect(noble.ed25519PublicKey(seed)).toEqual(publicKey)
        expect(verdict(publicKey, message, signature)).toBe(true)
        expect(verdict(publicKey, joined(message, hex('00')), signature)).toBe(false)
      }),
      { numRuns: 15 }
    )
  })
})

describe('X25519 with a hostile public key', () => {
  const privateKey = new Uint8Array(32).fill(0x42)
  // The u-coordinates of low order: 0, 1, -1, two of order 8, and the encodings p and p + 1 of 0 and 1 (RFC 7748 §6.1).
  const lowOrder = [
    '00'.repeat(32),
    `01${'00'.repeat(31)}`,
    `ec${'ff'.repeat(30)}7f`,
    'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
    '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
    `ed${'ff'.repeat(30)}7f`,
    `ee${'ff'.repeat(30)}7f`,
    `ed${'ff'.repeat(30)}ff`
  ]
  it.each(lowOrder)('%s is refused as protocol-violation', encoded => {
    for (const engine of [noble, node])
      expect(codeOf(() => engine.x25519SharedSecret(privateKey, hex(encoded)))).toBe('protocol-violation')
  })

  it('a non-canonical or high-bit u is reduced, not refused (RFC 7748 §5)', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 18 }), fc.boolean(), (over, high) => {
        const u = littleEndian(2n ** 255n - 19n + BigInt(over) + (high ? 2n ** 255n : 0n))
        const expected = node.x25519SharedSecret(privateKey, littleEndian(BigInt(over)))
        for (const engine of [noble, node]) expect(engine.x25519SharedSecret(privateKey, u)).toEqual(expected)
      }),
      { numRuns: 12 }
    )
  })

  it('a key of another length is the peer’s fault, a private key of another length the caller’s', () => {
    for (const engine of [noble, node]) {
      expect(codeOf(() => engine.x25519SharedSecret(privateKey, new Uint8Array(31)))).toBe('protocol-violation')
      expect(codeOf(() => engine.x25519SharedSecret(new Uint8Array(33), privateKey))).toBe('invalid-argument')
    }
  })
})

describe('Ed25519 verification is strict, and the same everywhere', () => {
  const seed = new Uint8Array(32).fill(9)
  const publicKey = noble.ed25519PublicKey(seed)
  const message = hex('c0ffee')
  const signature = noble.ed25519Sign(seed, message)
  const r = signature.subarray(0, 32)
  const s = signature.subarray(32)
  const groupOrder = Point.CURVE().n

  it('S >= L is refused, though the equation holds', () => {
    const value = bigEndian(s.toReversed())
    expect(verdict(publicKey, message, joined(r, littleEndian(value)))).toBe(true)
    for (const multiple of [1n, 2n, 7n])
      expect(verdict(publicKey, message, joined(r, littleEndian(value + multiple * groupOrder)))).toBe(false)
    expect(verdict(publicKey, message, joined(r, littleEndian(groupOrder)))).toBe(false)
  })

  const smallOrder = [
    ...ED25519_TORSION_SUBGROUP,
    // The same points as other libraries also accept them: x = 0 with a sign, y over p.
    '0100000000000000000000000000000000000000000000000000000000000080',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
    'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
    'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff'
  ]
  const challenge = (encodedR: Uint8Array, key: Uint8Array, text: Uint8Array): bigint =>
    bigEndian(sha512(joined(encodedR, key, text)).toReversed()) % groupOrder

  it.each(smallOrder)('the small-order key %s is refused where the equation holds', spelling => {
    const key = hex(spelling)
    const point = Point.fromBytes(key, true)
    const torsion = ED25519_TORSION_SUBGROUP.map(one => Point.fromHex(one))
    let forgeries = 0
    for (let text = 0; text < 24; text++)
      for (const part of torsion) {
        const encodedR = Point.BASE.add(part).toBytes()
        const k = challenge(encodedR, key, Uint8Array.of(text))
        if (!part.add(point.multiplyUnsafe(k % 8n)).is0()) continue
        forgeries++
        expect(verdict(key, Uint8Array.of(text), joined(encodedR, littleEndian(1n)))).toBe(false)
      }
    expect(forgeries).toBeGreaterThan(0)
  })

  it.each(smallOrder)('the small-order R %s is refused where the equation holds', spelling => {
    const secret = 123456789n
    const key = Point.BASE.multiply(secret).toBytes()
    const encodedR = hex(spelling)
    const s = (challenge(encodedR, key, message) * secret) % groupOrder
    expect(verdict(key, message, joined(encodedR, littleEndian(s)))).toBe(false)
    expect(verdict(publicKey, message, joined(encodedR, signature.subarray(32)))).toBe(false)
  })

  it('a key with a torsion component is judged by the cofactorless equation', () => {
    const torsion = Point.fromHex(ED25519_TORSION_SUBGROUP[1] ?? '')
    const secret = 123456789n
    const mixed = Point.BASE.multiply(secret).add(torsion).toBytes()
    const nonce = 987654321n
    const mixedR = Point.BASE.multiply(nonce).toBytes()
    const verdicts = Array.from({ length: 24 }, (_, index) => {
      const text = Uint8Array.of(index)
      const k = challenge(mixedR, mixed, text)
      const forged = joined(mixedR, littleEndian((nonce + k * secret) % groupOrder))
      expect(verdict(mixed, text, forged)).toBe(k % 8n === 0n)
      return k % 8n === 0n
    })
    expect(new Set(verdicts)).toEqual(new Set([true, false]))
  })

  it('random keys, points off the curve and mangled signatures never throw', () => {
    fc.assert(
      fc.property(upTo(40), upTo(70), (key, sig) => {
        expect(verdict(key, message, sig)).toBe(false)
      }),
      { numRuns: 200 }
    )
    fc.assert(
      fc.property(bytes(32), bytes(64), (key, sig) => {
        expect(verdict(key, message, sig)).toBe(false)
        expect(verdict(publicKey, message, sig)).toBe(false)
      }),
      { numRuns: 25 }
    )
  })
})

describe('the caller’s mistakes are invalid-argument, in every engine', () => {
  const [key, nonce, data] = [new Uint8Array(32), new Uint8Array(12), new Uint8Array(128)]
  const mistakes: Record<string, (engine: CryptoEngine) => unknown> = {
    'short ChaCha20 key': engine => engine.chacha20Xor(new Uint8Array(16), nonce, 0, data),
    'long nonce': engine => engine.aeadSeal(key, new Uint8Array(16), data),
    'out of another length': engine => engine.chacha20Xor(key, nonce, 0, data, new Uint8Array(127)),
    'sealed out without room for the tag': engine => engine.aeadSeal(key, nonce, data, { out: new Uint8Array(128) }),
    'short tag': engine => engine.aeadOpenInPlace(key, nonce, data, new Uint8Array(12)),
    'key stream past its end': engine => engine.chacha20Xor(key, nonce, 2 ** 32 - 2, data),
    'negative counter': engine => engine.chacha20Xor(key, nonce, -1, data),
    'seed of 64 bytes': engine => engine.ed25519Sign(new Uint8Array(64), data),
    'random source that gives too little': engine => engine.x25519KeyPair(() => new Uint8Array(3)),
    'HKDF output over 255 blocks': engine => engine.hkdfExpand(key, data, 8161),
    'HKDF output of nothing': engine => engine.hkdfExpand(key, data, 0)
  }
  it.each(Object.entries(mistakes))('%s', (_, mistake) => {
    for (const engine of [noble, node]) expect(codeOf(() => mistake(engine))).toBe('invalid-argument')
  })

  it('the last block of the key stream is still given', () => {
    for (const engine of [noble, node])
      for (const length of [64, 9024])
        expect(engine.chacha20Xor(key, nonce, 2 ** 32 - 1 - length / 64, new Uint8Array(length))).toHaveLength(length)
  })
})
