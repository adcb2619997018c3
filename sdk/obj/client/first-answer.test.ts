import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../../test/kit/manual-clock.ts'
import { CraftecError } from '../../errors/index.ts'
import { firstAnswer } from './first-answer.ts'

/** Those who are asked answer when the test says so. */
function people(...names: readonly string[]) {
  const clock = new ManualClock()
  const stop = new AbortController()
  const asked: string[] = []
  const left: string[] = []
  const answers = new Map(names.map(name => [name, Promise.withResolvers<{ name: string } | undefined>()]))
  const ask = (name: string, signal: AbortSignal): Promise<{ name: string } | undefined> => {
    asked.push(name)
    const answer = answers.get(name)
    signal.addEventListener('abort', () => {
      left.push(name)
      answer?.reject(new CraftecError('aborted', 'no longer wanted'))
    })
    if (!answer) throw new Error('whom?')
    return answer.promise.finally(() => answers.delete(name))
  }
  const all = async function* (): AsyncGenerator<string, void, undefined> {
    yield* names
  }
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
  }
  return {
    asked,
    left,
    start: (patienceMs: number | undefined, candidates = all()) =>
      firstAnswer(candidates, ask, { clock, signal: stop.signal, patienceMs }),
    pass: async (ms: number) => {
      await settle()
      clock.advance(ms)
      await settle()
    },
    say: (name: string, yes: boolean) => answers.get(name)?.resolve(yes ? { name } : undefined),
    stop: () => stop.abort(new CraftecError('aborted', 'enough'))
  }
}

describe('asking until somebody has it', () => {
  it('asks the next one when one does not have it, and nobody after the answer', async () => {
    const { asked, start, say, pass } = people('a', 'b', 'c')
    const answer = start(undefined)
    await pass(60_000)
    expect(asked).toEqual(['a'])
    say('a', false)
    await pass(0)
    expect(asked).toEqual(['a', 'b'])
    say('b', true)
    expect(await answer).toEqual({ name: 'b' })
    expect(asked).toEqual(['a', 'b'])
  })

  it('asks the next one beside who is slow, takes whichever answer is first, and lets the others go', async () => {
    const { asked, left, start, say, pass } = people('a', 'b', 'c')
    const answer = start(1_000)
    await pass(999)
    expect(asked).toEqual(['a'])
    await pass(1)
    expect(asked).toEqual(['a', 'b'])
    say('b', true)
    expect(await answer).toEqual({ name: 'b' })
    expect(left).toContain('a')
    expect(asked).toEqual(['a', 'b'])
  })

  it('still takes the answer of who was slow', async () => {
    const { start, say, pass } = people('a', 'b')
    const answer = start(1_000)
    await pass(1_000)
    say('b', false)
    await pass(60_000)
    say('a', true)
    expect(await answer).toEqual({ name: 'a' })
  })

  it('never asks more than four at once', async () => {
    const names = Array.from({ length: 9 }, (_, index) => `${index}`)
    const { asked, start, say, pass } = people(...names)
    const answer = start(10)
    for (let time = 0; time < 20; time++) await pass(10)
    expect(asked.length).toBe(4)
    for (const name of names) {
      say(name, false)
      await pass(10)
    }
    expect(await answer).toBeUndefined()
    expect(asked).toEqual(names)
  })

  it('does not wait for more candidates once it has the answer', async () => {
    const { start, say, pass } = people('a')
    const answer = start(
      1_000,
      (async function* () {
        yield 'a'
        await new Promise(() => {})
      })()
    )
    await pass(5_000)
    say('a', true)
    expect(await answer).toEqual({ name: 'a' })
  })

  it('fails when it is no longer wanted, or when the search fails', async () => {
    const { start, stop, pass } = people('a')
    const answer = start(1_000)
    await pass(0)
    stop()
    await expect(answer).rejects.toMatchObject({ code: 'aborted' })
    const search = (async function* (): AsyncGenerator<string, void, undefined> {
      yield* []
      throw new CraftecError('invalid-argument', 'no such search')
    })()
    await expect(people().start(1_000, search)).rejects.toMatchObject({ code: 'invalid-argument' })
  })
})
