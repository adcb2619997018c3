import { describe, expect, it } from 'vitest'
import { ManualClock } from '../test/kit/manual-clock.ts'
import { Ledger } from './ledger/index.ts'
import { secondsOf, Timeline } from './timeline.ts'

function setUp(slotMs = 400) {
  const clock = new ManualClock()
  const ledger = Ledger.create({ historyCapacity: 10 }, secondsOf(clock))
  return { clock, ledger, timeline: new Timeline({ ledger, clock, slotMs }), first: ledger.latestBlock }
}

describe('a timeline', () => {
  it('brings a block every slot while it runs, stamped with the clock', () => {
    const { clock, ledger, timeline, first } = setUp()
    clock.advance(10_000)
    expect(ledger.latestBlock).toEqual(first)
    timeline.start()
    timeline.start()
    clock.advance(4_000)
    expect(ledger.latestBlock.slot - first.slot).toBe(10n)
    expect(ledger.latestBlock.time - first.time).toBe(14n)
    timeline.stop()
    clock.advance(4_000)
    expect(ledger.latestBlock.slot - first.slot).toBe(10n)
  })

  it('travels by slots or by seconds, both going on together', () => {
    const { ledger, timeline, first } = setUp()
    timeline.advanceSlots(150n)
    expect([ledger.latestBlock.slot - first.slot, ledger.latestBlock.time - first.time]).toEqual([150n, 60n])
    timeline.advanceSeconds(86_400n)
    expect([ledger.latestBlock.slot - first.slot, ledger.latestBlock.time - first.time]).toEqual([216_150n, 86_460n])
    expect(timeline.aheadSeconds).toBe(86_460n)
    expect(ledger.isBlockhashValid(first.blockhash)).toBe(false)
  })

  it('makes a block even for a travel shorter than a slot', () => {
    const { ledger, timeline, first } = setUp(5_000)
    timeline.advanceSeconds(1n)
    expect(ledger.latestBlock).toMatchObject({ slot: first.slot + 1n, time: first.time + 1n })
  })
})
