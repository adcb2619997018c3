import type { CraftecError } from '../../errors/index.ts'
import type { StreamTarget } from '../fetch/index.ts'
import type { ByteDuplex } from '../http/index.ts'

/** What the client has to know about a hop. */
export interface CircuitHop {
  /** Ed25519 public key, 32 bytes. */
  readonly identity: Uint8Array
  readonly country: string
}

/** A circuit that is built, as the pool sees it. */
export interface Circuit {
  readonly id: string
  readonly hops: readonly CircuitHop[]
  readonly buildMs: number
  readonly hopRoundTripsMs: readonly number[]
  /** Whether the policy its exit published takes this target. */
  accepts(target: StreamTarget): boolean
  /** Writable at once; `opened` tells when the exit has connected, or why not. */
  openStream(
    target: StreamTarget,
    options: { readonly signal: AbortSignal; readonly timeoutMs: number }
  ): Promise<ByteDuplex & { readonly opened: Promise<void> }>
  destroy(): void
  /** Resolves when the circuit is gone; never rejects. */
  readonly closed: Promise<CraftecError | undefined>
}
