import { type Clock, throwIfAborted, withDeadline } from '../../async/index.ts'
import { CraftecError } from '../../errors/index.ts'
import type { CallOptions } from './chain-rpc.ts'

const CALL_TIMEOUT_MS = 10_000
/** Once enough have answered, how long the slow ones are waited for. */
const GRACE_MS = 2_000
/** As many as can contradict each other. */
const ENOUGH = 2

/** What an endpoint said, or why it said nothing. */
export type EndpointAnswer<T> = { readonly value: T } | { readonly failure: unknown }

/** Endpoints that stand in for each other, and that can be asked all at once where the word of one is not enough. */
export class EndpointSet<Endpoint> {
  readonly #endpoints: readonly Endpoint[]
  readonly #clock: Clock
  #current = 0

  /** @throws CraftecError `invalid-argument` without any endpoint */
  constructor(endpoints: readonly Endpoint[], clock: Clock) {
    if (endpoints.length === 0) throw new CraftecError('invalid-argument', 'at least one RPC endpoint is needed')
    this.#endpoints = endpoints
    this.#clock = clock
  }

  /** The one that worked last. */
  get current(): Endpoint {
    return this.#endpoints[this.#current] as Endpoint
  }

  /**
   * Ask the one that worked last; if that answers with an error, with nonsense or not at all, the next, once round.
   * @param task may use the endpoint for several requests that belong together
   * @throws CraftecError `rpc-unreachable` | `rpc-invalid` when every endpoint failed, `aborted`, or what else `task` throws
   */
  async call<T>(
    what: string,
    { signal }: CallOptions,
    task: (endpoint: Endpoint, signal: AbortSignal) => Promise<T>
  ): Promise<T> {
    const failures: unknown[] = []
    for (const _ of this.#endpoints) {
      const endpoint = this.current
      try {
        return await this.#ask(what, signal, endpoint, task)
      } catch (error) {
        if (!isEndpointFailure(error)) throw error
        failures.push(error)
        // another call may have moved on already
        if (endpoint === this.current) this.#current = (this.#current + 1) % this.#endpoints.length
      }
    }
    throw noneAnswered(what, failures)
  }

  /**
   * Ask all of them at once. One that is much slower than the others counts as silent.
   * @returns one answer for each, in their order
   * @throws CraftecError `aborted`, or what `task` throws that is no failure of an endpoint
   */
  async all<T>(
    what: string,
    { signal }: CallOptions,
    task: (endpoint: Endpoint, signal: AbortSignal) => Promise<T>
  ): Promise<EndpointAnswer<T>[]> {
    throwIfAborted(signal, what)
    const late = new AbortController()
    const forward = (): void => late.abort(signal?.reason)
    signal?.addEventListener('abort', forward, { once: true })
    let answered = 0
    let cancelGrace = (): void => {}
    const note = <V>(value: V): V => {
      if (++answered === ENOUGH)
        cancelGrace = this.#clock.after(GRACE_MS, () => late.abort(new CraftecError('timeout', `${what}: too slow`)))
      return value
    }
    try {
      return await Promise.all(
        this.#endpoints.map(async endpoint => {
          try {
            return { value: note(await this.#ask(what, late.signal, endpoint, task)) }
          } catch (failure) {
            if (!isEndpointFailure(failure)) throw failure
            return { failure }
          }
        })
      )
    } finally {
      cancelGrace()
      signal?.removeEventListener('abort', forward)
    }
  }

  #ask<T>(
    what: string,
    signal: AbortSignal | undefined,
    endpoint: Endpoint,
    task: (endpoint: Endpoint, signal: AbortSignal) => Promise<T>
  ): Promise<T> {
    return withDeadline({ what, signal, timeoutMs: CALL_TIMEOUT_MS, clock: this.#clock }, ending =>
      task(endpoint, ending)
    )
  }
}

/** @throws CraftecError `rpc-invalid` if one lied, else `rpc-unreachable` */
export function noneAnswered(what: string, failures: readonly unknown[]): CraftecError {
  const lie = failures.find(failure => failure instanceof CraftecError && failure.code === 'rpc-invalid')
  if (lie instanceof CraftecError) return lie
  return new CraftecError(
    'rpc-unreachable',
    `${what}: none of ${failures.length} RPC endpoints answered; check the network and the endpoints`,
    { cause: failures[0] }
  )
}

function isEndpointFailure(error: unknown): boolean {
  return error instanceof CraftecError && ['timeout', 'rpc-invalid', 'rpc-unreachable'].includes(error.code)
}
