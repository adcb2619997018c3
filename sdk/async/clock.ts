/** Time as an argument: protocol code never reads the machine's clock itself, so tests can drive it. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number
  /** Milliseconds that never go back; only differences mean anything. */
  monotonic(): number
  /** Call `task` once after `delayMs`; the returned function cancels it. */
  after(delayMs: number, task: () => void): () => void
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: (delayMs, task) => {
    const timer = setTimeout(task, delayMs)
    return () => clearTimeout(timer)
  }
}

/** `length` uniform bytes. Injected wherever randomness decides something. */
export type RandomBytes = (length: number) => Uint8Array

/** getRandomValues takes at most 65,536 bytes a call (Web Cryptography API, "getRandomValues"). */
const MAX_ENTROPY_BYTES = 65_536

export const systemRandom: RandomBytes = length => {
  const bytes = new Uint8Array(length)
  for (let at = 0; at < length; at += MAX_ENTROPY_BYTES)
    crypto.getRandomValues(bytes.subarray(at, at + MAX_ENTROPY_BYTES))
  return bytes
}
