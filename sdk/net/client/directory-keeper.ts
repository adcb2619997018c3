/**
 * Keeps a client's directory filled: from the store at once, from the bootstrap nodes and other directory servers soon
 * and then again and again. Descriptors are believed for their signatures, so any source will do, and several are asked.
 */
import type { Clock, RandomBytes } from '../../async/index.ts'
import { withDeadline } from '../../async/index.ts'
import { CraftecError } from '../../errors/index.ts'
import type { PeerAddresses } from '../../p2p/index.ts'
import { type Directory, directoryNodes, type SyncResult } from '../directory/index.ts'
import type { ClientStore } from './client-store.ts'

export interface DirectoryKeeperOptions {
  readonly directory: Directory
  readonly bootstrap: readonly PeerAddresses[]
  /** One synchronisation with one server. */
  readonly sync: (peer: PeerAddresses, since: bigint, signal: AbortSignal) => Promise<SyncResult>
  readonly store: ClientStore
  readonly clock: Clock
  readonly random: RandomBytes
  /** Called after every round and after the store was read. */
  readonly onChange: () => void
}

/** Servers asked in one round: enough that one who hides nodes is found out, few enough to load nobody. */
const SERVERS_PER_ROUND = 3
const REFRESH_MS = 600_000
/** A hint that the directory is out of date starts a round at most this often. */
const HINT_MS = 10_000
const RETRY_MS = [1_000, 3_000, 10_000, 30_000, 60_000]
const ROUND_TIMEOUT_MS = 15_000
/** What the store keeps: descriptors as signed, re-verified when read. */
const STORE_KEY = 'directory'
const MAX_STORED = 4_096

export class DirectoryKeeper {
  readonly #options: DirectoryKeeperOptions
  readonly #life = new AbortController()
  readonly #positions = new Map<string, bigint>()
  #round: Promise<void> | undefined
  #lastError: CraftecError | undefined
  #failures = 0
  #lastRoundAt = Number.NEGATIVE_INFINITY
  #cancelTimer = (): void => {}

  constructor(options: DirectoryKeeperOptions) {
    this.#options = options
  }

  /** At least one exit is known: without one nothing can be reached. */
  get usable(): boolean {
    const { directory, clock } = this.#options
    return directory.view(clock.now()).nodes.some(node => node.roles.exit)
  }

  /** Why the last round brought nothing, if so. */
  get lastError(): CraftecError | undefined {
    return this.#lastError
  }

  /** Read the store, then keep synchronising until {@link stop}. */
  async start(): Promise<void> {
    await this.#readStore()
    this.#options.onChange()
    // Rejects only when it is stopped meanwhile: who waits is told by whenUsable.
    this.#runRound().catch(() => {})
  }

  /**
   * Resolves at once when the directory is usable, else after one more round.
   * @throws CraftecError `directory-empty` | `bootstrap-unreachable` (no server answered) | `stopped` | the signal's reason
   */
  async whenUsable(signal: AbortSignal): Promise<void> {
    if (this.usable) return
    const { clock } = this.#options
    await withDeadline({ signal, timeoutMs: ROUND_TIMEOUT_MS, what: 'directory of the network', clock }, () =>
      this.#runRound()
    )
    if (this.usable) return
    throw this.#lastError?.code === 'bootstrap-unreachable'
      ? this.#lastError
      : new CraftecError(
          'directory-empty',
          'no exit is known yet; check the bootstrap addresses, or try again in a moment',
          {
            cause: this.#lastError
          }
        )
  }

  /** Circuits fail: a relay that restarted has new keys, and only a fresh descriptor names them. */
  hintStale(): void {
    if (this.#life.signal.aborted || this.#options.clock.monotonic() - this.#lastRoundAt < HINT_MS) return
    void this.#runRound().catch(() => {})
  }

  stop(): void {
    this.#cancelTimer()
    this.#life.abort(new CraftecError('stopped', 'the client was stopped'))
  }

  #runRound(): Promise<void> {
    this.#round ??= this.#syncAll().finally(() => {
      this.#round = undefined
    })
    return this.#round
  }

  async #syncAll(): Promise<void> {
    this.#cancelTimer()
    if (this.#life.signal.aborted) throw this.#life.signal.reason
    this.#lastRoundAt = this.#options.clock.monotonic()
    const servers = this.#chooseServers()
    const outcomes = await Promise.allSettled(servers.map(server => this.#syncOne(server)))
    if (this.#life.signal.aborted) throw this.#life.signal.reason
    const failed = outcomes.flatMap(outcome =>
      outcome.status === 'rejected' ? [CraftecError.from(outcome.reason)] : []
    )
    const reached = failed.length < servers.length
    this.#lastError = reached
      ? undefined
      : new CraftecError(
          'bootstrap-unreachable',
          'no directory server answered; check the bootstrap addresses and the network',
          {
            cause: failed[0]
          }
        )
    this.#failures = reached && this.usable ? 0 : this.#failures + 1
    if (reached) await this.#writeStore()
    const delay =
      this.#failures === 0 ? REFRESH_MS : (RETRY_MS[Math.min(this.#failures, RETRY_MS.length) - 1] ?? REFRESH_MS)
    if (!this.#life.signal.aborted)
      this.#cancelTimer = this.#options.clock.after(delay, () => void this.#runRound().catch(() => {}))
    this.#options.onChange()
  }

  async #syncOne(server: PeerAddresses): Promise<void> {
    const since = this.#positions.get(server.peerId) ?? 0n
    const { clock } = this.#options
    const deadline = {
      signal: this.#life.signal,
      timeoutMs: ROUND_TIMEOUT_MS,
      what: 'answer of a directory server',
      clock
    }
    const { next } = await withDeadline(deadline, signal => this.#options.sync(server, since, signal))
    this.#positions.set(server.peerId, next)
  }

  /** Two bootstrap nodes and one of the others, by chance: a fixed order would load the first and trust it alone. */
  #chooseServers(): PeerAddresses[] {
    const { directory, clock, bootstrap, random } = this.#options
    const own = new Set(bootstrap.map(({ peerId }) => peerId))
    const others = directoryNodes(directory.view(clock.now())).filter(({ peerId }) => !own.has(peerId))
    const first = shuffled(bootstrap, random).slice(0, SERVERS_PER_ROUND - Math.min(1, others.length))
    return [...first, ...shuffled(others, random).slice(0, SERVERS_PER_ROUND - first.length)]
  }

  async #readStore(): Promise<void> {
    const { store, directory, clock } = this.#options
    const saved = await store.get(STORE_KEY).catch(() => undefined)
    if (!Array.isArray(saved)) return
    for (const bytes of saved.slice(0, MAX_STORED)) {
      try {
        if (bytes instanceof Uint8Array) directory.add(bytes, clock.now())
      } catch {
        // Expired since, or damaged: the network has better ones.
      }
    }
  }

  async #writeStore(): Promise<void> {
    const { store, directory, clock } = this.#options
    // A full disk costs a slower start next time, nothing else.
    await store.set(STORE_KEY, directory.signedBytes(clock.now()).slice(0, MAX_STORED)).catch(() => {})
  }
}

/** Fisher-Yates; the bias of one byte modulo a short list does not matter for load. */
function shuffled<T>(list: readonly T[], random: RandomBytes): T[] {
  const copy = [...list]
  const bytes = random(copy.length)
  for (let at = copy.length - 1; at > 0; at--) {
    const other = (bytes[at] ?? 0) % (at + 1)
    const [a, b] = [copy[at], copy[other]]
    if (a !== undefined && b !== undefined) [copy[at], copy[other]] = [b, a]
  }
  return copy
}
