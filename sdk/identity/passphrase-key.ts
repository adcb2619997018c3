/** From what a person remembers to a key: Argon2id (RFC 9106). */
import { argon2idAsync } from '@noble/hashes/argon2.js'
import { throwIfAborted } from '../async/index.ts'
import { KEY_BYTES } from '../crypto/index.ts'
import { CraftecError } from '../errors/index.ts'

export interface Argon2idParameters {
  readonly memoryKiB: number
  readonly passes: number
  readonly lanes: number
}

/**
 * The row of the OWASP Password Storage Cheat Sheet with the most memory ("m=47104 (46 MiB), t=1, p=1"): memory is what
 * costs a guessing machine. Measured on Zen 4, two shared cores: Chromium 156 650 to 850 ms in slices (340 ms in one piece),
 * Node 24 530 to 700 ms. Written into every sealed identity, so that raising them leaves old ones readable.
 */
export const DEFAULT_ARGON2ID: Argon2idParameters = { memoryKiB: 47_104, passes: 1, lanes: 1 }

/** Parameters arrive in files from elsewhere; more than these would let a file freeze the device that reads it. */
const MAX_MEMORY_KIB = 262_144
const MAX_PASSES = 8
const MAX_LANES = 4
/** RFC 9106 §3.1: at least 8 blocks a lane. */
const MIN_MEMORY_PER_LANE_KIB = 8

export const SALT_BYTES = 16
const MAX_PASSPHRASE_CHARS = 1024
/** How long one stretch of work may keep a page from answering its user. */
const SLICE_MS = 8

/** Whether someone else's parameters may be used on this device. */
export function areBearable({ memoryKiB, passes, lanes }: Argon2idParameters): boolean {
  return (
    within(lanes, 1, MAX_LANES) &&
    within(passes, 1, MAX_PASSES) &&
    within(memoryKiB, MIN_MEMORY_PER_LANE_KIB * lanes, MAX_MEMORY_KIB)
  )
}

/**
 * @param passphrase normalised to NFC, so that it does not depend on the keyboard (RFC 8265 §4.2)
 * @param salt 16 random bytes
 * @param parameters for which {@link areBearable} holds
 * @returns 32 bytes, after a time that depends on `parameters` only; timers, frames and messages run meanwhile
 * @throws CraftecError `invalid-argument` for an empty or over-long passphrase; `aborted`
 */
export async function keyFromPassphrase(
  passphrase: string,
  salt: Uint8Array,
  { memoryKiB, passes, lanes }: Argon2idParameters,
  signal?: AbortSignal
): Promise<Uint8Array> {
  if (passphrase === '' || passphrase.length > MAX_PASSPHRASE_CHARS)
    throw new CraftecError('invalid-argument', `passphrase: expected 1 to ${MAX_PASSPHRASE_CHARS} characters`)
  throwIfAborted(signal, 'key derivation')
  return inBackground(() =>
    argon2idAsync(new TextEncoder().encode(passphrase.normalize('NFC')), salt, {
      m: memoryKiB,
      t: passes,
      p: lanes,
      dkLen: KEY_BYTES,
      asyncTick: SLICE_MS,
      onProgress: () => throwIfAborted(signal, 'key derivation')
    })
  )
}

/**
 * noble rests by `scheduler.yield()` where there is one, and that comes back before any timer or message of the page:
 * measured in Chromium 156, not one of them ran in 450 ms. A yield inherits its task's priority, so a low one restores order.
 */
function inBackground<T>(task: () => Promise<T>): Promise<T> {
  const { scheduler } = globalThis as { scheduler?: Partial<Scheduler> }
  return scheduler?.postTask === undefined ? task() : scheduler.postTask(task, { priority: 'background' })
}

function within(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max
}
