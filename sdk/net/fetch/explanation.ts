import { CraftecError } from '../../errors/index.ts'
import type { ExplainedHop } from './open-stream.ts'

/** How a response came about. Times are milliseconds; of redirects, the last leg is told. */
export interface Explanation {
  readonly path: readonly ExplainedHop[]
  readonly hopRoundTripsMs: readonly number[]
  readonly circuitId: string
  /** The handshake of the circuit, whenever that was: a spare is built ahead. */
  readonly circuitBuildMs: number
  /** The request went over a connection that was open already. */
  readonly reusedConnection: boolean
  readonly timing: {
    /** Waited for the directory, and for a circuit; near 0 when they were there. */
    readonly directoryMs: number
    readonly circuitMs: number
    /** Until the exit had connected to the target, TLS included. */
    readonly streamMs: number
    /** From the request to the head of the answer. */
    readonly firstByteMs: number
    /** From the head to the end of the body; absent while it lasts. */
    readonly bodyMs?: number
    readonly totalMs?: number
  }
  readonly bytes: {
    /** On the stream, heads and framing included. */
    readonly sent: number
    readonly received: number
    /** Given to the caller, content codings undone. */
    readonly body: number
  }
  readonly redirects: number
  /** Circuits and requests that failed before this one. */
  readonly retries: number
}

/** Which responses are ours, and how each came about. Entries go when the responses go. */
export class ExplanationBook {
  readonly #entries = new WeakMap<Response, () => Explanation>()

  record(response: Response, explain: () => Explanation): void {
    this.#entries.set(response, explain)
  }

  /** @throws CraftecError `invalid-argument` for a response of something else */
  explain(response: Response): Explanation {
    const explain = this.#entries.get(response)
    if (!explain) throw new CraftecError('invalid-argument', 'this response does not come from this client')
    return explain()
  }
}
