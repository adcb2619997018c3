import { type Clock, withDeadline } from '../../async/index.ts'
import { CraftecError } from '../../errors/index.ts'
import type { CallOptions } from './chain-rpc.ts'

const CALL_TIMEOUT_MS = 10_000

/**
 * Endpoints that stand in for each other. A call goes to the one that worked last; if that answers with an error, with nonsense
 * or not at all, to the next, once round.
 */
export class EndpointFailover<Endpoint> {
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
   * @param task may use the endpoint for several requests that belong together
   * @throws CraftecError `rpc-unreachable` when every endpoint failed, `aborted`, or what `task` throws that is a CraftecError
   */
  async call<T>(what: string, { signal }: CallOptions, task: (endpoint: Endpoint) => Promise<T>): Promise<T> {
    const failures: unknown[] = []
    for (const _ of this.#endpoints) {
      const endpoint = this.current
      try {
        return await withDeadline({ what, signal, timeoutMs: CALL_TIMEOUT_MS, clock: this.#clock }, () =>
          task(endpoint)
        )
      } catch (error) {
        if (error instanceof CraftecError && error.code !== 'timeout' && error.code !== 'rpc-invalid') throw error
        failures.push(error)
        // another call may have moved on already
        if (endpoint === this.current) this.#current = (this.#current + 1) % this.#endpoints.length
      }
    }
    const [first] = failures
    if (first instanceof CraftecError && first.code === 'rpc-invalid') throw first
    throw new CraftecError(
      'rpc-unreachable',
      `${what}: none of ${this.#endpoints.length} RPC endpoints answered; check the network and the endpoints`,
      { cause: first }
    )
  }
}
