import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../test/kit/manual-clock.ts'
import { StateSaver } from './state-saver.ts'

/** Saves that end when the test says so. */
function setUp() {
  const clock = new ManualClock()
  const failures: unknown[] = []
  const pending: { resolve: () => void; reject: (error: Error) => void }[] = []
  let running = 0
  let mostAtOnce = 0
  let saves = 0
  const save = async (): Promise<void> => {
    saves += 1
    running += 1
    mostAtOnce = Math.max(mostAtOnce, running)
    await new Promise<void>((resolve, reject) => pending.push({ resolve, reject })).finally(() => {
      running -= 1
    })
  }
  const saver = new StateSaver({ clock, delayMs: 5_000, save, onFailure: error => failures.push(error) })
  return { clock, saver, failures, pending, saves: () => saves, mostAtOnce: () => mostAtOnce }
}

const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve()
}

describe('a state saver', () => {
  it('saves once for many changes, some time after the first', async () => {
    const { clock, saver, saves } = setUp()
    for (let change = 0; change < 100; change++) saver.changed()
    clock.advance(4_999)
    expect(saves()).toBe(0)
    clock.advance(1)
    await turns()
    expect(saves()).toBe(1)
    clock.advance(60_000)
    await turns()
    expect(saves()).toBe(1)
  })

  it('never saves twice at once, and once more at the end', async () => {
    const { clock, saver, pending, saves, mostAtOnce } = setUp()
    for (let round = 0; round < 2; round++) {
      saver.changed()
      clock.advance(5_000)
      await turns()
    }
    expect(saves()).toBe(1)
    saver.changed()
    const closed = saver.close()
    for (let save = 1; save <= 3; save++) {
      await turns()
      pending.shift()?.resolve()
    }
    await closed
    expect([saves(), mostAtOnce()]).toEqual([3, 1])
    saver.changed()
    clock.advance(60_000)
    await turns()
    expect(saves()).toBe(3)
  })

  it('tells of a save that failed, and tries again with the next change', async () => {
    const { clock, saver, pending, failures, saves } = setUp()
    for (let round = 0; round < 2; round++) {
      saver.changed()
      clock.advance(5_000)
      await turns()
      pending.shift()?.reject(new Error(`full ${round}`))
      await turns()
    }
    expect(saves()).toBe(2)
    expect(failures.map(String)).toEqual(['Error: full 0', 'Error: full 1'])
  })
})
