/**
 * Writes what it is given to a file of the Origin Private File System, one piece after the other, and gives the memory back; says how much
 * it was when all is on the disk.
 */

/** The part of DedicatedWorkerGlobalScope that is used. */
const scope = globalThis as unknown as { postMessage(message: unknown, transfer?: ArrayBufferLike[]): void }

/** File System standard, "FileSystemSyncAccessHandle"; not among the types of a page. */
interface SyncHandle {
  write(bytes: Uint8Array, options: { at: number }): number
  flush(): void
  truncate(size: number): void
}

const FLUSH_EVERY_BYTES = 10 * 2 ** 20
const opened = open()
let [at, flushedAt] = [0, 0]

async function open(): Promise<SyncHandle> {
  const root = await navigator.storage.getDirectory()
  const file = await root.getFileHandle(`bare-${crypto.randomUUID()}`, { create: true })
  return (file as FileSystemFileHandle & { createSyncAccessHandle(): Promise<SyncHandle> }).createSyncAccessHandle()
}

addEventListener('message', async ({ data }: MessageEvent<Uint8Array | 'end'>) => {
  const handle = await opened
  if (data === 'end') {
    handle.flush()
    scope.postMessage(at)
    handle.truncate(0)
    at = 0
    flushedAt = 0
    return
  }
  handle.write(data, { at })
  at += data.length
  scope.postMessage(data, [data.buffer])
  if (at - flushedAt < FLUSH_EVERY_BYTES) return
  handle.flush()
  flushedAt = at
})
