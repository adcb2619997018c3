import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { bundleRelay, RELAY_PROGRAMS } from '../bundle-relay.ts'
import { cachedBundle } from './cached-bundle.ts'

export interface RelayProgram {
  /** A script for Node: the same command line that operators run. */
  readonly path: string
  /** Where Node may keep what it compiled of it, for `NODE_COMPILE_CACHE`. */
  readonly compileCache?: string
}

/** These find their own files at run time. */
const EXTERNAL = ['pino', 'prom-client', 'reflect-metadata']
/** Inside the package, so that what stays external is found; under node_modules, where no tool takes it for source. */
const CACHE = new URL('../node_modules/.cache/devnet/', import.meta.url)

/**
 * In the published build that is `cli.js`, beside this module. From source it is bundled into one file first, unless the last bundle was made
 * from the same files: that takes a second of one core, and saves each process as much in loading modules and stripping types. What Node
 * compiled is kept beside it, which saves a quarter of the rest.
 */
export async function relayProgram(): Promise<RelayProgram> {
  if (!import.meta.url.endsWith('.ts')) return { path: fileURLToPath(new URL('./cli.js', import.meta.url)) }
  const folder = await cachedBundle(CACHE, makeBundle)
  return { path: fileURLToPath(new URL('cli.js', folder)), compileCache: fileURLToPath(new URL('compiled/', folder)) }
}

async function makeBundle(folder: URL): Promise<readonly string[]> {
  await writeFile(new URL('package.json', folder), '{ "type": "module" }\n')
  return bundleRelay({ entries: RELAY_PROGRAMS, folder, external: EXTERNAL, splitting: false })
}
