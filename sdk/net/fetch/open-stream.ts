import type { ByteDuplex } from '../http/index.ts'
import type { PathRules } from './path-rules.ts'

export interface StreamTarget {
  /** Host name or address literal; IPv6 without brackets. */
  readonly host: string
  readonly port: number
}

export interface ExplainedHop {
  readonly role: 'relay' | 'exit'
  /** The first characters of the PeerId: enough to tell hops apart on a screen. */
  readonly identity: string
  /** As the node itself states it; "??" when it does not. */
  readonly country: string
}

/** How a stream came to be, for {@link explain}. */
export interface StreamTrace {
  readonly circuitId: string
  readonly path: readonly ExplainedHop[]
  /** Round-trip time of each link of the path in milliseconds, as far as it is known. */
  readonly hopRoundTripsMs: readonly number[]
  /** The handshake of the circuit, whenever that was. */
  readonly buildMs: number
  /** Waited for the directory; 0 when it was there. */
  readonly directoryMs: number
  /** Waited for a circuit; near 0 when one stood ready. */
  readonly circuitMs: number
  /** Circuits that failed before this one. */
  readonly retries: number
}

export interface OpenedStream {
  /** Writable at once; the target gets the bytes when the exit has connected. */
  readonly duplex: ByteDuplex
  /** Resolves when the exit has connected; rejects with why it did not. */
  readonly opened: Promise<void>
  readonly trace: StreamTrace
}

export interface OpenStreamRequest extends PathRules {
  readonly target: StreamTarget
  /** Streams with different keys never share a circuit. */
  readonly isolation: string
  readonly signal: AbortSignal
}

export type OpenStream = (request: OpenStreamRequest) => Promise<OpenedStream>
