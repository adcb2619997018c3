import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { measureComputeUnits } from '../kit/index.ts'

const TABLE = JSON.parse(readFileSync(join(import.meta.dirname, '../compute-units.json'), 'utf8')) as Record<
  string,
  number
>
const MOST_GROWTH = 1.1

describe('compute units', () => {
  const measured = measureComputeUnits()

  it('are recorded for every instruction of the description, and for no other', () => {
    expect(Object.keys(TABLE)).toEqual(Object.keys(measured))
  })

  for (const [name, units] of Object.entries(measured)) {
    it(`${name} takes at most a tenth more than recorded`, () => {
      expect(units).toBeLessThanOrEqual((TABLE[name] ?? 0) * MOST_GROWTH)
    })
  }
})
