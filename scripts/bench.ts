/**
 * `npm run bench -- SUITE [--browser]`: run test/bench/SUITE.ts in Node or in Chromium. A table goes to standard error; the
 * last line of standard output is one JSON object. Exit code 0 only if every row passes.
 * A suite may have a second part (see PARTS), which is run after it in a process, and a browser, of its own.
 * A suite that needs servers has a Node half, test/bench/SUITE.serve.ts, which runs in Node either way.
 */
import { spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Page } from 'playwright-core'
import { type BenchSuite, type RowResult, runSuite, type SuiteResult } from '../test/bench/harness.ts'
import { startPageServer } from '../tools/page-server.ts'
import { launchPersistentChromium } from '../tools/persistent-chromium.ts'

interface NodeHalf {
  /** Plain data for `suite.open`, and what ends it. */
  serve(): Promise<{ parameters: unknown; close(): Promise<void> }>
}

/** Suites whose rows belong to another's result, but whose measurements must not meet what that leaves in its process. */
const PARTS: Readonly<Record<string, readonly string[]>> = { rlnc: ['rlnc-pool'] }

const root = join(import.meta.dirname, '..')
const folder = join(root, 'test/bench')
const inBrowser = process.argv.includes('--browser')
const name = process.argv.slice(2).find(argument => !argument.startsWith('--'))

if (name === undefined || !suiteNames().includes(name)) {
  console.error(`usage: npm run bench -- SUITE [--browser]\nsuites: ${suiteNames().join(', ') || 'none yet'}`)
  process.exit(2)
}

const own = await runOne(name)
console.error(table(own.rows))
const results = [own]
for (const part of PARTS[name] ?? []) results.push(await runApart(part))
const rows = results.flatMap(result => result.rows)
const code = rows.length > 0 && rows.every(({ pass }) => pass) ? 0 : 1
// Bundlers, and rivals that failed, keep a process alive; everything of ours has ended. A pipe loses what it has not taken by the exit.
process.stdout.write(`${JSON.stringify({ ...own, rows } satisfies SuiteResult)}\n`, () => process.exit(code))

async function runOne(suite: string): Promise<SuiteResult> {
  const half: NodeHalf | undefined = existsSync(join(folder, `${suite}.serve.ts`))
    ? await import(join(folder, `${suite}.serve.ts`))
    : undefined
  const served = await half?.serve()
  try {
    return await (inBrowser ? runInChromium : runInNode)(suite, served?.parameters)
  } finally {
    await served?.close()
  }
}

/** It prints its own table. @throws Error when it ends without a result, which is the last line it prints */
async function runApart(suite: string): Promise<SuiteResult> {
  const child = spawn(process.execPath, [import.meta.filename, suite, ...(inBrowser ? ['--browser'] : [])], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  const output = await text(child.stdout)
  const last = output.trimEnd().split('\n').at(-1)
  if (!last?.startsWith('{')) throw new Error(`${suite} ended without a result`)
  return JSON.parse(last)
}

function suiteNames(): string[] {
  return readdirSync(folder)
    .filter(file => /^[a-z0-9-]+\.ts$/.test(file) && file !== 'harness.ts')
    .map(file => file.slice(0, -'.ts'.length))
}

async function runInNode(suite: string, parameters: unknown): Promise<SuiteResult> {
  const module: { suite: BenchSuite } = await import(join(folder, `${suite}.ts`))
  return runSuite(module.suite, parameters, { ...machine(), runtime: `node ${process.versions.node}` })
}

async function runInChromium(suite: string, parameters: unknown): Promise<SuiteResult> {
  const imports = `import { runSuite } from '/test/bench/harness.ts'
    import { suite } from '/test/bench/${suite}.ts'`
  const html = `<!doctype html><title>${suite}</title><script type="module">
    ${imports}
    globalThis.runBench = (...given) => suite.inWorker ? inWorker(given) : runSuite(suite, ...given)
    const inWorker = given => new Promise((resolve, reject) => {
      const worker = new Worker('/bench-worker.js', { type: 'module' })
      worker.onerror = event => reject(new Error('the worker failed: ' + event.message))
      worker.onmessage = ({ data }) => data.error === undefined ? resolve(data.result) : reject(new Error(data.error))
      worker.postMessage(given)
    })
  </script>`
  const worker = `${imports}
    onmessage = ({ data }) => runSuite(suite, ...data)
      .then(result => postMessage({ result }), error => postMessage({ error: String(error) }))`
  const files = { '/': html, '/bench-worker.js': worker }
  await using server = await startPageServer({ rootDir: root, files, bundle: true, isolated: true })
  await using chromium = await launchPersistentChromium(server.origin)
  const page = await chromium.context.newPage()
  const environment = { ...machine(), runtime: `chromium ${chromium.version}` }
  const run = async (): Promise<SuiteResult> => {
    await page.goto(server.origin)
    await page.waitForFunction('globalThis.runBench !== undefined')
    return page.evaluate(([given, about]) => (globalThis as unknown as BenchPage).runBench(given, about), [
      parameters,
      environment
    ] as const)
  }
  // Awaited here: what `await using` holds must live until the run ends.
  return await Promise.race([run(), pageFailure(page)])
}

function pageFailure(page: Page): Promise<never> {
  return new Promise((_, reject) => {
    page.once('crash', () => reject(new Error('the page crashed')))
    page.once('pageerror', reject)
  })
}

interface BenchPage {
  runBench(parameters: unknown, environment: SuiteResult['environment']): Promise<SuiteResult>
}

function machine(): SuiteResult['environment'] {
  return { platform: `${process.platform}-${process.arch}`, cpu: cpus()[0]?.model ?? 'unknown', cpus: cpus().length }
}

function table(rows: readonly RowResult[]): string {
  const lines = rows.map(row => {
    const baseline =
      row.baseline === null ? '' : `${row.baselineFigure ?? '-'} (${row.baseline}), ratio ${row.ratio ?? '-'}`
    return [
      row.pass ? 'ok  ' : 'FAIL',
      row.id.padEnd(32),
      `${row.figure ?? '-'} ${row.unit}`.padEnd(18),
      baseline.padEnd(40),
      row.bar ?? '',
      row.error ?? ''
    ].join('  ')
  })
  return lines.map(line => line.trimEnd()).join('\n')
}
