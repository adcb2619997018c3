import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hostileBytes } from '../../../test/vectors/hostile-bytes.ts'
import { CraftecError } from '../../errors/index.ts'
import {
  type DirectoryAnswer,
  type DirectoryRequest,
  decodeAnswer,
  decodeRequest,
  encodeAnswer,
  encodeRequest,
  MAX_DIRECTORY_FRAME_BYTES,
  MAX_REQUEST_BYTES
} from './directory-frame.ts'

const position = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
const descriptor = fc.uint8Array({ maxLength: 4096 })

const requests: fc.Arbitrary<DirectoryRequest> = fc.oneof(
  fc.record({ kind: fc.constant('list' as const), since: position, limit: fc.integer({ min: 1, max: 64 }) }),
  fc.record({ kind: fc.constant('announce' as const), descriptor })
)
const answers: fc.Arbitrary<DirectoryAnswer> = fc.oneof(
  fc.record({
    kind: fc.constant('page' as const),
    next: position,
    more: fc.boolean(),
    descriptors: fc.array(descriptor, { maxLength: 20 })
  }),
  fc.record({ kind: fc.constant('taken' as const), result: fc.constantFrom('taken', 'known', 'refused') })
)

describe('directory frames', () => {
  it('come back as they were, within the limits of the channel', () => {
    fc.assert(
      fc.property(requests, request => {
        const frame = encodeRequest(request)
        expect(frame.length).toBeLessThanOrEqual(MAX_REQUEST_BYTES)
        expect(decodeRequest(frame)).toEqual(request)
      })
    )
    fc.assert(
      fc.property(answers, answer => {
        const frame = encodeAnswer(answer)
        expect(frame.length).toBeLessThanOrEqual(MAX_DIRECTORY_FRAME_BYTES)
        expect(decodeAnswer(frame)).toEqual(answer)
      })
    )
  })

  it('that would not fit a channel are not made', () => {
    const descriptors = new Array<Uint8Array>(64).fill(new Uint8Array(4096))
    expect(() => encodeAnswer({ kind: 'page', next: 0n, more: false, descriptors })).toThrow(CraftecError)
  })

  it.each([
    ['an empty frame', []],
    ['an answer where a request belongs', [4, 0]],
    ['a limit of 0', [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]],
    ['a limit of 65', [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 65]],
    ['bytes after the end', [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]],
    ['a descriptor over the limit', [3, 0x10, 0x01, ...new Array(4097).fill(0)]]
  ])('with %s are malformed requests', (_, bytes) => {
    expect(() => decodeRequest(Uint8Array.from(bytes))).toThrow(expect.objectContaining({ code: 'malformed' }))
  })

  it.each([
    ['an unknown result', [4, 3]],
    ['a flag of 2', [2, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0]],
    ['a count of 65', [2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 65]],
    ['a count without descriptors', [2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]]
  ])('with %s are malformed answers', (_, bytes) => {
    expect(() => decodeAnswer(Uint8Array.from(bytes))).toThrow(expect.objectContaining({ code: 'malformed' }))
  })

  it('survive 100,000 hostile inputs to either decoder', { timeout: 60_000 }, () => {
    const random = hostileBytes('hostile frames')
    for (let round = 0; round < 100_000; round++) {
      const bytes = random(round % 97)
      if (bytes.length > 0) bytes[0] = 1 + (round & 3)
      for (const decode of round & 1 ? [decodeRequest] : [decodeAnswer]) {
        try {
          decode(bytes)
        } catch (error) {
          if (!(error instanceof CraftecError && error.code === 'malformed')) throw error
        }
      }
    }
    expect(decodeRequest(encodeRequest({ kind: 'list', since: 0n, limit: 1 })).kind).toBe('list')
  })
})
