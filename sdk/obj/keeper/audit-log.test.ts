import { describe, expect, it } from 'vitest'
import { AUDIT_VALID_MS } from '../health/index.ts'
import { AuditLog } from './audit-log.ts'
import type { SegmentPlace } from './segment-place.ts'

const NOW_MS = 1_800_000_000_000
const place = (segment: number): SegmentPlace => ({ manifestId: new Uint8Array(32).fill(7), segment })
const here = place(0)

/** A piece of its own for each number. */
function piece(number: number) {
  const id = new Uint8Array(32)
  new DataView(id.buffer).setUint32(0, number)
  return { id, coefficients: Uint8Array.of(number >> 8, number) }
}

describe('what this node saw', () => {
  it('counts a piece once, from its last audit, until that is too old', () => {
    const log = new AuditLog()
    log.passed(here, 'a', piece(1), NOW_MS - AUDIT_VALID_MS)
    log.passed(here, 'a', piece(1), NOW_MS - 5)
    log.passed(here, 'a', piece(2), NOW_MS - AUDIT_VALID_MS - 1)
    expect(log.holders(here, NOW_MS)).toEqual([
      { holder: 'a', durable: true, passedAtMs: NOW_MS - 5, pieces: [piece(1).coefficients] }
    ])
    expect(log.holders(place(1), NOW_MS)).toEqual([])
    expect(log.holders(here, NOW_MS + AUDIT_VALID_MS)).toEqual([])
  })

  it('does not count what a clock that was ahead has seen', () => {
    const log = new AuditLog()
    log.passed(here, 'a', piece(1), NOW_MS + 60_000)
    log.passed(here, 'b', piece(2), NOW_MS + 60_001)
    expect(log.holders(here, NOW_MS).map(({ holder }) => holder)).toEqual(['a'])
  })

  it('ends with one failed audit, with what a holder did not show, and with what turned out to be a lie', () => {
    const log = new AuditLog()
    for (const holder of ['a', 'b']) for (const number of [1, 2, 3]) log.passed(here, holder, piece(number), NOW_MS)
    log.failed(here, 'a')
    log.shownAll(here, 'b', [piece(1).id, piece(2).id])
    log.disbelieve(here, piece(1).id)
    expect(log.holders(here, NOW_MS)).toMatchObject([{ holder: 'b', pieces: [piece(2).coefficients] }])
  })

  it('is bounded: 256 holders of a segment, 256 pieces of a holder, 4,096 segments', () => {
    const log = new AuditLog()
    for (let number = 0; number < 300; number++) {
      log.passed(here, 'a', piece(number), NOW_MS)
      log.passed(here, `holder ${number}`, piece(0), NOW_MS)
    }
    const holders = log.holders(here, NOW_MS)
    expect(holders.length).toBe(256)
    expect(holders.find(({ holder }) => holder === 'a')?.pieces.length).toBe(256)
    for (let segment = 1; segment < 4096; segment++) log.passed(place(segment), 'a', piece(0), NOW_MS)
    expect(log.holders(here, NOW_MS).length).toBe(256)
    log.passed(place(4096), 'a', piece(0), NOW_MS)
    // the one looked at longest ago, which is not the first one
    expect(log.holders(place(1), NOW_MS)).toEqual([])
    expect(log.holders(here, NOW_MS).length).toBe(256)
  })
})
