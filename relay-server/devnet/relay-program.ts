import { randomUUID } from 'node:crypto'
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { bundleRelay, RELAY_PROGRAMS } from '../bundle-relay.ts'

export interface RelayProgram {
  /** A script for Node: the same command line that operators run. */
  readonly path: string
  /** Call when no process runs it any more. */
  remove(): Promise<void>
}

/** These find their own files at run time. */
const EXTERNAL = ['pino', 'prom-client', 'reflect-metadata']
const FORGOTTEN_AFTER_MS = 24 * 3600 * 1000

/**
 * In the published build that is `cli.js`, beside this module. From source it is bundled into one file first: that takes 0.3 s of one core
 * once, and saves each process a second of loading modules and stripping types (Node 24: 1.6 s to 0.6 s).
 */
export async function relayProgram(): Promise<RelayProgram> {
  if (!import.meta.url.endsWith('.ts')) {
    return { path: fileURLToPath(new URL('./cli.js', import.meta.url)), remove: async () => {} }
  }
  // Inside the package, so that what stays external is found; under node_modules, where no tool takes it for source.
  const cache = new URL('../node_modules/.cache/', import.meta.url)
  const folder = new URL(`devnet-${randomUUID()}/`, cache)
  await removeForgotten(cache)
  await mkdir(folder, { recursive: true })
  await writeFile(new URL('package.json', folder), '{ "type": "module" }\n')
  await bundleRelay({ entries: RELAY_PROGRAMS, folder, external: EXTERNAL, splitting: false })
  return { path: fileURLToPath(new URL('cli.js', folder)), remove: () => rm(folder, { recursive: true, force: true }) }
}

/** What devnets left behind that were killed. */
async function removeForgotten(cache: URL): Promise<void> {
  const names = await readdir(cache).catch(() => [])
  for (const name of names.filter(name => name.startsWith('devnet-'))) {
    const folder = new URL(`${name}/`, cache)
    const age = Date.now() - ((await stat(folder).catch(() => undefined))?.mtimeMs ?? Date.now())
    if (age > FORGOTTEN_AFTER_MS) await rm(folder, { recursive: true, force: true })
  }
}
