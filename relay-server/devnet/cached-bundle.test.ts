import { existsSync } from 'node:fs'
import { copyFile, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { cachedBundle } from './cached-bundle.ts'

const LONG_AGO = new Date('2020-01-01')

/** Two sources, and a bundler that copies what is left of them, and counts. */
async function bundler() {
  const folder = await mkdtemp(join(tmpdir(), 'cached-bundle-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const sources = ['a.ts', 'b.ts'].map(name => join(folder, name))
  const change = async (source: string, text: string, at = LONG_AGO): Promise<void> => {
    await writeFile(source, text)
    await utimes(source, at, at)
  }
  for (const source of sources) await change(source, 'first')
  const cache = pathToFileURL(`${join(folder, 'cache')}/`)
  let made = 0
  const bundle = async (): Promise<string> => {
    const at = await cachedBundle(cache, async fresh => {
      made++
      const left = sources.filter(source => existsSync(source))
      for (const source of left) await copyFile(source, new URL(basename(source), fresh))
      return left
    })
    const names = (await readdir(at)).sort()
    return (await Promise.all(names.map(name => readFile(new URL(name, at), 'utf8')))).join(' ')
  }
  return { sources, cache, change, bundle, made: () => made }
}

describe('a bundle that was made before', () => {
  it('serves while its sources stay as they are', async () => {
    const { bundle, made } = await bundler()
    expect([await bundle(), await bundle()]).toEqual(['first first', 'first first'])
    expect(made()).toBe(1)
  })

  it.each([0, 1])('does not serve when source %i has changed, to a later time or an earlier one', async which => {
    const { sources, change, bundle, made } = await bundler()
    await bundle()
    for (const [turn, year] of [2021, 2019].entries()) {
      await change(sources[which] ?? '', `of ${year}`, new Date(year, 0))
      expect(await bundle()).toContain(`of ${year}`)
      expect(made()).toBe(turn + 2)
    }
  })

  it('does not serve when a source, or the bundle, is gone', async () => {
    const { sources, cache, bundle, made } = await bundler()
    await bundle()
    await rm(sources[1] ?? '')
    expect(await bundle()).toBe('first')
    for (const name of await readdir(cache))
      if (name !== 'last.json') await rm(new URL(name, cache), { recursive: true })
    expect(await bundle()).toBe('first')
    expect(made()).toBe(3)
  })

  it('does not serve when a source was written while it was made', async () => {
    const { sources, change, bundle, made } = await bundler()
    await change(sources[0] ?? '', 'just now', new Date(Date.now() + 1_000))
    await bundle()
    await bundle()
    expect(made()).toBe(2)
  })
})
