import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CraftecError } from '../../errors/index.ts'
import { CELL_BYTES, CREATE_PACKET_BYTES, CREATED_PACKET_BYTES } from '../onion/index.ts'
import {
  decodeCell,
  encodeCredit,
  encodeDestroy,
  encodeHandshake,
  encodePadding,
  encodeRelay,
  MAX_CREDITS_PER_CELL,
  relayBody
} from './cell.ts'

const circuitId = fc.integer({ min: 1, max: 0xffffffff })
const bytes = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length })
const random = (length: number): Uint8Array => new Uint8Array(length).fill(0xa5)
/** Frames are reused, so an encoder must not count on zeros. */
const dirtyFrame = (): Uint8Array => new Uint8Array(CELL_BYTES).fill(0xff)

function codeOf(task: () => unknown): string {
  try {
    task()
    return 'no error'
  } catch (error) {
    return error instanceof CraftecError ? error.code : `not a CraftecError: ${error}`
  }
}

describe('link cells (craftnet.md §3)', () => {
  it('read back what was written, whatever the frame held before', () => {
    const frame = dirtyFrame()
    fc.assert(
      fc.property(circuitId, bytes(CREATE_PACKET_BYTES), fc.integer({ min: 0, max: 255 }), (id, packet, reason) => {
        encodeHandshake(frame, 'create', id, packet, random)
        expect(decodeCell(frame)).toEqual({ command: 'create', circuitId: id, packet })
        const created = packet.subarray(0, CREATED_PACKET_BYTES)
        encodeHandshake(frame, 'created', id, created, random)
        expect(decodeCell(frame)).toEqual({ command: 'created', circuitId: id, packet: created })
        encodeDestroy(frame, id, reason, random)
        expect(decodeCell(frame)).toEqual({ command: 'destroy', circuitId: id, reason })
        relayBody(frame).fill(reason)
        encodeRelay(frame, id)
        expect(decodeCell(frame)).toEqual({ command: 'relay', circuitId: id, body: frame.subarray(8) })
        encodePadding(frame, random)
        expect(decodeCell(frame)).toEqual({ command: 'padding' })
      })
    )
  })

  it('carry up to 500 credits', () => {
    const credit = fc.record({ circuitId, cells: fc.integer({ min: 0, max: 0xffff }) })
    fc.assert(
      fc.property(fc.array(credit, { maxLength: MAX_CREDITS_PER_CELL }), credits => {
        const frame = dirtyFrame()
        encodeCredit(frame, credits)
        expect(decodeCell(frame)).toEqual({ command: 'credit', credits })
      })
    )
    const tooMany = Array.from({ length: 501 }, () => ({ circuitId: 1, cells: 1 }))
    expect(codeOf(() => encodeCredit(dirtyFrame(), tooMany))).toBe('internal')
  })

  it.each([
    ['a short frame', 0, [], CELL_BYTES - 1],
    ['a long frame', 0, [], CELL_BYTES + 1],
    ['an unknown command', 4, [6], CELL_BYTES],
    ['reserved bytes that are not zero', 4, [3, 0, 0, 1], CELL_BYTES],
    ['RELAY without a circuit', 0, [0, 0, 0, 0, 3], CELL_BYTES],
    ['CREDIT on a circuit', 0, [0, 0, 0, 1, 5], CELL_BYTES],
    ['PADDING on a circuit', 0, [0, 0, 0, 1, 0], CELL_BYTES],
    ['501 credits', 0, [0, 0, 0, 0, 5, 0, 0, 0, 1, 0xf5], CELL_BYTES]
  ] as const)('refuse %s', (_, at, patch, length) => {
    const frame = new Uint8Array(length)
    frame.set([0, 0, 0, 1, 3, 0, 0, 0])
    frame.set(patch, at)
    expect(codeOf(() => decodeCell(frame))).toBe('protocol-violation')
  })
})
