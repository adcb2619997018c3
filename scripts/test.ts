/**
 * `npm test`: the checks of the project, stage by stage. The last line is "N passed, N failed[, N skipped]"; the exit code
 * is 1 when anything failed. `npm test -- unit browser` runs these stages only, `npm test -- all` the long ones too; what follows
 * a second `--` goes to the stage's command: `npm test -- unit -- sdk/codec`.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runCommand } from '../tools/run-command.ts'
import {
  add,
  type Counts,
  countVitest,
  describeCounts,
  judge,
  NOTHING,
  vitestFailures
} from '../tools/stage-results.ts'
import { type Check, chooseStages, RESULTS_FOLDER, runInLanes, type Stage } from '../tools/test-stages.ts'

const root = join(import.meta.dirname, '..')
const SHOWN_LINES = 60
/** Vitest's headings for what went wrong beside the tests: a worker that died, an error nobody caught. */
const OUTSIDE_TESTS = /Unhandled (Errors|Rejection)|Worker .*(exited|terminated)|Failed to start|Segmentation fault/
const interrupted = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interrupted.abort())

process.exitCode = await main(process.argv.slice(2))

async function main(args: readonly string[]): Promise<number> {
  const split = args.indexOf('--')
  const names = split === -1 ? args : args.slice(0, split)
  const extra = split === -1 ? [] : args.slice(split + 1)
  let stages: readonly Stage[]
  try {
    stages = chooseStages(names)
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    return 1
  }
  mkdirSync(join(root, RESULTS_FOLDER), { recursive: true })
  const started = performance.now()
  let total = NOTHING
  await runInLanes(stages, async stage => {
    if (interrupted.signal.aborted) return
    const counts = await runStage(stage, names.includes(stage.name) ? extra : [])
    total = add(total, counts)
  })
  console.log(`\n${seconds(performance.now() - started)} in all`)
  if (interrupted.signal.aborted) total = { ...total, failed: total.failed + 1 }
  console.log(describeCounts(total))
  return total.failed === 0 ? 0 : 1
}

async function runStage(stage: Stage, extra: readonly string[]): Promise<Counts> {
  let sum = NOTHING
  for (const check of stage.checks) {
    const { counts, milliseconds, output, failures } = await runCheck(check, stage.timeoutMs, extra)
    const label = `${stage.name}: ${check.name}`.padEnd(26)
    const verdict = counts.failed === 0 ? 'ok  ' : 'FAIL'
    console.log(`${verdict}  ${label} ${describeCounts(counts).padEnd(36)} ${seconds(milliseconds).padStart(8)}`)
    if (counts.failed > 0) showFailure(`${stage.name}-${check.name}`, output, failures)
    sum = add(sum, counts)
  }
  return sum
}

async function runCheck(
  check: Check,
  timeoutMs: number,
  extra: readonly string[]
): Promise<{ counts: Counts; milliseconds: number; output: string; failures: readonly string[] }> {
  const { report } = check
  const env: Record<string, string> = { NO_COLOR: '1', FORCE_COLOR: '0' }
  if (report !== undefined) {
    rmSync(join(root, report.file), { force: true })
    env.TEST_RESULTS_FILE = join(root, report.file)
  }
  const result = await runCommand([...check.argv, ...extra], { cwd: root, timeoutMs, env, signal: interrupted.signal })
  if (report === undefined) {
    const counts = { ...NOTHING, [result.code === 0 ? 'passed' : 'failed']: 1 }
    return { counts, milliseconds: result.milliseconds, output: result.output, failures: [] }
  }
  const { counts, failures } = readReport(report)
  return { counts: judge(result.code, counts), milliseconds: result.milliseconds, output: result.output, failures }
}

function readReport(report: NonNullable<Check['report']>): { counts?: Counts; failures: readonly string[] } {
  try {
    const value = JSON.parse(readFileSync(join(root, report.file), 'utf8'))
    if (report.format !== 'vitest') return { counts: value, failures: [] }
    return { counts: countVitest(value), failures: vitestFailures(value) }
  } catch {
    return { failures: [] }
  }
}

/** What failed first, then the errors outside of tests, then the end of the output; all of it is in a file. */
function showFailure(name: string, output: string, failures: readonly string[]): void {
  const file = `${RESULTS_FOLDER}/${name.replaceAll(' ', '-')}.log`
  writeFileSync(join(root, file), output)
  const lines = output.trimEnd().split('\n')
  const outside = lines.findIndex(line => OUTSIDE_TESTS.test(line))
  show('failed', failures.join('\n\n').split('\n').slice(0, SHOWN_LINES))
  show('errors outside of tests', outside === -1 ? [] : lines.slice(outside, outside + SHOWN_LINES))
  show(`end of ${file}, ${lines.length} lines`, lines.slice(-SHOWN_LINES))
}

function show(title: string, lines: readonly string[]): void {
  if (lines.every(line => line === '')) return
  console.log(`      | -- ${title}\n${lines.map(line => `      | ${line}\n`).join('')}`)
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`
}
