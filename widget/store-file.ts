import type { CraftecObj } from '../sdk/index.ts'
import type { PutResult } from '../sdk/obj/index.ts'
import type { TransferWork } from './transfer.ts'

/** Read of a file at a time: little enough that a pause is felt at once. */
const READ_BYTES = 2 * 1024 * 1024

/**
 * Store a file, no faster than its transfer lets it.
 * @throws CraftecError as `obj.put` does
 */
export function storeFile(
  obj: CraftecObj,
  file: File,
  { encrypt }: { readonly encrypt: boolean },
  work: TransferWork
): Promise<PutResult> {
  const name = linkName(file.name)
  return obj.put(readPausable(file, work), {
    encrypt,
    ...(name ? { name } : {}),
    ...(isMediaType(file.type) ? { type: file.type } : {}),
    signal: work.signal,
    onProgress: ({ bytes }) => work.progress(bytes, file.size)
  })
}

async function* readPausable(file: Blob, work: TransferWork): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < file.size; at += READ_BYTES) {
    await work.pass()
    yield new Uint8Array(await file.slice(at, at + READ_BYTES).arrayBuffer())
  }
}

/** What a file system allows and a link does not: such a file is stored without its name, rather than not at all. */
function linkName(name: string): string | undefined {
  const fits = new TextEncoder().encode(name).length <= 255
  return fits && !/[/\\\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/u.test(name) ? name : undefined
}

/** Browsers report some types with parameters, which a link has no place for. */
function isMediaType(type: string): boolean {
  return /^[a-z0-9][a-z0-9.+-]*\/[a-z0-9][a-z0-9.+-]*$/.test(type)
}
