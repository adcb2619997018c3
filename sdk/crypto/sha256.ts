import { cryptoEngine } from './engine-choice.ts'

/** SHA-256 by the best engine of this runtime; everything else is asked of {@link cryptoEngine} itself. @returns 32 bytes */
export function sha256(data: Uint8Array): Uint8Array {
  return cryptoEngine().sha256(data)
}
