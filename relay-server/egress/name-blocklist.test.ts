import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadNameBlocklist } from './name-blocklist.ts'

describe('name blocklist', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'craftec-blocklist-'))
  })
  afterEach(() => rm(folder, { recursive: true }))

  const load = async (...texts: string[]) => {
    const paths = texts.map((_, index) => join(folder, `${index}.txt`))
    await Promise.all(paths.map((path, index) => writeFile(path, texts[index] ?? '')))
    return loadNameBlocklist(paths)
  }

  it('blocks exact names and whole zones', async () => {
    const list = await load('exact.example\n.zone.example\n', '*.star.example # why\r\n\n# nothing\n')
    expect(list.size).toBe(3)
    expect(list.has('exact.example')).toBe(true)
    expect(list.has('www.exact.example')).toBe(false)
    expect(list.has('zone.example')).toBe(true)
    expect(list.has('a.b.zone.example')).toBe(true)
    expect(list.has('notzone.example')).toBe(false)
    expect(list.has('deep.star.example')).toBe(true)
  })

  it('reads hosts files and any spelling of a name', async () => {
    const list = await load(
      '0.0.0.0 0.0.0.0\n0.0.0.0 Ads.Example. tracker.example\n::1 ip6-localhost\nfe80::1%lo0 localhost\n'
    )
    expect(list.has('ads.example')).toBe(true)
    expect(list.has('tracker.example')).toBe(true)
    expect(list.has('localhost')).toBe(true)
    expect(list.size).toBe(4)
  })

  it('names the file and the line of what is not a name', async () => {
    await expect(load('good.example\nbad name!.example\n')).rejects.toMatchObject({
      code: 'config-invalid',
      message: expect.stringMatching(/0\.txt, line 2/)
    })
    await expect(loadNameBlocklist([join(folder, 'missing')])).rejects.toMatchObject({ code: 'config-invalid' })
  })
})
