import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { bundleRelay, RELAY_PROGRAMS } from '../bundle-relay.ts'

export interface RelayProgram {
  /** A script for Node: the same command line that operators run. */
  readonly path: string
  /** Where Node may keep what it compiled of it, for `NODE_COMPILE_CACHE`. */
  readonly compileCache?: string
}

/** What the last bundle was made from, and where it lies. */
interface Made {
  readonly folder: string
  /** Modification time of every file that went into it, in milliseconds. */
  readonly inputs: Readonly<Record<string, number>>
}

/** These find their own files at run time. */
const EXTERNAL = ['pino', 'prom-client', 'reflect-metadata']
/** Inside the package, so that what stays external is found; under node_modules, where no tool takes it for source. */
const CACHE = new URL('../node_modules/.cache/devnet/', import.meta.url)
const LAST = new URL('last.json', CACHE)
const FORGOTTEN_AFTER_MS = 24 * 3600 * 1000

/**
 * In the published build that is `cli.js`, beside this module. From source it is bundled into one file first, unless the last bundle was made
 * from the same files: that takes a second of one core, and saves each process as much in loading modules and stripping types. What Node
 * compiled is kept beside it, which saves a quarter of the rest.
 */
export async function relayProgram(): Promise<RelayProgram> {
  if (!import.meta.url.endsWith('.ts')) return { path: fileURLToPath(new URL('./cli.js', import.meta.url)) }
  const folder = new URL(`${(await lastBundle()) ?? (await makeBundle())}/`, CACHE)
  return { path: fileURLToPath(new URL('cli.js', folder)), compileCache: fileURLToPath(new URL('compiled/', folder)) }
}

/** @returns its folder's name, if nothing has changed since */
async function lastBundle(): Promise<string | undefined> {
  try {
    const { folder, inputs }: Made = JSON.parse(await readFile(LAST, 'utf8'))
    const times = await modified(Object.keys(inputs))
    await stat(new URL(`${folder}/cli.js`, CACHE))
    return Object.entries(inputs).every(([path, time]) => times[path] === time) ? folder : undefined
  } catch {
    return undefined // there is none, or a file of it is gone
  }
}

/** Several may do this at once: each in a folder of its own, which takes its place only when it is whole. */
async function makeBundle(): Promise<string> {
  const started = Date.now()
  const fresh = new URL(`making-${randomUUID()}/`, CACHE)
  await mkdir(fresh, { recursive: true })
  await writeFile(new URL('package.json', fresh), '{ "type": "module" }\n')
  const files = await bundleRelay({ entries: RELAY_PROGRAMS, folder: fresh, external: EXTERNAL, splitting: false })
  const inputs = await modified(files)
  const folder = await digest(fresh)
  // the same bundle may be there already: then it stays, and so does what was compiled of it
  await rename(fresh, new URL(folder, CACHE)).catch(() => rm(fresh, { recursive: true, force: true }))
  // what was written meanwhile may be in the bundle or not
  if (Object.values(inputs).every(time => time < started)) await remember({ folder, inputs })
  await removeForgotten(folder)
  return folder
}

async function remember(made: Made): Promise<void> {
  const draft = new URL(`last-${randomUUID()}.json`, CACHE)
  await writeFile(draft, JSON.stringify(made))
  await rename(draft, LAST)
}

async function modified(paths: readonly string[]): Promise<Record<string, number>> {
  return Object.fromEntries(await Promise.all(paths.map(async path => [path, (await stat(path)).mtimeMs] as const)))
}

async function digest(folder: URL): Promise<string> {
  const hash = createHash('sha256')
  for (const name of (await readdir(folder)).sort()) hash.update(await readFile(new URL(name, folder)))
  return hash.digest('hex').slice(0, 16)
}

/** Older bundles, which no devnet that still runs was started from. */
async function removeForgotten(kept: string): Promise<void> {
  for (const name of await readdir(CACHE)) {
    const path = new URL(name, CACHE)
    const age = Date.now() - ((await stat(path).catch(() => undefined))?.mtimeMs ?? Date.now())
    if (name !== kept && age > FORGOTTEN_AFTER_MS) await rm(path, { recursive: true, force: true })
  }
}
