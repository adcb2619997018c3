import type { Remote } from 'comlink'
import { transfer } from 'comlink'
import type { CodecHost, Outcome } from './codec-host.ts'

/** SHA-256 of a message that comes in parts, on another core. */
export interface PooledHash {
  /**
   * Parts are hashed in the order of the calls. The buffer is transferred, and comes back.
   * @returns the same bytes
   * @throws CraftecError `internal` when the worker died, `stopped`
   */
  update(bytes: Uint8Array): Promise<Uint8Array>
  /** End of the message. @returns 32 bytes */
  digest(): Promise<Uint8Array>
  /** Give up the message; its place is free again. */
  cancel(): void
}

export interface PooledHashOptions {
  /** The host is in this thread: nothing has to be transferred. */
  readonly inThread: boolean
  /** Waits for an answer as long as there is someone to give it. */
  readonly ask: <T>(call: () => Promise<Outcome<T>>) => Promise<T>
  /** Called once, when the message has ended or was given up. */
  readonly onEnd: () => void
}

/** @param id of a hash that was started there */
export function createPooledHash(
  host: Remote<CodecHost>,
  id: number,
  { inThread, ask, onEnd }: PooledHashOptions
): PooledHash {
  // Calls arrive in their order, and the host answers in it: nothing here waits for an answer.
  let ended = false
  const end = (): Promise<Uint8Array> => {
    if (!ended) onEnd()
    ended = true
    return ask(() => host.hashEnd(id))
  }
  return {
    update: bytes =>
      ask(() =>
        host.hashUpdate(
          id,
          inThread || !(bytes.buffer instanceof ArrayBuffer) ? bytes : transfer(bytes, [bytes.buffer])
        )
      ),
    digest: end,
    cancel: () => void end().catch(() => {})
  }
}
