/**
 * `npm run fuzz -- tls [--flights 1000000] [--seconds 60] [--seed N] [--case N]`: mutated server flights until their number
 * or the time is reached. A case is its seed and its number, and the same bytes everywhere: what fails is printed, kept in
 * .cache/fuzz, and repeated with --seed and --case. Ends with 1 for an accepted or odd flight, a hang, or growing memory.
 */
import { randomInt } from 'node:crypto'
import { appendFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { Worker } from 'node:worker_threads'
import type { FuzzOrder, FuzzReport } from '../test/tls/fuzz-worker.ts'
import { judgeMemory, type MemorySample } from '../test/tls/memory-verdict.ts'

/** A case takes about a millisecond; a busy machine may stop everything for seconds. */
const HANG_MS = 30_000
const WATCH_MS = 1_000
const MAX_FAILURES = 10
const SAMPLES = 50
const MIN_SAMPLE_EVERY = 500
const MAX_SAMPLE_EVERY = 20_000
/** Only to space the samples. */
const LIKELY_PER_SECOND = 700
const keptIn = join(import.meta.dirname, '../.cache/fuzz')

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    flights: { type: 'string' },
    seconds: { type: 'string' },
    seed: { type: 'string' },
    case: { type: 'string' }
  }
})
const only = values.case === undefined ? undefined : Number(values.case)
const flights = only === undefined ? Number(values.flights ?? Number.MAX_SAFE_INTEGER) : 1
const seconds = Number(values.seconds ?? (values.flights === undefined ? 60 : Number.MAX_SAFE_INTEGER))
const seed = Number(values.seed ?? randomInt(2 ** 31 - 1))
if (positionals[0] !== 'tls' || ![seconds, seed, only ?? 0, flights].every(number => number >= 0)) {
  console.error('usage: npm run fuzz -- tls [--flights N] [--seconds 60] [--seed N] [--case N]')
  process.exit(2)
}
process.exitCode = await fuzz()

async function fuzz(): Promise<number> {
  const failures: string[] = []
  const fail = (what: string): void => {
    failures.push(what)
    console.error(what)
  }
  const samples: MemorySample[] = []
  const progress = new SharedArrayBuffer(4)
  const expected = Math.min(flights, seconds * LIKELY_PER_SECOND)
  const order: FuzzOrder = {
    seed,
    first: only ?? 0,
    count: flights,
    timeMs: seconds * 1000,
    progress,
    sampleEvery: Math.min(MAX_SAMPLE_EVERY, Math.max(MIN_SAMPLE_EVERY, Math.floor(expected / SAMPLES)))
  }
  setFlagsFromString('--expose-gc') // memory is judged after a collection
  const started = performance.now()
  const worker = new Worker(new URL('../test/tls/fuzz-worker.ts', import.meta.url), {
    workerData: order,
    // Else V8 widens its nursery for a hundred thousand flights, and growth hides behind that.
    resourceLimits: { maxYoungGenerationSizeMb: 16 }
  })
  let end: Extract<FuzzReport, { kind: 'end' }> | undefined
  worker.on('message', (report: FuzzReport) => {
    if (report.kind === 'end') end = report
    else if (report.kind === 'sample') {
      samples.push(report.memory)
      const { heapBytes, residentBytes } = report.memory
      const perSecond = Math.round(report.cases / ((performance.now() - started) / 1000))
      console.error(
        `${report.cases} flights, ${perSecond}/s, heap ${mib(heapBytes)}, resident ${mib(residentBytes)} MiB`
      )
    } else {
      fail(`--seed ${seed} --case ${report.caseNumber}: ${report.what}`)
      if (failures.length >= MAX_FAILURES) void worker.terminate()
    }
  })
  console.error(`seed ${seed}`)
  await watched(worker, new Int32Array(progress), fail)
  const memory = judgeMemory(samples)
  if (memory?.flat === false) fail(`--seed ${seed}: memory grew by ${JSON.stringify(memory)}`)
  if (end === undefined && failures.length === 0) fail(`--seed ${seed}: the thread ended early`)
  if (failures.length > 0) {
    mkdirSync(keptIn, { recursive: true })
    appendFileSync(join(keptIn, 'tls-failures.txt'), `${failures.join('\n')}\n`)
  }
  const elapsedSeconds = (performance.now() - started) / 1000
  console.log(
    JSON.stringify({
      seed,
      flights: end?.cases,
      repeatedOnWebCrypto: end?.repeated,
      seconds: Math.round(elapsedSeconds),
      perSecond: Math.round((end?.cases ?? 0) / elapsedSeconds),
      verdicts: end?.verdicts,
      memory: memory ?? 'too few flights to judge',
      failures: failures.length
    })
  )
  return failures.length === 0 ? 0 : 1
}

/** Resolves when the thread has ended, by itself or because it stood still. */
async function watched(worker: Worker, at: Int32Array, fail: (what: string) => void): Promise<void> {
  let last = -1
  let since = performance.now()
  const timer = setInterval(() => {
    const current = Atomics.load(at, 0)
    if (current !== last) {
      last = current
      since = performance.now()
    } else if (performance.now() - since > HANG_MS) {
      fail(`--seed ${seed} --case ${current}: hangs`)
      void worker.terminate()
    }
  }, WATCH_MS)
  try {
    await new Promise<void>(resolve => {
      worker.once('error', error => fail(`--seed ${seed} --case ${Atomics.load(at, 0)}: ${error.stack}`))
      worker.once('exit', code => {
        // 13: nothing is left to do, and the case still waits.
        if (code === 13) fail(`--seed ${seed} --case ${Atomics.load(at, 0)}: never settles`)
        resolve()
      })
    })
  } finally {
    clearInterval(timer)
  }
}

function mib(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1)
}
