/**
 * Which circuit a stream goes over. Streams with different isolation keys or path rules never share one; a circuit takes
 * new streams for ten minutes (Tor's MaxCircuitDirtiness); one spare with the default rules stands ready, so that a warm
 * request pays no handshake.
 */
import type { Clock } from '../../async/index.ts'
import { CraftecError } from '../../errors/index.ts'
import type { PathRules, StreamTarget } from '../fetch/index.ts'
import type { CircuitHandle } from '../node/index.ts'
import { acceptsPort } from '../path/index.ts'

export interface BuiltCircuit {
  readonly circuit: CircuitHandle
  /** Circuits that failed before this one. */
  readonly retries: number
}

export interface CircuitPoolOptions {
  /** @param target absent for a spare: any exit will do. Otherwise the exit's published policy takes it */
  readonly build: (rules: PathRules, target: StreamTarget | undefined, signal: AbortSignal) => Promise<BuiltCircuit>
  readonly spareRules: PathRules
  readonly clock: Clock
}

export interface CircuitInfo {
  readonly id: string
  /** Guard first, exit last. */
  readonly hops: CircuitHandle['path']['hops']
  readonly hopRoundTripsMs: readonly number[]
  readonly buildMs: number
  readonly ageMs: number
  readonly streams: number
  /** `spare`: no stream yet; `retired`: takes no new streams and goes with its last one. */
  readonly use: 'spare' | 'used' | 'retired'
}

const MAX_DIRTY_MS = 600_000
/** A circuit without streams is kept this long. */
const IDLE_MS = 60_000
const SWEEP_MS = 5_000
const MAX_CIRCUITS = 32
const SPARE_RETRY_MS = [2_000, 10_000, 30_000, 60_000]

interface Entry {
  readonly circuit: CircuitHandle
  readonly rules: string
  /** `undefined` for a spare. */
  key: string | undefined
  readonly bornAt: number
  dirtySince: number
  lastUsedAt: number
  retired: boolean
}

export class CircuitPool {
  readonly #options: CircuitPoolOptions
  readonly #entries = new Set<Entry>()
  readonly #building = new Map<string, Promise<BuiltCircuit & { readonly entry: Entry }>>()
  readonly #life = new AbortController()
  /** Counts `newPath` calls: what was begun before one is not used after it. */
  #epoch = 0
  #spareFailures = 0
  #cancelSpare = (): void => {}
  #cancelSweep = (): void => {}

  constructor(options: CircuitPoolOptions) {
    this.#options = options
  }

  /**
   * A circuit for one stream.
   * @throws CraftecError `stopped` | `limit-exceeded` | what `build` throws | the signal's reason
   */
  async acquire(rules: PathRules, isolation: string, target: StreamTarget, signal: AbortSignal): Promise<BuiltCircuit> {
    signal.throwIfAborted()
    this.#life.signal.throwIfAborted()
    const key = JSON.stringify([isolation, rulesKey(rules)])
    for (;;) {
      const ready = this.#find(key, target) ?? this.#claimSpare(key, rulesKey(rules), target)
      if (ready) return this.#use(ready, 0)
      const shared = this.#building.get(key)
      const { entry, retries } = await untilAborted(shared ?? this.#buildFor(key, rules, target), signal)
      // Meanwhile the caller may have asked for a new path; and whoever started a shared one may want another target.
      if (!entry.retired && (!shared || exitTakes(entry.circuit, target))) return this.#use(entry, retries)
    }
  }

  /** Build the spare now rather than after the first stream. */
  prepare(): void {
    this.#ensureSpare()
  }

  /** No new stream goes over any circuit there is; those in use end with their streams. */
  newPath(): void {
    this.#epoch++
    for (const entry of [...this.#entries]) this.#retire(entry)
    this.#ensureSpare()
  }

  list(): CircuitInfo[] {
    const now = this.#options.clock.monotonic()
    return [...this.#entries].map(({ circuit, bornAt, retired, key }) => ({
      id: circuit.id,
      hops: circuit.path.hops,
      hopRoundTripsMs: circuit.hopRoundTripsMs,
      buildMs: circuit.buildMs,
      ageMs: now - bornAt,
      streams: circuit.streams.open,
      use: retired ? 'retired' : key === undefined ? 'spare' : 'used'
    }))
  }

  /** Destroy every circuit. The pool cannot be used again. */
  stop(): void {
    this.#cancelSpare()
    this.#cancelSweep()
    this.#life.abort(new CraftecError('stopped', 'the client was stopped'))
    for (const entry of [...this.#entries]) this.#drop(entry)
  }

  #find(key: string, target: StreamTarget): Entry | undefined {
    const now = this.#options.clock.monotonic()
    for (const entry of this.#entries) {
      if (entry.key !== key || entry.retired) continue
      if (now - entry.dirtySince > MAX_DIRTY_MS || entry.circuit.streams.unusedIds === 0) this.#retire(entry)
      else if (exitTakes(entry.circuit, target)) return entry
    }
    return undefined
  }

  #claimSpare(key: string, rules: string, target: StreamTarget): Entry | undefined {
    for (const entry of this.#entries) {
      if (entry.key !== undefined || entry.retired || entry.rules !== rules || !exitTakes(entry.circuit, target))
        continue
      entry.key = key
      entry.dirtySince = this.#options.clock.monotonic()
      return entry
    }
    return undefined
  }

  #buildFor(key: string, rules: PathRules, target: StreamTarget): Promise<BuiltCircuit & { readonly entry: Entry }> {
    const building = this.#build(key, rules, target).finally(() => this.#building.delete(key))
    this.#building.set(key, building)
    // Every waiter may have left by the time it fails.
    building.catch(() => {})
    return building
  }

  async #build(
    key: string | undefined,
    rules: PathRules,
    target: StreamTarget | undefined
  ): Promise<BuiltCircuit & { readonly entry: Entry }> {
    this.#makeRoom()
    const epoch = this.#epoch
    const built = await this.#options.build(rules, target, this.#life.signal)
    const now = this.#options.clock.monotonic()
    const entry: Entry = {
      circuit: built.circuit,
      rules: rulesKey(rules),
      key,
      bornAt: now,
      dirtySince: now,
      lastUsedAt: now,
      retired: false
    }
    if (this.#life.signal.aborted) {
      built.circuit.destroy()
      throw this.#life.signal.reason
    }
    this.#entries.add(entry)
    void built.circuit.closed.then(() => {
      this.#drop(entry)
      if (entry.key === undefined) this.#ensureSpare()
    })
    if (epoch !== this.#epoch) this.#retire(entry)
    this.#planSweep()
    return { ...built, entry }
  }

  #use(entry: Entry, retries: number): BuiltCircuit {
    entry.lastUsedAt = this.#options.clock.monotonic()
    this.#ensureSpare()
    return { circuit: entry.circuit, retries }
  }

  #planSweep(): void {
    this.#cancelSweep()
    if (this.#entries.size > 0) this.#cancelSweep = this.#options.clock.after(SWEEP_MS, () => this.#sweep())
  }

  /** Circuits count their streams themselves; looking now and then is enough to end those that nobody uses. */
  #sweep(): void {
    const now = this.#options.clock.monotonic()
    for (const entry of [...this.#entries]) {
      if (entry.circuit.streams.open > 0) entry.lastUsedAt = now
      else if (entry.retired || (entry.key !== undefined && now - entry.lastUsedAt > IDLE_MS)) this.#drop(entry)
    }
    this.#planSweep()
  }

  #retire(entry: Entry): void {
    entry.retired = true
    if (entry.circuit.streams.open === 0) this.#drop(entry)
  }

  #drop(entry: Entry): void {
    entry.retired = true
    if (this.#entries.delete(entry)) entry.circuit.destroy()
  }

  /** @throws CraftecError `limit-exceeded` when every circuit carries streams */
  #makeRoom(): void {
    if (this.#entries.size + this.#building.size < MAX_CIRCUITS) return
    const now = this.#options.clock.monotonic()
    // One that was just given out has no stream yet.
    const unused = [...this.#entries].find(
      ({ circuit, lastUsedAt }) => circuit.streams.open === 0 && now - lastUsedAt >= SWEEP_MS
    )
    if (!unused)
      throw new CraftecError('limit-exceeded', `${MAX_CIRCUITS} circuits are in use; end some streams first`, {
        details: { limit: MAX_CIRCUITS }
      })
    this.#drop(unused)
  }

  #ensureSpare(): void {
    if (this.#life.signal.aborted || this.#building.has(SPARE)) return
    const now = this.#options.clock.monotonic()
    for (const entry of this.#entries) {
      if (entry.key !== undefined || entry.retired) continue
      if (now - entry.bornAt <= MAX_DIRTY_MS) return
      this.#retire(entry)
    }
    this.#cancelSpare()
    const building = this.#build(undefined, this.#options.spareRules, undefined).finally(() =>
      this.#building.delete(SPARE)
    )
    this.#building.set(SPARE, building)
    building.then(
      () => {
        this.#spareFailures = 0
      },
      () => {
        const delay = SPARE_RETRY_MS[Math.min(this.#spareFailures++, SPARE_RETRY_MS.length - 1)] ?? IDLE_MS
        if (!this.#life.signal.aborted) this.#cancelSpare = this.#options.clock.after(delay, () => this.#ensureSpare())
      }
    )
  }
}

/** Not JSON, so no isolation key can be it. */
const SPARE = 'spare'

function exitTakes({ path }: CircuitHandle, { port }: StreamTarget): boolean {
  return acceptsPort(path.hops.at(-1)?.exitPorts ?? [], port)
}

function rulesKey({ hops, exit }: PathRules): string {
  return JSON.stringify([hops, exit?.country ?? null, exit?.identity ?? null])
}

/** @throws the signal's reason as soon as it fires; `task` goes on for whoever else waits for it */
function untilAborted<T>(task: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    task.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
