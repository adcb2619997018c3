/**
 * The benchmark harness. Rounds are interleaved: every round runs every measurement once, in an order that rotates, so that
 * a busy machine, a warm cache or a slow minute hits all of them alike. Figures are medians over rounds; a ratio is the
 * median of the ratios of each round, which on a shared machine is steadier than the ratio of two medians.
 * Runs unchanged in Node and in a page: nothing of either is used here.
 */
export interface Measurement {
  readonly id: string
  /** What the figure is: 'MB/s', 'ms', 'connected'. */
  readonly unit: string
  /** One round: the figure, or several samples of it. */
  run(signal: AbortSignal): Promise<number | readonly number[]>
}

export interface Bar {
  readonly of: 'figure' | 'ratio'
  readonly atLeast?: number
  readonly atMost?: number
}

export interface BenchRow {
  readonly measurement: Measurement
  /** Measured in the same rounds; the row's ratio is measurement / baseline. */
  readonly baseline?: Measurement
  /** What the row must reach; without one a row only has to be measurable. */
  readonly bar?: Bar
}

export interface Bench {
  readonly rows: readonly BenchRow[]
  close?(): Promise<void>
}

export interface BenchSuite<Parameters = unknown> {
  readonly name: string
  readonly rounds: number
  /** Rounds before those that count. */
  readonly warmUpRounds?: number
  /** Bound of one call of a measurement's `run`. */
  readonly timeoutMs: number
  /** With --browser: run in a module worker, not in the page. */
  readonly inWorker?: boolean
  /** `parameters` are what the suite's Node half (`NAME.serve.ts`) hands over, as JSON; undefined when it has none. */
  open(parameters: Parameters): Promise<Bench>
}

export interface RowResult {
  readonly id: string
  readonly figure: number | null
  readonly unit: string
  readonly baseline: string | null
  readonly baselineFigure: number | null
  readonly ratio: number | null
  readonly bar: string | null
  readonly pass: boolean
  /** Why there is no figure. */
  readonly error?: string
}

export interface SuiteResult {
  readonly suite: string
  readonly environment: Readonly<Record<string, string | number>>
  readonly rows: readonly RowResult[]
}

type Rounds = Map<Measurement, (number | undefined)[]>

/** Run a suite to the end. A measurement that throws or exceeds its time fails its rows; the others are still measured. */
export async function runSuite<Parameters>(
  suite: BenchSuite<Parameters>,
  parameters: Parameters,
  environment: SuiteResult['environment']
): Promise<SuiteResult> {
  const bench = await suite.open(parameters)
  const rounds: Rounds = new Map()
  const errors = new Map<Measurement, string>()
  try {
    for (const { measurement, baseline } of bench.rows) {
      rounds.set(measurement, [])
      if (baseline) rounds.set(baseline, [])
    }
    const warmUp = suite.warmUpRounds ?? 0
    for (let round = 0; round < warmUp + suite.rounds; round++) {
      for (const measurement of rotate([...rounds.keys()], round)) {
        if (errors.has(measurement)) continue
        try {
          const figure = median(samples(await bounded(measurement, suite.timeoutMs)))
          if (round >= warmUp) rounds.get(measurement)?.push(figure)
        } catch (error) {
          errors.set(measurement, error instanceof Error ? `${error.name}: ${error.message}` : String(error))
        }
      }
    }
  } finally {
    await bench.close?.()
  }
  return { suite: suite.name, environment, rows: bench.rows.map(row => rowResult(row, rounds, errors)) }
}

function rowResult(row: BenchRow, rounds: Rounds, errors: ReadonlyMap<Measurement, string>): RowResult {
  const { measurement, baseline, bar } = row
  const error = errors.get(measurement) ?? (baseline && errors.get(baseline))
  const figures = rounds.get(measurement) ?? []
  const baselineFigures = (baseline && rounds.get(baseline)) ?? []
  const figure = errors.has(measurement) ? undefined : median(figures)
  const ratio = median(figures.map((value, round) => divide(value, baselineFigures[round])))
  const judged = bar?.of === 'ratio' ? ratio : figure
  return {
    id: measurement.id,
    figure: rounded(figure),
    unit: measurement.unit,
    baseline: baseline?.id ?? null,
    baselineFigure: rounded(median(baselineFigures)),
    ratio: error === undefined ? rounded(ratio) : null,
    bar: bar ? describeBar(bar) : null,
    pass: error === undefined && meets(judged, bar),
    ...(error === undefined ? {} : { error })
  }
}

function meets(value: number | undefined, bar: Bar | undefined): boolean {
  if (value === undefined || !Number.isFinite(value)) return false
  return value >= (bar?.atLeast ?? Number.NEGATIVE_INFINITY) && value <= (bar?.atMost ?? Number.POSITIVE_INFINITY)
}

function describeBar({ of, atLeast, atMost }: Bar): string {
  const bounds = [
    ...(atLeast === undefined ? [] : [`${of} >= ${atLeast}`]),
    ...(atMost === undefined ? [] : [`${of} <= ${atMost}`])
  ]
  if (bounds.length === 0) throw new RangeError('a bar needs atLeast or atMost: one without cannot fail')
  return bounds.join(' and ')
}

/** The middle value, the mean of the two middle ones for an even count; undefined for none. */
export function median(values: readonly (number | undefined)[]): number | undefined {
  const sorted = values.filter(value => value !== undefined).sort((left, right) => left - right)
  const middle = sorted.length >> 1
  const [low, high] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle], sorted[middle]]
  return low === undefined || high === undefined ? undefined : (low + high) / 2
}

/** A count that takes long and does not vary from round to round is taken in the first only. */
export function onlyOnce(measurement: Measurement): Measurement {
  let first: Promise<number | readonly number[]> | undefined
  return {
    ...measurement,
    run: signal => {
      first ??= measurement.run(signal)
      return first
    }
  }
}

/**
 * The middle one of `times` in a row: minutes pass between two rounds of a long suite, in which the system takes memory back that the first
 * one has to ask for again. For both sides of a row, or neither.
 */
export function inARow(measurement: Measurement, times: number): Measurement {
  return {
    ...measurement,
    run: async signal => {
      const figures: number[] = []
      for (let time = 0; time < times; time++) figures.push(...samples(await measurement.run(signal)))
      return figures
    }
  }
}

function samples(result: number | readonly number[]): readonly number[] {
  const list = typeof result === 'number' ? [result] : result
  if (list.length === 0 || !list.every(Number.isFinite)) throw new RangeError(`not a figure: ${JSON.stringify(list)}`)
  return list
}

async function bounded(measurement: Measurement, timeoutMs: number): Promise<number | readonly number[]> {
  const controller = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = new Error(`${measurement.id}: no figure within ${timeoutMs} ms`)
      controller.abort(error)
      reject(error)
    }, timeoutMs)
  })
  try {
    return await Promise.race([measurement.run(controller.signal), late])
  } finally {
    clearTimeout(timer)
  }
}

function rotate<T>(list: readonly T[], by: number): T[] {
  const start = list.length === 0 ? 0 : by % list.length
  return [...list.slice(start), ...list.slice(0, start)]
}

function divide(value: number | undefined, by: number | undefined): number | undefined {
  return value === undefined || by === undefined || by === 0 ? undefined : value / by
}

/** Four significant digits: more would be noise. */
function rounded(value: number | undefined): number | null {
  return value === undefined || !Number.isFinite(value) ? null : Number(value.toPrecision(4))
}
