import { type Clock, systemClock } from '../../async/index.ts'
import { cryptoEngine } from '../../crypto/index.ts'

/** WebCrypto makes a copy of what it hashes. */
const MAX_BYTES = 128 * 1024 * 1024
/** Chromium hashes in the thread that asks. What takes longer is felt: "Interaction to Next Paint" calls up to this good. */
const MAX_MS = 200
/** Hashed without asking how long it takes. */
const LITTLE_BYTES = 1024 * 1024
/** Less than a millisecond: longer ones are rarely left alone by other threads, and a fast machine would be taken for a slow one. */
const SAMPLE_BYTES = 256 * 1024
/** The first call has to wake it, and any of them may be interrupted. */
const SAMPLES = 8

/**
 * SHA-256 of bytes in memory by one call of WebCrypto, which has the processor's instructions and takes no message in parts: a fifth of
 * what a kernel of ours needs.
 * @param bytes not to be changed until it is hashed
 * @param subtle default: that of the browser. Where hashes are native anyhow there is nothing to gain.
 * @returns a call that does it, or undefined where it would take memory or this thread for too long, by what a part of it takes
 */
export async function digestAtOnce(
  bytes: Uint8Array,
  subtle: Pick<SubtleCrypto, 'digest'> | undefined = browserCrypto(),
  clock: Pick<Clock, 'monotonic'> = systemClock
): Promise<(() => Promise<Uint8Array>) | undefined> {
  const { buffer } = bytes
  // shared memory is refused
  if (subtle === undefined || bytes.length > MAX_BYTES || !(buffer instanceof ArrayBuffer)) return undefined
  const whole = new Uint8Array(buffer, bytes.byteOffset, bytes.length)
  const digest = async (): Promise<Uint8Array> => new Uint8Array(await subtle.digest('SHA-256', whole))
  if (bytes.length <= LITTLE_BYTES) return digest
  const sample = new Uint8Array(buffer, bytes.byteOffset, SAMPLE_BYTES)
  let sampleMs = Number.POSITIVE_INFINITY
  for (let index = 0; index < SAMPLES; index++) {
    const started = clock.monotonic()
    await subtle.digest('SHA-256', sample)
    sampleMs = Math.min(sampleMs, clock.monotonic() - started)
  }
  return (sampleMs * bytes.length) / SAMPLE_BYTES > MAX_MS ? undefined : digest
}

/** Pages on plain http have none. */
function browserCrypto(): SubtleCrypto | undefined {
  return cryptoEngine().nativeHashes ? undefined : globalThis.crypto?.subtle
}
