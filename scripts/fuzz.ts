/**
 * `npm run fuzz -- tls [--seconds 60] [--seed N] [--case N]`: mutated server flights until the time is over. A case is its
 * seed and its number: what fails is printed, kept in .cache/fuzz, and repeated with --seed and --case. (The keys are new in
 * every run; what is mutated, and where, is not.)
 */
import { randomInt } from 'node:crypto'
import { appendFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createFlightFuzzer, type Verdict } from '../test/tls/flight-fuzzer.ts'

const WARM_UP_CASES = 5_000
/** Garbage that was not collected yet looks like growth; a leak of a flight a case would pass this within a minute. */
const MAX_GROWTH_BYTES = 128 * 1024 * 1024
const MAX_FAILURES = 10
const REPORT_MS = 10_000
const keptIn = join(import.meta.dirname, '../.cache/fuzz')

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: 'string' }, seed: { type: 'string' }, case: { type: 'string' } }
})
const seconds = Number(values.seconds ?? 60)
const seed = Number(values.seed ?? randomInt(2 ** 31 - 1))
const only = values.case === undefined ? undefined : Number(values.case)
if (positionals[0] !== 'tls' || ![seconds, seed, only ?? 0].every(number => number >= 0)) {
  console.error('usage: npm run fuzz -- tls [--seconds 60] [--seed N] [--case N]')
  process.exit(2)
}
process.exitCode = await fuzz()

async function fuzz(): Promise<number> {
  const fuzzer = await createFlightFuzzer()
  const counts = new Map<string, number>()
  const failures: string[] = []
  const note = (verdict: Verdict, number: number): void => {
    const kind = verdict.kind === 'refused' ? verdict.code : verdict.kind
    counts.set(kind, (counts.get(kind) ?? 0) + 1)
    if (verdict.kind !== 'wrong') return
    failures.push(`--seed ${seed} --case ${number}: ${verdict.what}`)
    console.error(failures.at(-1))
  }
  if (only !== undefined) {
    const verdict = await fuzzer.run(seed, only)
    console.log(verdict)
    return verdict.kind === 'wrong' ? 1 : 0
  }
  console.error(`seed ${seed}, ${seconds} s`)
  const started = performance.now()
  let reported = started
  let warmBytes: number | undefined
  let number = 0
  for (; performance.now() - started < seconds * 1000 && failures.length < MAX_FAILURES; number++) {
    note(await fuzzer.run(seed, number), number)
    if (number === WARM_UP_CASES) warmBytes = process.memoryUsage().rss
    if (performance.now() - reported < REPORT_MS) continue
    reported = performance.now()
    console.error(`${number} flights`)
  }
  const elapsedSeconds = (performance.now() - started) / 1000
  const growthBytes = warmBytes === undefined ? 0 : process.memoryUsage().rss - warmBytes
  if (growthBytes > MAX_GROWTH_BYTES) failures.push(`memory grew by ${growthBytes} bytes in ${number} flights`)
  if (failures.length > 0) {
    mkdirSync(keptIn, { recursive: true })
    appendFileSync(join(keptIn, 'tls-failures.txt'), `${failures.join('\n')}\n`)
  }
  console.log(
    JSON.stringify({
      seed,
      flights: number,
      perSecond: Math.round(number / elapsedSeconds),
      verdicts: Object.fromEntries(counts),
      growthMiB: Math.round(growthBytes / 2 ** 20),
      failures: failures.length
    })
  )
  return failures.length === 0 ? 0 : 1
}
