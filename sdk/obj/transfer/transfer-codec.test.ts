import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CraftecError } from '../../errors/index.ts'
import { IndexSet } from './index-set.ts'
import { decodeTransferMessage, encodeTransferMessage } from './transfer-codec.ts'
import { CHUNK_BYTES, MAX_TRANSFER_FRAME_BYTES } from './transfer-limits.ts'
import type { TransferMessage } from './transfer-message.ts'

const bytes = (minLength: number, maxLength = minLength) => fc.uint8Array({ minLength, maxLength })
const id = bytes(32)
const request = fc.integer({ min: 0, max: 0xffff_ffff })
const indices = fc.uniqueArray(fc.integer({ min: 0, max: 255 }), { maxLength: 40 }).map(list => IndexSet.of(...list))
const rows = fc
  .tuple(fc.integer({ min: 1, max: 128 }), fc.integer({ min: 0, max: 20 }))
  .chain(([k, count]) => fc.array(bytes(k), { minLength: count, maxLength: count }))
const message: fc.Arbitrary<TransferMessage> = fc.oneof(
  fc.record({ kind: fc.constant('manifest-request' as const), request, manifestId: id }),
  fc.record({
    kind: fc.constant('manifest' as const),
    request,
    total: fc.integer({ min: 1, max: 4 << 20 }),
    bytes: bytes(1, 500)
  }),
  fc.record({
    kind: fc.constant('query' as const),
    request,
    manifestId: id,
    first: request
  }),
  fc.record({
    kind: fc.constant('have' as const),
    request,
    first: request,
    more: fc.boolean(),
    segments: fc.array(fc.record({ committed: indices, recoded: fc.integer({ min: 0, max: 255 }) }), { maxLength: 20 })
  }),
  fc.record({
    kind: fc.constant('want' as const),
    request,
    manifestId: id,
    segment: request,
    committed: indices,
    recoded: fc.integer({ min: 1, max: 128 }),
    fresh: fc.integer({ min: 0, max: 128 }),
    rows
  }),
  fc.record({ kind: fc.constant('cancel' as const), request }),
  fc.record({
    kind: fc.constant('piece' as const),
    request,
    coefficients: bytes(1, 128),
    root: id,
    provenance: bytes(0, 4096)
  }),
  fc.record({ kind: fc.constant('chunk' as const), data: bytes(1, 1000) }),
  fc.record({
    kind: fc.constant('end' as const),
    request,
    reason: fc.constantFrom('done' as const, 'exhausted' as const, 'busy' as const, 'invalid' as const),
    retryAfterMs: fc.integer({ min: 0, max: 600_000 })
  }),
  fc.record({
    kind: fc.constant('offer' as const),
    request,
    manifestId: id,
    segment: request,
    pieces: fc.integer({ min: 1, max: 512 }),
    pieceBytes: fc.integer({ min: 1, max: 4 << 20 })
  }),
  fc.record({
    kind: fc.constant('grant' as const),
    request,
    pieces: fc.integer({ min: 0, max: 512 }),
    manifest: fc.boolean()
  }),
  fc.record({ kind: fc.constant('stored' as const), request, pieces: fc.integer({ min: 0, max: 512 }) }),
  fc.record({ kind: fc.constant('challenge' as const), request, bytes: bytes(1, 1024) }),
  fc.record({ kind: fc.constant('proof' as const), request, bytes: bytes(1, 4096) }),
  fc.record({ kind: fc.constant('peers-request' as const), request, contentId: id }),
  fc.record({
    kind: fc.constant('peers' as const),
    request,
    records: fc.array(bytes(0, 300), { maxLength: 16 })
  }),
  fc.record({ kind: fc.constant('bye' as const), reason: fc.constantFrom('done' as const, 'stopping' as const) })
)

/** Sets as lists, so that what is compared is what is in them. */
const plain = (value: unknown): unknown =>
  value instanceof IndexSet
    ? [...value]
    : value instanceof Uint8Array
      ? [...value]
      : Array.isArray(value)
        ? value.map(plain)
        : typeof value === 'object' && value !== null
          ? Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, plain(entry)]))
          : value

describe('storage messages', () => {
  it('come back as they were', () => {
    fc.assert(
      fc.property(message, value => {
        expect(plain(decodeTransferMessage(encodeTransferMessage(value)))).toEqual(plain(value))
      }),
      { numRuns: 400 }
    )
  })

  it('have one spelling: what decodes, encodes to the same bytes', () => {
    const mutated = fc
      .tuple(message.map(encodeTransferMessage), fc.nat(), fc.nat(255))
      .map(([frame, at, value]) => frame.with(at % frame.length, value))
    fc.assert(
      fc.property(fc.oneof(mutated, bytes(0, 80)), frame => {
        let decoded: TransferMessage
        try {
          decoded = decodeTransferMessage(frame)
        } catch (error) {
          expect(error).toBeInstanceOf(CraftecError)
          expect((error as CraftecError).code).toBe('malformed')
          return
        }
        expect(encodeTransferMessage(decoded)).toEqual(frame)
      }),
      { numRuns: 2000 }
    )
  })

  it('refuse every truncation and every trailing byte', () => {
    fc.assert(
      fc.property(
        message.filter(({ kind }) => !['chunk', 'manifest', 'challenge', 'proof'].includes(kind)),
        value => {
          const frame = encodeTransferMessage(value)
          for (let length = 0; length < Math.min(frame.length, 60); length++)
            expect(() => decodeTransferMessage(frame.subarray(0, length))).toThrow(CraftecError)
          expect(() => decodeTransferMessage(Uint8Array.of(...frame, 0))).toThrow(CraftecError)
        }
      ),
      { numRuns: 60 }
    )
  })

  it('fit the frame limit when they are as long as they may be', () => {
    const segments = Array.from({ length: 1024 }, () => ({ committed: IndexSet.of(255), recoded: 255 }))
    const rows = Array.from({ length: 128 }, () => new Uint8Array(128).fill(255))
    const longest: TransferMessage[] = [
      { kind: 'have', request: 1, first: 0, more: true, segments },
      {
        kind: 'want',
        request: 1,
        manifestId: new Uint8Array(32),
        segment: 0,
        committed: IndexSet.of(255),
        recoded: 1,
        fresh: 0,
        rows
      },
      { kind: 'chunk', data: new Uint8Array(CHUNK_BYTES) },
      { kind: 'peers', request: 1, records: Array.from({ length: 16 }, () => new Uint8Array(2048)) }
    ]
    for (const value of longest)
      expect(encodeTransferMessage(value).length).toBeLessThanOrEqual(MAX_TRANSFER_FRAME_BYTES)
  })

  it('refuse what no honest peer would send', () => {
    const refused = (value: TransferMessage): void =>
      void expect(() => decodeTransferMessage(encodeTransferMessage(value))).toThrow(CraftecError)
    refused({ kind: 'chunk', data: new Uint8Array(CHUNK_BYTES + 1) })
    refused({ kind: 'chunk', data: new Uint8Array(0) })
    refused({ kind: 'offer', request: 1, manifestId: new Uint8Array(32), segment: 0, pieces: 0, pieceBytes: 1 })
    refused({ kind: 'offer', request: 1, manifestId: new Uint8Array(32), segment: 0, pieces: 1, pieceBytes: 2 ** 31 })
    refused({ kind: 'end', request: 1, reason: 'busy', retryAfterMs: 2 ** 31 })
    refused({ kind: 'manifest', request: 1, total: 2 ** 31, bytes: new Uint8Array(1) })
  })
})
