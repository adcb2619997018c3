import { constants } from 'node:fs'
import { type FileHandle, mkdir, open, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { CraftecError } from '../../sdk/errors/index.ts'
import type { SlabFile, SlabFolder } from '../../sdk/obj/index.ts'

/** Only the owner of the process reads what people stored. */
const MODE = 0o600

/** Slab files in a directory, which is created when it is not there. */
export async function openSlabDirectory(path: string): Promise<SlabFolder> {
  await attempt('creating the store', () => mkdir(path, { recursive: true, mode: 0o700 }))
  return {
    names: () => attempt('listing the store', () => readdir(path)),
    open: name =>
      attempt('opening a slab file', async () =>
        slabFile(await open(join(path, name), constants.O_RDWR | constants.O_CREAT, MODE))
      ),
    remove: name => attempt('removing a slab file', () => rm(join(path, name)))
  }
}

function slabFile(handle: FileHandle): SlabFile {
  return {
    sizeBytes: () => attempt('reading a slab file', async () => (await handle.stat()).size),
    read: (into, at) =>
      attempt('reading a slab file', async () => {
        // One call may give less than there is.
        for (let done = 0; ; ) {
          const { bytesRead } = await handle.read(into, done, into.length - done, at + done)
          done += bytesRead
          if (bytesRead === 0 || done === into.length) return done
        }
      }),
    write: (bytes, at) =>
      attempt('writing a slab file', async () => {
        for (let done = 0; done < bytes.length; )
          done += (await handle.write(bytes, done, bytes.length - done, at + done)).bytesWritten
      }),
    flush: () => attempt('writing a slab file', () => handle.datasync()),
    truncate: size => attempt('writing a slab file', () => handle.truncate(size)),
    close: () => handle.close()
  }
}

async function attempt<T>(what: string, task: () => Promise<T>): Promise<T> {
  try {
    return await task()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOSPC' || code === 'EDQUOT')
      throw new CraftecError('storage-full', 'the disk is full; nothing was changed', { cause: error })
    throw new CraftecError(
      'storage-unavailable',
      `${what} failed (${code ?? 'unknown'}); check the folder and its rights`,
      {
        cause: error
      }
    )
  }
}
