import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'

/** @param folder empty; @returns the files that went into what it wrote there */
export type MakeBundle = (folder: URL) => Promise<readonly string[]>

/** What the last bundle was made from, and where it lies. */
interface Made {
  readonly folder: string
  /** Modification time of every file that went into it, in milliseconds. */
  readonly inputs: Readonly<Record<string, number>>
}

const LAST = 'last.json'
const FORGOTTEN_AFTER_MS = 24 * 3600 * 1000

/**
 * The last bundle, unless a file of it has changed or is gone: then a new one. Several may do this at once.
 * @param cache a folder of its own, with a slash at the end
 * @returns the bundle's folder, named after what is in it
 */
export async function cachedBundle(cache: URL, make: MakeBundle): Promise<URL> {
  return new URL(`${(await lastBundle(cache)) ?? (await newBundle(cache, make))}/`, cache)
}

/** @returns its folder's name, if nothing has changed since */
async function lastBundle(cache: URL): Promise<string | undefined> {
  try {
    const { folder, inputs }: Made = JSON.parse(await readFile(new URL(LAST, cache), 'utf8'))
    const times = await modified(Object.keys(inputs))
    await stat(new URL(folder, cache))
    return Object.entries(inputs).every(([path, time]) => times[path] === time) ? folder : undefined
  } catch {
    return undefined // there is none, or a file of it is gone
  }
}

/** Made in a folder of its own, which takes its place only when it is whole. */
async function newBundle(cache: URL, make: MakeBundle): Promise<string> {
  const started = Date.now()
  const fresh = new URL(`making-${randomUUID()}/`, cache)
  await mkdir(fresh, { recursive: true })
  const inputs = await modified(await make(fresh))
  const folder = await digest(fresh)
  // the same bundle may be there already: then it stays, and so does what was compiled of it
  await rename(fresh, new URL(folder, cache)).catch(() => rm(fresh, { recursive: true, force: true }))
  // what was written meanwhile may be in the bundle or not
  if (Object.values(inputs).every(time => time < started)) await remember(cache, { folder, inputs })
  await removeForgotten(cache, folder)
  return folder
}

async function remember(cache: URL, made: Made): Promise<void> {
  const draft = new URL(`last-${randomUUID()}.json`, cache)
  await writeFile(draft, JSON.stringify(made))
  await rename(draft, new URL(LAST, cache))
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
async function removeForgotten(cache: URL, kept: string): Promise<void> {
  for (const name of await readdir(cache)) {
    const path = new URL(name, cache)
    const age = Date.now() - ((await stat(path).catch(() => undefined))?.mtimeMs ?? Date.now())
    if (name !== kept && age > FORGOTTEN_AFTER_MS) await rm(path, { recursive: true, force: true })
  }
}
