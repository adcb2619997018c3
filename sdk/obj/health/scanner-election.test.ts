import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../../test/vectors/seeded-random.ts'
import { EPOCH_MS, epochOf, isScanner, scannerRanking, TAKEOVER_MS } from './index.ts'

const random = seededRandom('election')
const manifestId = random(32)
const holders = Array.from({ length: 9 }, () => random(32))
const BEGAN = 1000 * EPOCH_MS
const nobody = (): undefined => undefined

describe('the election of a scanner', () => {
  it('comes to the same order wherever the holders were heard of first, and keeps it when one is gone', () => {
    fc.assert(
      fc.property(
        fc.shuffledSubarray(holders, { minLength: holders.length }),
        fc.nat({ max: 8 }),
        fc.nat(),
        (shuffled, gone, epoch) => {
          const ranking = scannerRanking(manifestId, epoch, shuffled)
          expect(ranking).toEqual(scannerRanking(manifestId, epoch, holders))
          const left = holders.filter((_, index) => index !== gone)
          expect(scannerRanking(manifestId, epoch, left)).toEqual(ranking.filter(key => key !== holders[gone]))
        }
      )
    )
  })

  it('gives everyone a turn: over many epochs and contents nobody is first much more often', () => {
    const wins = new Map<Uint8Array, number>()
    for (let epoch = 0; epoch < 900; epoch++) {
      const [first] = scannerRanking(manifestId, epoch, holders)
      if (first) wins.set(first, (wins.get(first) ?? 0) + 1)
    }
    expect(wins.size).toBe(9)
    for (const count of wins.values()) expect(Math.abs(count - 100)).toBeLessThan(50)
  })

  it('elects one at the beginning of an epoch, and the next only when those before it stay silent', () => {
    const ranking = scannerRanking(manifestId, epochOf(BEGAN), holders)
    const [first, second, third] = ranking as [Uint8Array, Uint8Array, Uint8Array]
    const elected = (nowMs: number, heard: (key: Uint8Array) => number | undefined = nobody): Uint8Array[] =>
      ranking.filter(key => isScanner(ranking, key, nowMs, heard))
    expect(elected(BEGAN)).toEqual([first])
    expect(elected(BEGAN + TAKEOVER_MS - 1)).toEqual([first])
    expect(elected(BEGAN + TAKEOVER_MS)).toEqual([first, second])
    const heardFirst = (key: Uint8Array): number | undefined => (key === first ? BEGAN + 1 : undefined)
    expect(elected(BEGAN + 2 * TAKEOVER_MS, heardFirst)).toEqual([first])
    const heardLastEpoch = (key: Uint8Array): number | undefined => (key === first ? BEGAN - 1 : undefined)
    expect(elected(BEGAN + 2 * TAKEOVER_MS, heardLastEpoch)).toEqual([first, second, third])
    const heardDaysAhead = (key: Uint8Array): number | undefined => (key === first ? BEGAN + 99 * EPOCH_MS : undefined)
    expect(elected(BEGAN + 2 * TAKEOVER_MS, heardDaysAhead)).toEqual([first, second, third])
    expect(isScanner(ranking, random(32), BEGAN, nobody)).toBe(false)
  })
})
