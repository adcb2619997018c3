import { sha256 } from '../../crypto/index.ts'

/** SHA-256 of megabytes: by WebCrypto, which is fast and off this thread, where the runtime has it. @returns 32 bytes */
export async function sha256Async(bytes: Uint8Array): Promise<Uint8Array> {
  const subtle: SubtleCrypto | undefined = globalThis.crypto?.subtle
  if (!subtle) return sha256(bytes)
  return new Uint8Array(await subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>))
}
