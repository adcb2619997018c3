/** The piece store in real tabs: several at once, without room. Kills at drawn moments are in test/chaos. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Visit } from './piece-store/page.ts'
import { type StoreBrowser, startStoreBrowser } from './piece-store/store-browser.ts'

declare const visit: Visit

const SEGMENTS = 40

let browser: StoreBrowser
beforeAll(async () => {
  browser = await startStoreBrowser()
})
afterAll(() => browser[Symbol.asyncDispose]())

describe('the piece store', () => {
  it('passes from tab to tab when the owner is killed in the middle of the puts of all', async () => {
    const tabs = [await browser.tab(), await browser.tab(), await browser.tab()]
    const [owner, ...others] = tabs
    for (const tab of tabs) await tab.evaluate(() => visit.open())
    const numbers = [101, 102]
    const puts = others.map((tab, index) =>
      tab.evaluate(([number, count]) => visit.put(number, count, 2), [numbers[index] ?? 0, SEGMENTS] as const)
    )
    const begun = browser.acknowledgements(101, 3)
    await begun
    const session = await owner?.context().newCDPSession(owner)
    const crashed = new Promise(resolve => owner?.once('crash', resolve))
    session?.send('Page.crash').catch(() => {})
    await crashed
    // Both go on by themselves: nobody who puts sees an error.
    await Promise.all(puts)
    for (const [index, tab] of others.entries()) {
      const complete = await tab.evaluate(([number, count]) => visit.completeSegments(number, count), [
        numbers[index] ?? 0,
        SEGMENTS
      ] as const)
      expect(complete).toHaveLength(SEGMENTS)
    }
    expect(await others[0]?.evaluate(() => visit.lostPieces())).toBe(0)
    for (const tab of tabs) await tab.close()
  })

  it('without room: storage-full, what was acknowledged stays, and with room again it goes on', async () => {
    const tab = await browser.tab()
    await tab.evaluate(() => visit.open())
    for (const number of [101, 102]) await tab.evaluate(content => visit.remove(content), number)
    expect((await tab.evaluate(() => visit.usage())).bytes).toBe(0)
    await browser.limitQuota(tab, 20_000_000)
    await tab.evaluate(() => visit.tryToPut(201, 200, 0))
    await tab.evaluate(() => visit.pin(201))
    const outcomes: string[] = []
    for (let segment = 1; segment < 200 && outcomes.at(-1) !== 'storage-full'; segment++)
      outcomes.push(await tab.evaluate(at => visit.tryToPut(201, 200, at), segment))
    expect(outcomes.at(-1)).toBe('storage-full')
    const acknowledged = outcomes.filter(outcome => outcome === 'added 8').length + 1
    // Most of the room is used before it is called full.
    expect(acknowledged * 8 * 65_536).toBeGreaterThan(8_000_000)
    expect(await tab.evaluate(() => visit.completeSegments(201, 200))).toHaveLength(acknowledged)
    expect(await tab.evaluate(() => visit.lostPieces())).toBe(0)
    await browser.limitQuota(tab, undefined)
    expect(await tab.evaluate(() => visit.tryToPut(201, 200, 199))).toBe('added 8')
    await tab.close()
  })
})
