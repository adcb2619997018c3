import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { constantTimeEqual, cryptoEngine, sha256 } from '../crypto/index.ts'
import { CraftecError } from '../errors/index.ts'
import {
  decodeSealedIdentity,
  encodeSealedIdentity,
  type Lock,
  MAX_SEALED_BYTES,
  type SealedIdentity
} from './sealed-identity.ts'

const bytes = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length })
const lock: fc.Arbitrary<Lock> = fc.oneof(
  fc.constant({ kind: 'device' as const }),
  fc.record({
    kind: fc.constant('passphrase' as const),
    kdf: fc.record({
      memoryKiB: fc.integer({ min: 32, max: 262_144 }),
      passes: fc.integer({ min: 1, max: 8 }),
      lanes: fc.integer({ min: 1, max: 4 })
    }),
    salt: bytes(16)
  })
)
const sealedIdentity: fc.Arbitrary<SealedIdentity> = fc.record({
  publicKey: bytes(32),
  lock,
  nonce: bytes(12),
  box: bytes(48)
})
const corrupt = expect.objectContaining({ code: 'vault-corrupt' })
/** As an attacker would: change bytes and put the checksum right again. */
const withChecksum = (body: Uint8Array): Uint8Array => Uint8Array.from([...body, ...sha256(body).subarray(0, 8)])

describe('sealed identity', () => {
  it('decodes what it encoded', () => {
    fc.assert(
      fc.property(sealedIdentity, sealed => {
        const encoded = encodeSealedIdentity(sealed)
        expect(encoded.length).toBeLessThanOrEqual(MAX_SEALED_BYTES)
        expect(decodeSealedIdentity(encoded)).toEqual(sealed)
      })
    )
  })

  it('with one bit flipped, cut or extended is vault-corrupt', () => {
    fc.assert(
      fc.property(sealedIdentity, fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 9 }), (sealed, position, more) => {
        const encoded = encodeSealedIdentity(sealed)
        const flipped = encoded.slice()
        const at = position % encoded.length
        flipped[at] = (flipped[at] ?? 0) ^ (1 << (position % 8))
        for (const damaged of [flipped, encoded.subarray(0, at), Uint8Array.from([...encoded, ...more])])
          expect(() => decodeSealedIdentity(damaged)).toThrow(corrupt)
      })
    )
  })

  it('of a later version asks for a later release', () => {
    const body = encodeSealedIdentity({
      publicKey: new Uint8Array(32),
      lock: { kind: 'device' },
      nonce: new Uint8Array(12),
      box: new Uint8Array(48)
    }).slice(0, -8)
    body[0] = 2
    expect(() => decodeSealedIdentity(withChecksum(body))).toThrow(expect.objectContaining({ code: 'unsupported' }))
  })

  it('asking for a ruinous key derivation is refused before any of it is done', () => {
    const kdf = { memoryKiB: 4_000_000, passes: 8, lanes: 1 }
    const ruinous = encodeSealedIdentity({
      publicKey: new Uint8Array(32),
      lock: { kind: 'passphrase', kdf, salt: new Uint8Array(16) },
      nonce: new Uint8Array(12),
      box: new Uint8Array(48)
    })
    expect(() => decodeSealedIdentity(ruinous)).toThrow(corrupt)
  })

  it('survives 100,000 hostile inputs, every second with a right checksum', { timeout: 60_000 }, () => {
    const stream = (round: number, length: number): Uint8Array =>
      cryptoEngine().chacha20Xor(new Uint8Array(32), new Uint8Array(12), round * 4, new Uint8Array(length))
    const outcomes = { taken: 0, refused: 0 }
    for (let round = 0; round < 100_000; round++) {
      const noise = stream(round, 132)
      const body = noise.subarray(2, 2 + ((noise[0] ?? 0) % 128))
      // Steer most of them past the first checks.
      if (body.length > 41 && (noise[1] ?? 0) > 20) body.set([1, 1 + (round % 2)])
      if (body.length > 41 && (noise[1] ?? 0) > 60) body.set([0, 0, 100, 1, 1, 1], 34)
      const input = round % 4 < 2 ? withChecksum(body) : body
      try {
        const again = encodeSealedIdentity(decodeSealedIdentity(input))
        if (!constantTimeEqual(again, input)) expect.fail(`not canonical: ${input}`)
        outcomes.taken++
      } catch (error) {
        if (!(error instanceof CraftecError) || !['vault-corrupt', 'unsupported'].includes(error.code)) throw error
        outcomes.refused++
      }
    }
    expect(outcomes.taken).toBeGreaterThan(0)
    expect(outcomes.refused).toBeGreaterThan(90_000)
  })
})
