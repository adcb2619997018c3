import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import type { Progress } from './page-view.ts'

/** The page keeps what it shows in memory, so it takes no more than this. */
const MAX_BYTES = 256_000_000

export interface Received {
  readonly blob: Blob
  readonly sha256: string
  readonly elapsedMs: number
}

/** Read a body to its end, hashing on the way. Rejects with what the stream rejects with, so a cut body is never shown as whole. */
export async function receive(response: Response, onProgress: (progress: Progress) => void): Promise<Received> {
  const started = performance.now()
  const declared = Number(response.headers.get('content-length') ?? Number.NaN)
  const total = response.headers.has('content-encoding') || !Number.isFinite(declared) ? undefined : declared
  const hash = sha256.create()
  const parts: Uint8Array<ArrayBuffer>[] = []
  let received = 0
  const reader = response.body?.getReader()
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
    received += part.value.length
    if (received > MAX_BYTES) {
      await reader?.cancel()
      throw new RangeError(`larger than ${MAX_BYTES} bytes`)
    }
    hash.update(part.value)
    parts.push(part.value as Uint8Array<ArrayBuffer>)
    onProgress({ received, total, elapsedMs: performance.now() - started })
  }
  const type = response.headers.get('content-type') ?? ''
  return { blob: new Blob(parts, { type }), sha256: bytesToHex(hash.digest()), elapsedMs: performance.now() - started }
}
