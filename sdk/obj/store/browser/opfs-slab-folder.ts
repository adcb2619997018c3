import type { Clock } from '../../../async/index.ts'
import { CraftecError } from '../../../errors/index.ts'
import type { SlabFile, SlabFolder } from '../slab-file.ts'
import { browserStorageError } from './browser-storage-error.ts'

/** File System standard, "FileSystemSyncAccessHandle": in dedicated workers only, so not among the types of a page. */
interface SyncAccessHandle {
  read(into: Uint8Array, options: { at: number }): number
  write(bytes: Uint8Array, options: { at: number }): number
  truncate(size: number): void
  getSize(): number
  flush(): void
  close(): void
}
type SyncFileHandle = FileSystemFileHandle & { createSyncAccessHandle(): Promise<SyncAccessHandle> }

/** The handle of an owner that was killed may take a moment to be given up. */
const HANDLE_RETRY_MS = 50
const HANDLE_TIMEOUT_MS = 5_000

/**
 * The store's folder in the Origin Private File System: through sync handles where there are some (dedicated workers), else to read
 * only (service workers, pages).
 * @returns undefined where there is no such file system, or the browser refuses it
 */
export async function openOpfsFolder(
  name: string,
  clock: Clock
): Promise<{ folder: SlabFolder; writable: boolean } | undefined> {
  let directory: FileSystemDirectoryHandle
  try {
    const root = await globalThis.navigator.storage.getDirectory()
    directory = await root.getDirectoryHandle(name, { create: true })
  } catch {
    return undefined
  }
  const writable = 'createSyncAccessHandle' in globalThis.FileSystemFileHandle.prototype
  const open = writable ? (file: FileSystemFileHandle) => openSync(file, clock) : openSnapshot
  return {
    writable,
    folder: {
      names: () =>
        attempt(async () => {
          const names: string[] = []
          for await (const name of keysOf(directory)) names.push(name)
          return names
        }),
      open: file => attempt(async () => open(await directory.getFileHandle(file, { create: writable }))),
      remove: file => attempt(() => directory.removeEntry(file))
    }
  }
}

async function openSync(file: FileSystemFileHandle, clock: Clock): Promise<SlabFile> {
  const handle = await syncHandle(file as SyncFileHandle, clock)
  return {
    sizeBytes: () => attempt(() => handle.getSize()),
    read: (into, at) => attempt(() => handle.read(into, { at })),
    write: (bytes, at) =>
      attempt(() => {
        const written = handle.write(bytes, { at })
        if (written < bytes.length)
          throw new CraftecError('storage-full', 'the browser wrote only a part: no room is left; nothing was changed')
      }),
    flush: () => attempt(() => handle.flush()),
    truncate: size => attempt(() => handle.truncate(size)),
    close: async () => handle.close()
  }
}

async function syncHandle(file: SyncFileHandle, clock: Clock): Promise<SyncAccessHandle> {
  const started = clock.monotonic()
  for (;;)
    try {
      return await file.createSyncAccessHandle()
    } catch (error) {
      const isHeld = (error as DOMException).name === 'NoModificationAllowedError'
      if (!isHeld || clock.monotonic() - started > HANDLE_TIMEOUT_MS) throw error
      await new Promise<void>(resolve => clock.after(HANDLE_RETRY_MS, resolve))
    }
}

/** The file as it is now. It stays so: while somebody owns the store without a way to write files, nobody writes them. */
async function openSnapshot(file: FileSystemFileHandle): Promise<SlabFile> {
  const snapshot = await file.getFile()
  const refuse = async (): Promise<never> => {
    throw new CraftecError('unsupported', 'slab files can be written in a dedicated worker only')
  }
  return {
    sizeBytes: async () => snapshot.size,
    read: (into, at) =>
      attempt(async () => {
        const bytes = new Uint8Array(await snapshot.slice(at, at + into.length).arrayBuffer())
        into.set(bytes)
        return bytes.length
      }),
    write: refuse,
    flush: refuse,
    truncate: refuse,
    close: async () => {}
  }
}

/** Not yet among TypeScript's types of a page: File System standard, "Asynchronous iteration" of directories. */
function keysOf(directory: FileSystemDirectoryHandle): AsyncIterable<string> {
  return (directory as FileSystemDirectoryHandle & { keys(): AsyncIterable<string> }).keys()
}

async function attempt<T>(task: () => T | Promise<T>): Promise<T> {
  try {
    return await task()
  } catch (error) {
    throw browserStorageError(error)
  }
}
