import { mkdir, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { CraftecError } from '../../sdk/errors/index.ts'
import {
  loadHashEngine,
  openIndexedPieceStore,
  type PieceStore,
  type Recovery,
  type StorePolicyOptions
} from '../../sdk/obj/index.ts'
import { openSlabDirectory } from './slab-directory.ts'
import { openSqliteIndex } from './sqlite-index.ts'

export interface FileStoreOptions extends StorePolicyOptions {
  /** Created when it is not there. One process at a time. */
  readonly folder: string
  /** Left free on the disk, in bytes. Default 1 GiB: the machine has other work. */
  readonly reserveBytes?: number
  readonly onRecovery?: (recovery: Recovery) => void
}

/** In the store's folder. */
export const STORE_INDEX = 'index.sqlite'
const DEFAULT_RESERVE_BYTES = 1024 ** 3

/**
 * A piece store in a folder: slab files, and an SQLite index beside them.
 * @throws CraftecError `storage-unavailable` when the folder cannot be used or another process has it | `storage-corrupt`
 */
export async function openFileStore(options: FileStoreOptions): Promise<PieceStore> {
  const { folder, reserveBytes = DEFAULT_RESERVE_BYTES } = options
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
  } catch (cause) {
    throw new CraftecError(
      'storage-unavailable',
      'the folder of the store cannot be created; check its path and rights',
      {
        cause
      }
    )
  }
  const index = openSqliteIndex(join(folder, STORE_INDEX))
  try {
    const { pieceRoot } = await loadHashEngine()
    return await openIndexedPieceStore({
      ...options,
      index,
      slabs: await openSlabDirectory(join(folder, 'slabs')),
      pieceRoot,
      room: async () => {
        const { bavail, bsize } = await statfs(folder)
        return Math.max(0, bavail * bsize - reserveBytes)
      }
    })
  } catch (error) {
    await index.close()
    throw error
  }
}
