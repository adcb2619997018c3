/**
 * `npm test`: every check of the project, stage by stage. The last line is "N passed, N failed[, N skipped]"; the exit code
 * is 1 when anything failed. `npm test -- unit browser` runs these stages only; what follows a second `--` goes to the
 * stage's command: `npm test -- unit -- sdk/codec`.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runCommand } from '../tools/run-command.ts'
import { add, type Counts, countVitest, describeCounts, judge, NOTHING } from '../tools/stage-results.ts'
import { type Check, chooseStages, RESULTS_FOLDER, type Stage } from '../tools/test-stages.ts'

const root = join(import.meta.dirname, '..')
const SHOWN_LINES = 120
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
  for (const stage of stages) {
    if (interrupted.signal.aborted) break
    total = add(total, await runStage(stage, names.includes(stage.name) ? extra : []))
  }
  console.log(`\n${seconds(performance.now() - started)} in all`)
  if (interrupted.signal.aborted) total = { ...total, failed: total.failed + 1 }
  console.log(describeCounts(total))
  return total.failed === 0 ? 0 : 1
}

async function runStage(stage: Stage, extra: readonly string[]): Promise<Counts> {
  let sum = NOTHING
  for (const check of stage.checks) {
    const { counts, milliseconds, output } = await runCheck(check, stage.timeoutMs, extra)
    const label = `${stage.name}: ${check.name}`.padEnd(26)
    const verdict = counts.failed === 0 ? 'ok  ' : 'FAIL'
    console.log(`${verdict}  ${label} ${describeCounts(counts).padEnd(36)} ${seconds(milliseconds).padStart(8)}`)
    if (counts.failed > 0) showOutput(`${stage.name}-${check.name}`, output)
    sum = add(sum, counts)
  }
  return sum
}

async function runCheck(
  check: Check,
  timeoutMs: number,
  extra: readonly string[]
): Promise<{ counts: Counts; milliseconds: number; output: string }> {
  const { report } = check
  const env: Record<string, string> = { NO_COLOR: '1', FORCE_COLOR: '0' }
  if (report !== undefined) {
    rmSync(join(root, report.file), { force: true })
    env.TEST_RESULTS_FILE = join(root, report.file)
  }
  const result = await runCommand([...check.argv, ...extra], { cwd: root, timeoutMs, env, signal: interrupted.signal })
  const counts =
    report === undefined
      ? { ...NOTHING, [result.code === 0 ? 'passed' : 'failed']: 1 }
      : judge(result.code, readReport(report))
  return { counts, milliseconds: result.milliseconds, output: result.output }
}

function readReport(report: NonNullable<Check['report']>): Counts | undefined {
  try {
    const value = JSON.parse(readFileSync(join(root, report.file), 'utf8'))
    return report.format === 'vitest' ? countVitest(value) : value
  } catch {
    return undefined
  }
}

/** The end of what a failed check printed; all of it is in a file. */
function showOutput(name: string, output: string): void {
  const file = `${RESULTS_FOLDER}/${name.replaceAll(' ', '-')}.log`
  writeFileSync(join(root, file), output)
  const lines = output.trimEnd().split('\n')
  const shown = lines.slice(-SHOWN_LINES).map(line => `      | ${line}\n`)
  const left = lines.length - shown.length
  console.log(`${left > 0 ? `      | ... ${left} more lines in ${file}\n` : ''}${shown.join('')}`)
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`
}
