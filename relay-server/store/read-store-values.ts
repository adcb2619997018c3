import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { CraftecError } from '../../sdk/errors/index.ts'
import type { PieceStore } from '../../sdk/obj/index.ts'
import { STORE_INDEX } from './open-file-store.ts'
import { readSqliteIndex } from './sqlite-index.ts'

export interface StoreValues extends Pick<PieceStore, 'value' | 'values'> {
  close(): Promise<void>
}

/** Rows given at once, as by a store. */
const MAX_PAGE = 1000

/**
 * The small state that a store in a folder keeps beside its pieces, for whoever only looks: nothing is written, and no slab is opened.
 * @param folder where `openFileStore` made it
 * @throws CraftecError `storage-unavailable` when there is none, or a process has it open
 */
export async function readStoreValues(folder: string): Promise<StoreValues> {
  const path = join(folder, STORE_INDEX)
  try {
    await stat(path)
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? 'unknown error'
    throw new CraftecError('storage-unavailable', `there is no store in ${folder} (${why})`, { cause })
  }
  const index = readSqliteIndex(path)
  return {
    value: key => index.get('value', key),
    values: (prefix, after) =>
      index.range('value', { prefix, limit: MAX_PAGE, ...(after === undefined ? {} : { after }) }),
    close: () => index.close()
  }
}
