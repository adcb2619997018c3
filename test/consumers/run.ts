/**
 * The consumer matrix: pack the package, install it as an application does, build an app with each of four tool chains, and
 * run each in Chromium against a devnet. Prints one line a check; writes counts for `npm test`.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import type { Page } from 'playwright-core'
import ts from 'typescript'
import { startDemoOrigin, startDevnet } from '../../relay-server/devnet/index.ts'
import { type Chromium, launchChromium } from '../../tools/launch-chromium.ts'
import { startPageServer } from '../../tools/page-server.ts'
import { CONSUMER_APPS, type ConsumerApp } from './apps.ts'
import { installPacked } from './install-packed.ts'

interface Outcome {
  readonly name: string
  readonly error?: string
}

interface Parameters {
  readonly bootstrap: readonly string[]
  readonly unreachable: readonly string[]
  readonly url: string
  readonly sha256: string
  readonly wasmUrls?: { readonly strict: string; readonly relaxed: string }
  readonly ownWorkers: boolean
}

interface CheckedPage {
  checkPage(parameters: Parameters): Promise<Outcome[]>
  checkWorker(parameters: Parameters): Promise<Outcome[]>
}

const APP_TIMEOUT_MS = 120_000
const root = join(import.meta.dirname, '../..')
const installStarted = performance.now()
const folder = installPacked(root)
console.log(`packed and installed: ${Math.round(performance.now() - installStarted)} ms`)
try {
  const outcomes = [...checkTypes(folder), ...(await runApps())]
  for (const { name, error } of outcomes) console.log(error === undefined ? `ok    ${name}` : `FAIL  ${name}: ${error}`)
  const failed = outcomes.filter(({ error }) => error !== undefined).length
  writeCounts({ passed: outcomes.length - failed, failed, skipped: 0 })
  process.exitCode = failed === 0 ? 0 : 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function runApps(): Promise<Outcome[]> {
  await using ends = new AsyncDisposableStack()
  const site = await startDemoOrigin()
  ends.defer(() => site.stop())
  const devnet = await startDevnet({ relays: 4, exits: 1, localOrigins: [`127.0.0.1:${site.port}`] })
  ends.defer(() => devnet.stop())
  const chromium = ends.use(await launchChromium())
  const server = ends.use(await startPageServer({ rootDir: folder }))
  const url = `${site.url}/bytes?n=300000`
  const body = new Uint8Array(await (await fetch(url)).arrayBuffer())
  const parameters: Omit<Parameters, 'ownWorkers'> = {
    bootstrap: devnet.bootstrap,
    unreachable: [await deadAddress(devnet.bootstrap[0] ?? '')],
    url,
    sha256: createHash('sha256').update(body).digest('hex')
  }
  const outcomes: Outcome[] = []
  for (const app of CONSUMER_APPS) {
    const started = performance.now()
    outcomes.push(...(await runApp(app, chromium, server.origin, parameters)))
    console.log(`${app.name}: ${Math.round(performance.now() - started)} ms`)
  }
  return outcomes
}

async function runApp(
  app: ConsumerApp,
  chromium: Chromium,
  origin: string,
  parameters: Omit<Parameters, 'ownWorkers'>
): Promise<Outcome[]> {
  try {
    await app.build(folder)
  } catch (error) {
    return [{ name: `${app.name}: builds`, error: String(error) }]
  }
  const context = await chromium.newContext(origin)
  try {
    const page = await context.newPage()
    const broken = pageFailure(page)
    const { wasmFolder, ownWorkers } = app
    const given = { ...parameters, ownWorkers, ...(wasmFolder === undefined ? {} : { wasmUrls: wasmUrls(wasmFolder) }) }
    await page.goto(`${origin}${app.page}`)
    return [
      { name: `${app.name}: builds` },
      ...(await outcomesOf(`${app.name}, page`, broken, inPage(page, 'checkPage', given))),
      ...(app.hasWorker ? await outcomesOf(`${app.name}, worker`, broken, inPage(page, 'checkWorker', given)) : [])
    ]
  } catch (error) {
    return [{ name: `${app.name}: runs`, error: String(error) }]
  } finally {
    await context.close()
  }
}

function wasmUrls(folder: string): NonNullable<Parameters['wasmUrls']> {
  return { strict: `${folder}/rlnc-strict.wasm`, relaxed: `${folder}/rlnc-relaxed.wasm` }
}

async function inPage(page: Page, check: keyof CheckedPage, parameters: Parameters): Promise<Outcome[]> {
  await page.waitForFunction('globalThis.checkPage !== undefined')
  return page.evaluate(([name, given]) => (globalThis as unknown as CheckedPage)[name](given), [
    check,
    parameters
  ] as const)
}

async function outcomesOf(where: string, broken: Promise<never>, run: Promise<Outcome[]>): Promise<Outcome[]> {
  try {
    const outcomes = await Promise.race([run, broken, timeout(APP_TIMEOUT_MS)])
    return outcomes.map(outcome => ({ ...outcome, name: `${where}: ${outcome.name}` }))
  } catch (error) {
    return [{ name: `${where}: runs`, error: String(error) }]
  }
}

function pageFailure(page: Page): Promise<never> {
  const failure = new Promise<never>((_, reject) => {
    page.once('crash', () => reject(new Error('the page crashed')))
    page.once('pageerror', reject)
  })
  failure.catch(() => {}) // it is raced against each check; between two of them nobody listens
  return failure
}

function timeout(milliseconds: number): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`nothing within ${milliseconds} ms`)), milliseconds).unref()
  })
}

/** A bootstrap address like `address`, on a port where nobody listens. */
async function deadAddress(address: string): Promise<string> {
  const server = createServer()
  const port = await new Promise<number>(resolve => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port))
  })
  await new Promise(resolve => server.close(resolve))
  return address.replace(/\/tcp\/\d+/, `/tcp/${port}`)
}

/** The declarations, compiled as an application does under both module resolutions in use. */
function checkTypes(consumer: string): Outcome[] {
  const modes = [
    ['bundler', ts.ModuleKind.ESNext, ts.ModuleResolutionKind.Bundler],
    ['nodenext', ts.ModuleKind.NodeNext, ts.ModuleResolutionKind.NodeNext]
  ] as const
  return modes.map(([name, module, moduleResolution]) => {
    const program = ts.createProgram([join(consumer, 'src/types.ts')], {
      module,
      moduleResolution,
      target: ts.ScriptTarget.ES2023,
      lib: ['lib.es2024.d.ts', 'lib.esnext.disposable.d.ts', 'lib.dom.d.ts', 'lib.dom.asynciterable.d.ts'],
      types: [],
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: true,
      noEmit: true
    })
    const errors = ts
      .getPreEmitDiagnostics(program)
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '))
    return { name: `types, ${name}`, ...(errors.length > 0 ? { error: errors.join('; ') } : {}) }
  })
}

function writeCounts(counts: { passed: number; failed: number; skipped: number }): void {
  const file = process.env.TEST_RESULTS_FILE
  if (file === undefined) return
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `${JSON.stringify(counts)}\n`)
}
