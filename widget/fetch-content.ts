import type { CraftecObj } from '../sdk/index.ts'
import type { TransferWork } from './transfer.ts'

/** Handed to the browser at a time, which keeps large blobs on disk. */
const PART_BYTES = 8 * 1024 * 1024

/**
 * Fetch the whole of a content; memory holds a part of it, the browser's blob store the rest.
 * @param total its size in bytes
 * @returns a blob of the type `application/octet-stream`: whoever shows it decides what it may be
 * @throws CraftecError as reading does
 */
export async function fetchContent(obj: CraftecObj, link: string, total: number, work: TransferWork): Promise<Blob> {
  const stored: Blob[] = []
  let parts: Uint8Array<ArrayBuffer>[] = []
  let [pending, bytes] = [0, 0]
  const flush = (): void => {
    stored.push(new Blob(parts))
    ;[parts, pending] = [[], 0]
  }
  work.progress(0, total)
  for await (const chunk of obj.get(link, { signal: work.signal })) {
    parts.push(chunk as Uint8Array<ArrayBuffer>)
    pending += chunk.length
    bytes += chunk.length
    if (pending >= PART_BYTES) flush()
    work.progress(bytes, total)
    await work.pass()
  }
  flush()
  return new Blob(stored, { type: 'application/octet-stream' })
}
