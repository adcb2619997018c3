/** Tabs killed with SIGKILL at drawn moments of a put: 20 in every test run, 200 with `npm run test:chaos`. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  lookAfterKill,
  putUntilKilled,
  type StoreBrowser,
  startStoreBrowser
} from '../e2e/piece-store/store-browser.ts'
import { chaosRandom, chaosRounds } from '../kit/chaos.ts'

const KILLS = chaosRounds({ ordinary: 20, long: 200 })
const SEGMENTS = 24
/** A put of so many segments takes some 200 ms here: kills come before, in and after it. */
const MAX_DELAY_MS = 60
const KILL_MS = 10_000

let browser: StoreBrowser
beforeAll(async () => {
  browser = await startStoreBrowser()
})
afterAll(() => browser[Symbol.asyncDispose]())

describe('a tab killed in the middle of a put', () => {
  it(`leaves a store that opens clean, ${KILLS} times`, { timeout: KILLS * KILL_MS }, async () => {
    const random = chaosRandom('piece-store-kills')
    let interrupted = 0
    for (let number = 1; number <= KILLS; number++) {
      const afterSegments = Math.floor(random() * 6)
      const afterMs = Math.floor(random() * MAX_DELAY_MS)
      await putUntilKilled(browser, { number, segments: SEGMENTS, afterSegments, afterMs })
      const { complete, lost, openMs } = await lookAfterKill(browser, number, SEGMENTS)
      const moment = `kill ${number}, ${afterMs} ms after segment ${afterSegments}`
      const missing = [...(browser.acknowledged.get(number) ?? [])].filter(segment => !complete.includes(segment))
      expect(missing, moment).toEqual([])
      expect(lost, moment).toBe(0)
      expect(openMs, moment).toBeLessThan(5_000)
      if (complete.length < SEGMENTS) interrupted++
    }
    expect(interrupted).toBeGreaterThan(KILLS / 3)
  })
})
