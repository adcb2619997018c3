import { describe, expect, it } from 'vitest'
import { type BenchRow, type BenchSuite, inARow, type Measurement, median, runSuite } from './harness.ts'

const environment = { runtime: 'test' }

/** A measurement that answers with `figures`, one a round, and writes down when it ran. */
function scripted(id: string, figures: readonly (number | readonly number[])[], log: string[] = []): Measurement {
  let round = 0
  return {
    id,
    unit: 'MB/s',
    run: async () => {
      log.push(id)
      const figure = figures[round++]
      if (figure === undefined) throw new Error('no more figures')
      return figure
    }
  }
}

function suiteOf(rows: readonly BenchRow[], options: Partial<BenchSuite> = {}): BenchSuite {
  return { name: 'scripted', rounds: 3, timeoutMs: 1_000, open: async () => ({ rows }), ...options }
}

describe('runSuite', () => {
  it('runs every measurement once a round, in an order that rotates', async () => {
    const log: string[] = []
    const [a, b] = [scripted('a', [1, 1, 1], log), scripted('b', [1, 1, 1], log)]
    await runSuite(suiteOf([{ measurement: a, baseline: b }]), undefined, environment)
    expect(log).toEqual(['a', 'b', 'b', 'a', 'a', 'b'])
  })

  it('takes the middle one of several in a row, each round', async () => {
    const cold = inARow(scripted('cold', [1, 9, 8, 2, [4, 6], 7]), 3)
    const { rows } = await runSuite(suiteOf([{ measurement: cold }], { rounds: 2 }), undefined, environment)
    expect(rows).toMatchObject([{ id: 'cold', figure: 6.5 }])
  })

  it('reports medians, and the median of the ratios of each round', async () => {
    const fast = scripted('fast', [10, 100, 12])
    const raw = scripted('raw', [20, 50, 12])
    const { rows } = await runSuite(suiteOf([{ measurement: fast, baseline: raw }]), undefined, environment)
    expect(rows).toEqual([
      {
        id: 'fast',
        figure: 12,
        unit: 'MB/s',
        baseline: 'raw',
        baselineFigure: 20,
        ratio: 1,
        bar: null,
        pass: true
      }
    ])
  })

  it('holds figures and ratios against their bars', async () => {
    const row = (bar: BenchRow['bar']): BenchRow => ({
      measurement: scripted('x', [10, 10, 10]),
      baseline: scripted('base', [20, 20, 20]),
      ...(bar ? { bar } : {})
    })
    const { rows } = await runSuite(
      suiteOf([
        row({ of: 'figure', atLeast: 10 }),
        row({ of: 'figure', atLeast: 10.1 }),
        row({ of: 'figure', atMost: 9 }),
        row({ of: 'ratio', atLeast: 0.5, atMost: 0.5 }),
        row({ of: 'ratio', atLeast: 0.7 })
      ]),
      undefined,
      environment
    )
    expect(rows.map(({ bar, pass }) => [bar, pass])).toEqual([
      ['figure >= 10', true],
      ['figure >= 10.1', false],
      ['figure <= 9', false],
      ['ratio >= 0.5 and ratio <= 0.5', true],
      ['ratio >= 0.7', false]
    ])
  })

  it('refuses a bar that cannot fail', async () => {
    const rows: BenchRow[] = [{ measurement: scripted('x', [1, 1, 1]), bar: { of: 'figure' } }]
    await expect(runSuite(suiteOf(rows), undefined, environment)).rejects.toThrow(RangeError)
  })

  it('does not count rounds that warm up', async () => {
    const rows: BenchRow[] = [{ measurement: scripted('x', [1000, 5, 5]) }]
    const { rows: results } = await runSuite(suiteOf(rows, { rounds: 2, warmUpRounds: 1 }), undefined, environment)
    expect(results[0]?.figure).toBe(5)
  })

  it('takes several samples of one round as their median', async () => {
    const rows: BenchRow[] = [{ measurement: scripted('x', [[1, 2, 90], [3], [3, 3]]) }]
    expect((await runSuite(suiteOf(rows), undefined, environment)).rows[0]?.figure).toBe(3)
  })

  it('fails the row of a measurement that throws, gives no number or hangs, and goes on with the rest', async () => {
    let signal: AbortSignal | undefined
    const hangs: Measurement = {
      id: 'hangs',
      unit: 'ms',
      run: given => {
        signal = given
        return new Promise(() => {})
      }
    }
    const good = scripted('good', [1, 1, 1])
    const { rows } = await runSuite(
      suiteOf(
        [
          { measurement: scripted('throws', [1]) },
          { measurement: scripted('not a number', [Number.NaN]) },
          { measurement: scripted('nothing', [[]]) },
          { measurement: hangs },
          { measurement: good, baseline: hangs },
          { measurement: good }
        ],
        { timeoutMs: 20 }
      ),
      undefined,
      environment
    )
    expect(rows.map(({ pass }) => pass)).toEqual([false, false, false, false, false, true])
    expect(rows[0]).toMatchObject({ figure: null, error: 'Error: no more figures' })
    expect(rows[3]?.error).toContain('no figure within 20 ms')
    expect(signal?.aborted).toBe(true)
  })

  it('closes what the suite opened, whatever happened, and hands the parameters over', async () => {
    const seen: unknown[] = []
    const suite = suiteOf([], {
      open: async parameters => {
        seen.push(parameters)
        return { rows: [{ measurement: scripted('x', []) }], close: async () => void seen.push('closed') }
      }
    })
    await runSuite(suite, { port: 1 }, environment)
    expect(seen).toEqual([{ port: 1 }, 'closed'])
  })
})

describe('median', () => {
  it('is the middle value', () => {
    expect(median([])).toBeUndefined()
    expect(median([7])).toBe(7)
    expect(median([9, 1, 5])).toBe(5)
    expect(median([1, 2, 3, 10])).toBe(2.5)
  })
})
