import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { backoffMs } from './backoff.ts'
import { LinkKeeper } from './link-keeper.ts'

/** A clock whose only task runs when the test says so. */
class StepClock {
  waits: number[] = []
  private task: (() => void) | undefined
  now = (): number => 0
  monotonic = (): number => 0
  after = (delayMs: number, task: () => void): (() => void) => {
    this.waits.push(delayMs)
    this.task = task
    return () => {
      this.task = undefined
    }
  }
  step(): boolean {
    const { task } = this
    this.task = undefined
    task?.()
    return task !== undefined
  }
}

function keeper(outcomes: ('up' | 'fails')[]) {
  const clock = new StepClock()
  let attempts = 0
  const link = new LinkKeeper({
    clock,
    uniform: () => 0,
    onChange: () => {},
    connect: async () => {
      if (outcomes[attempts++] !== 'up') throw new Error('no')
    }
  })
  return { clock, link, attempts: () => attempts }
}

const settled = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

describe('LinkKeeper', () => {
  it('tries until the link is up, waiting longer each time', async () => {
    const { clock, link, attempts } = keeper(['fails', 'fails', 'fails', 'up'])
    link.start()
    for (let i = 0; i < 3; i++) {
      await settled()
      expect(link.failing).toBe(true)
      clock.step()
    }
    await settled()
    expect(link.up).toBe(true)
    expect(link.failing).toBe(false)
    expect(attempts()).toBe(4)
    expect(clock.waits).toEqual([250, 500, 1_000])
  })

  it('brings a lost link back, starting with a short wait again', async () => {
    const { clock, link, attempts } = keeper(['up', 'fails', 'up'])
    link.start()
    await settled()
    link.lost()
    link.lost()
    clock.step()
    await settled()
    clock.step()
    await settled()
    expect(link.up).toBe(true)
    expect(attempts()).toBe(3)
    expect(clock.waits).toEqual([250, 500])
  })

  it('does nothing any more once stopped, even if an attempt was under way', async () => {
    const { clock, link, attempts } = keeper(['fails', 'up'])
    link.start()
    link.stop()
    await settled()
    expect(clock.step()).toBe(false)
    expect(link.up).toBe(false)
    expect(attempts()).toBe(1)
  })
})

describe('backoff', () => {
  it('stays within half a minute, and half of it is random', () => {
    fc.assert(
      fc.property(fc.nat(1_000), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (failures, uniform) => {
        const wait = backoffMs(failures, uniform)
        const longest = Math.min(30_000, 500 * 2 ** failures)
        expect(wait).toBeGreaterThanOrEqual(longest / 2)
        expect(wait).toBeLessThanOrEqual(longest)
      })
    )
  })
})
