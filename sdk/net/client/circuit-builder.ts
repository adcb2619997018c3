/** Builds circuits until one works: each attempt avoids those who took part in the failures before, as far as the rules let it. */
import { type Clock, throwIfAborted } from '../../async/index.ts'
import { encodeHex } from '../../codec/index.ts'
import { CraftecError, type ErrorCode } from '../../errors/index.ts'
import type { Descriptor } from '../directory/index.ts'
import type { PathRules, StreamTarget } from '../fetch/index.ts'
import type { CircuitClient, CircuitPath } from '../node/index.ts'
import type { BuiltCircuit } from './circuit-pool.ts'
import type { PathChooser } from './path-chooser.ts'
import { SuspectList } from './suspect-list.ts'

export interface CircuitBuilderOptions {
  readonly chooser: PathChooser
  readonly circuits: Pick<CircuitClient, 'build'>
  readonly clock: Clock
  /** Whether a link to the node stands: what tells a dead first hop from a dead circuit. */
  readonly isLinked: (node: Descriptor) => boolean
  /** Told how each attempt ended; that there is no path for a wish is no attempt. */
  readonly onAttempt: (outcome: 'built' | ErrorCode) => void
}

/** One after another, within the caller's deadline; so many dead paths in a row mean that the network is gone. */
const MAX_ATTEMPTS = 4
/** A handshake takes a few round trips of the slowest link; half of a default deadline leaves time for a second try. */
const ATTEMPT_MS = 8_000
/**
 * A first hop that answers is not given up for a circuit that failed behind it, or others could choose the client's guards by
 * letting circuits fail; but one through which nothing works three times is no use either.
 */
const FAILURES_BEFORE_GUARD = 3
/** Another path helps against these. */
const RETRYABLE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'circuit-failed',
  'circuit-destroyed',
  'link-failed',
  'link-closed',
  'timeout'
])

export class CircuitBuilder {
  readonly #options: CircuitBuilderOptions
  readonly #suspects = new SuspectList()

  constructor(options: CircuitBuilderOptions) {
    this.#options = options
  }

  /**
   * @throws CraftecError `no-path` | `directory-empty` | `circuit-failed` (cause: the last failure) | the signal's reason
   */
  async build(rules: PathRules, target: StreamTarget | undefined, signal: AbortSignal): Promise<BuiltCircuit> {
    const { circuits, clock, onAttempt } = this.#options
    for (let retries = 0; ; retries++) {
      throwIfAborted(signal, 'building a circuit')
      const path = this.#choose(rules, target)
      const identities = path.hops.map(({ identity }) => encodeHex(identity))
      try {
        const circuit = await circuits.build(path, { signal, timeoutMs: ATTEMPT_MS })
        this.#suspects.clear(identities)
        this.#reportLink(path, true)
        onAttempt('built')
        return { circuit, retries }
      } catch (cause) {
        throwIfAborted(signal, 'building a circuit')
        const error = CraftecError.from(cause, 'circuit-failed')
        onAttempt(error.code)
        if (!RETRYABLE.has(error.code)) throw error
        const linked = this.#reportLink(path, false)
        const spared = linked && identities.length > 1 && retries + 1 < FAILURES_BEFORE_GUARD
        this.#suspects.blame(spared ? identities.slice(1) : identities, clock.monotonic())
        if (retries + 1 >= MAX_ATTEMPTS)
          throw new CraftecError(
            'circuit-failed',
            `${MAX_ATTEMPTS} circuits in a row failed; the last one: ${error.message}`,
            {
              cause: error,
              details: { attempts: MAX_ATTEMPTS }
            }
          )
      }
    }
  }

  /** @returns whether the link to the first hop stands */
  #reportLink({ hops: [first] }: CircuitPath, built: boolean): boolean {
    if (first === undefined) return false
    const linked = built || this.#options.isLinked(first)
    this.#options.chooser.reportLink(first, linked)
    return linked
  }

  /** In a small network everybody may be a suspect: the least suspicious are let back in until there is a path. */
  #choose(rules: PathRules, target: StreamTarget | undefined): CircuitPath {
    const { chooser, clock } = this.#options
    const suspects = this.#suspects.list(clock.monotonic())
    for (let count = suspects.length; ; count--) {
      try {
        return chooser.choose({ ...rules, target, exclude: suspects.slice(0, count) })
      } catch (error) {
        if (count > 0 && error instanceof CraftecError && error.code === 'no-path') continue
        throw error
      }
    }
  }
}
