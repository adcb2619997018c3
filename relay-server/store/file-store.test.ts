import { mkdtemp, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Recovery } from '../../sdk/obj/index.ts'
import { describePieceStore } from '../../test/kit/piece-store-contract.ts'
import { newContent, pieces } from '../../test/kit/store-content.ts'
import { openFileStore } from './open-file-store.ts'

const folders: string[] = []
const freshFolder = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'craftec-store-'))
  folders.push(folder)
  return folder
}
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})

let current: string | undefined
describePieceStore(
  {
    name: 'files and SQLite',
    durable: true,
    policy: true,
    open: async policy => {
      current ??= await freshFolder()
      return openFileStore({ ...policy, folder: current, reserveBytes: 0 })
    },
    reset: async () => {
      current = undefined
    }
  },
  { describe, it, afterEach }
)

describe('a store in a folder', () => {
  let folder: string
  beforeEach(async () => {
    folder = await freshFolder()
  })

  it('belongs to one opener at a time', async () => {
    const store = await openFileStore({ folder })
    await expect(openFileStore({ folder })).rejects.toMatchObject({ code: 'storage-unavailable' })
    await store.close()
    await (await openFileStore({ folder })).close()
  })

  it('says so when the folder cannot be used', async () => {
    const notAFolder = join(folder, 'file')
    await writeFile(notAFolder, '')
    await expect(openFileStore({ folder: join(notAFolder, 'store') })).rejects.toMatchObject({
      code: 'storage-unavailable'
    })
  })

  it('keeps its files from other users', async () => {
    const store = await openFileStore({ folder })
    const content = newContent(1)
    await store.addContent(content)
    await store.putPieces(content.manifestId, 0, pieces(content, 0, 1))
    for (const name of await readdir(join(folder, 'slabs')))
      expect((await stat(join(folder, 'slabs', name))).mode & 0o077).toBe(0)
    await store.close()
  })

  it('drops the pieces of a file that was cut', async () => {
    const content = newContent(1)
    const store = await openFileStore({ folder })
    await store.addContent(content)
    await store.putPieces(content.manifestId, 0, pieces(content, 0, 8))
    await store.close()
    await truncate(join(folder, 'slabs', 'slots-1024'), 3 * 1_024)
    const recoveries: Recovery[] = []
    const again = await openFileStore({ folder, onRecovery: recovery => recoveries.push(recovery) })
    expect(recoveries[0]?.lost).toHaveLength(5)
    expect(await again.held(content.manifestId)).toEqual(Uint16Array.of(3, 0, 0))
    await again.close()
  })
})
