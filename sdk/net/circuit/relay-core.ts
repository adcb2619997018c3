/**
 * A relay (and exit) without its I/O: which circuits it takes, how it joins them across links, and when it ends them.
 * Rules: docs/protocol/craftnet.md §3 to §5. Links come in as {@link LinkCore}, time and randomness as functions; what
 * the node must do comes out as effects.
 */
import type { RandomBytes } from '../../async/index.ts'
import { CraftecError } from '../../errors/index.ts'
import {
  type AcceptedCreate,
  type AcceptedExit,
  type AcceptedForward,
  acceptCreate,
  answerCreate,
  type OnionKeyPair
} from '../onion/index.ts'
import { ByteBudget } from './byte-budget.ts'
import type { CircuitHalf } from './circuit-half.ts'
import { DESTROY, type DestroyReason } from './destroy-reason.ts'
import { ExitCircuit } from './exit-circuit.ts'
import { ForwardCircuit } from './forward-circuit.ts'
import type { CircuitHost, HopCircuit } from './hop-circuit.ts'
import type { LinkCore } from './link-core.ts'
import type { MuxStream } from './mux-stream.ts'
import { type RelayCounters, zeroCounters } from './relay-counters.ts'
import { DEFAULT_RELAY_LIMITS, type RelayLimits } from './relay-limits.ts'
import { ReplayCache } from './replay-cache.ts'
import { TokenBucket } from './token-bucket.ts'

export type RelayEvent =
  | { readonly type: 'link-up'; readonly link: LinkCore }
  | { readonly type: 'link-down'; readonly link: LinkCore }
  | { readonly type: 'frame'; readonly link: LinkCore; readonly frame: Uint8Array }
  /** The answer to a `dial` effect; without a link the node could not be reached. */
  | { readonly type: 'dialed'; readonly identity: Uint8Array; readonly link: LinkCore | undefined }
  /** The onion keys now honoured, newest first. */
  | { readonly type: 'keys'; readonly onionKeys: readonly OnionKeyPair[] }
  /** At least once a second, or deadlines are late. */
  | { readonly type: 'tick' }
  /** Take nothing new; let streams finish. */
  | { readonly type: 'drain' }
  /** End every circuit. */
  | { readonly type: 'shut-down' }

export type RelayEffect =
  /** Find or make a link to the node, then say `dialed`. */
  | { readonly type: 'dial'; readonly identity: Uint8Array }
  /** The neighbour broke the rules; the link core is closed already. */
  | { readonly type: 'close-link'; readonly link: LinkCore; readonly error: CraftecError }
  /** A client opened a stream: connect it, set its listener. */
  | { readonly type: 'stream'; readonly stream: MuxStream }
  /** The current onion key has seen nearly all the circuits it can. */
  | { readonly type: 'renew-keys' }

export interface RelayCoreOptions {
  readonly identity: Uint8Array
  readonly onionKeys: readonly OnionKeyPair[]
  /** Whether circuits may end here. */
  readonly exit: boolean
  readonly random: RandomBytes
  /** Milliseconds, monotonic. */
  readonly nowMs: () => number
  readonly limits?: Partial<RelayLimits>
}

const NO_EFFECTS: readonly RelayEffect[] = []

/** What to count, and what to tell the neighbour. */
type Refusal = readonly [keyof RelayCounters, DestroyReason]

export class RelayCore implements CircuitHost {
  readonly counters: RelayCounters = zeroCounters()
  readonly limits: RelayLimits
  readonly nowMs: () => number
  private readonly identity: Uint8Array
  private readonly exit: boolean
  private readonly random: RandomBytes
  private readonly budget: ByteBudget
  private readonly circuits = new Set<HopCircuit>()
  private readonly creates = new Map<LinkCore, TokenBucket>()
  /** Circuits that wait for a link, by the identity they wait for. */
  private readonly dials = new Map<string, ForwardCircuit[]>()
  private readonly replays = new Map<number, ReplayCache>()
  private onionKeys: readonly OnionKeyPair[]
  private effects: RelayEffect[] = []
  private draining = false
  private lastTickMs: number

  constructor(options: RelayCoreOptions) {
    this.limits = { ...DEFAULT_RELAY_LIMITS, ...options.limits }
    this.nowMs = options.nowMs
    this.identity = options.identity
    this.exit = options.exit
    this.random = options.random
    this.budget = new ByteBudget(this.limits.maxQueuedBytes)
    this.onionKeys = options.onionKeys
    this.lastTickMs = options.nowMs()
  }

  get circuitCount(): number {
    return this.circuits.size
  }

  get streamCount(): number {
    let count = 0
    for (const circuit of this.circuits) if (circuit instanceof ExitCircuit) count += circuit.streamCount
    return count
  }

  get queuedBytes(): number {
    return this.budget.used
  }

  get linkCount(): number {
    return this.creates.size
  }

  /** @internal for circuits */
  get tickMs(): number {
    return this.lastTickMs
  }

  /** Never throws, whatever a neighbour sent. */
  handle(event: RelayEvent): readonly RelayEffect[] {
    switch (event.type) {
      case 'link-up':
        this.linkUp(event.link)
        break
      case 'link-down':
        this.linkDown(event.link)
        break
      case 'frame':
        this.receive(event.link, event.frame)
        break
      case 'dialed':
        this.dialed(event.identity, event.link)
        break
      case 'keys':
        this.onionKeys = event.onionKeys
        for (const epoch of this.replays.keys())
          if (!event.onionKeys.some(key => key.epoch === epoch)) this.replays.delete(epoch)
        break
      case 'tick':
        this.tick()
        break
      case 'drain':
        this.draining = true
        for (const circuit of this.circuits) if (circuit instanceof ExitCircuit) circuit.drain()
        break
      case 'shut-down':
        this.draining = true
        for (const circuit of [...this.circuits]) circuit.destroy(DESTROY.shuttingDown)
    }
    if (this.budget.exceeded) this.shed()
    if (this.effects.length === 0) return NO_EFFECTS
    const effects = this.effects
    this.effects = []
    return effects
  }

  /** @internal for circuits */
  hold(bytes: number): void {
    this.budget.add(bytes)
  }

  /** @internal for circuits */
  forget(circuit: HopCircuit): void {
    if (this.circuits.delete(circuit)) this.counters.circuitsEnded++
  }

  private linkUp(link: LinkCore): void {
    const { createsPerSecond, createBurst } = this.limits
    this.creates.set(link, new TokenBucket(createsPerSecond, createBurst, this.nowMs()))
    link.acceptor = (half, packet) => this.accept(half, packet)
  }

  private linkDown(link: LinkCore): void {
    this.creates.delete(link)
    link.close(DESTROY.linkLost)
  }

  private receive(link: LinkCore, frame: Uint8Array): void {
    try {
      link.receive(frame)
    } catch (error) {
      this.counters.linksBroken++
      this.linkDown(link)
      this.effects.push({ type: 'close-link', link, error: CraftecError.from(error) })
    }
  }

  private accept(half: CircuitHalf, packet: Uint8Array): void {
    const refusal = this.admit(half) ?? this.open(half, packet)
    if (refusal === undefined) return
    const [counter, reason] = refusal
    this.counters[counter]++
    half.destroy(reason)
  }

  /** Cheap reasons to refuse, before the costly look into the packet. */
  private admit(half: CircuitHalf): Refusal | undefined {
    if (this.draining) return ['refusedDraining', DESTROY.shuttingDown]
    if (this.circuits.size >= this.limits.maxCircuits) return ['refusedLimit', DESTROY.limit]
    if (this.budget.underPressure) return ['refusedPressure', DESTROY.limit]
    if (this.creates.get(half.link)?.take(this.nowMs()) !== true) return ['refusedRate', DESTROY.limit]
    return undefined
  }

  private open(half: CircuitHalf, packet: Uint8Array): Refusal | undefined {
    let accepted: AcceptedCreate
    try {
      accepted = acceptCreate(packet, { identity: this.identity, onionKeys: this.onionKeys }, this.random)
    } catch {
      return ['refusedMalformed', DESTROY.protocol]
    }
    const replays = this.replaysOf(accepted.epoch)
    const seen = replays.add(accepted.replayTag)
    if (seen === 'seen') return ['refusedReplay', DESTROY.protocol]
    if (seen === 'full') return ['refusedReplayCacheFull', DESTROY.limit]
    if (replays.size === Math.ceil(this.limits.maxReplayTags * 0.75)) this.effects.push({ type: 'renew-keys' })
    return accepted.role === 'exit' ? this.acceptExit(half, accepted) : this.acceptForward(half, accepted)
  }

  private acceptExit(half: CircuitHalf, accepted: AcceptedExit): Refusal | undefined {
    if (!this.exit) return ['refusedNoExit', DESTROY.noRoute]
    half.answer(answerCreate(accepted.hop, undefined, 0, this.random))
    const circuit = new ExitCircuit(this, half, accepted.hop.cipher, {
      maxStreams: this.limits.maxStreamsPerCircuit,
      onStream: stream => {
        this.counters.streamsOpened++
        this.effects.push({ type: 'stream', stream })
      }
    })
    half.end = circuit
    this.circuits.add(circuit)
    this.counters.circuitsExited++
    return undefined
  }

  private acceptForward(half: CircuitHalf, accepted: AcceptedForward): Refusal | undefined {
    // An honest path has no node twice; one that turns back would only multiply traffic.
    const key = identityKey(accepted.next)
    if (key === identityKey(this.identity) || key === identityKey(half.link.remoteIdentity))
      return ['refusedLoop', DESTROY.noRoute]
    const waiting = this.dials.get(key)
    if (waiting === undefined && this.dials.size >= this.limits.maxDials) return ['refusedUnreachable', DESTROY.limit]
    const circuit = new ForwardCircuit(this, this.random, half, accepted)
    half.end = circuit
    this.circuits.add(circuit)
    this.counters.circuitsForwarded++
    if (waiting !== undefined) waiting.push(circuit)
    else {
      this.dials.set(key, [circuit])
      this.effects.push({ type: 'dial', identity: accepted.next })
    }
    return undefined
  }

  private dialed(identity: Uint8Array, link: LinkCore | undefined): void {
    const key = identityKey(identity)
    const waiting = this.dials.get(key) ?? []
    this.dials.delete(key)
    for (const circuit of waiting) {
      if (circuit.isOver) continue
      if (link !== undefined && circuit.passOn(link)) continue
      this.counters.refusedUnreachable++
      circuit.destroy(link === undefined ? DESTROY.noRoute : DESTROY.limit)
    }
  }

  private replaysOf(epoch: number): ReplayCache {
    let cache = this.replays.get(epoch)
    if (cache === undefined) {
      cache = new ReplayCache(this.limits.maxReplayTags, this.random)
      this.replays.set(epoch, cache)
    }
    return cache
  }

  private tick(): void {
    const now = this.nowMs()
    this.lastTickMs = now
    for (const circuit of [...this.circuits]) {
      if (!circuit.isOpen && now - circuit.bornMs > this.limits.halfBuiltMs) {
        this.counters.timedOutBuilding++
        circuit.destroy(DESTROY.noRoute)
      } else if (circuit.isOpen && now - circuit.lastCellMs > this.limits.idleMs) {
        this.counters.timedOutIdle++
        circuit.destroy(DESTROY.idle)
      } else if (this.draining && this.isSpare(circuit, now)) circuit.destroy(DESTROY.shuttingDown)
    }
  }

  /** Whether a draining relay need not wait for the circuit. */
  private isSpare(circuit: HopCircuit, now: number): boolean {
    return circuit instanceof ExitCircuit
      ? circuit.streamCount === 0
      : now - circuit.lastCellMs > this.limits.drainIdleMs
  }

  /** Over the limit the circuit that holds most goes: it is the one whose reader takes least. */
  private shed(): void {
    while (this.budget.exceeded) {
      let fullest: HopCircuit | undefined
      for (const circuit of this.circuits) if (circuit.queuedBytes > (fullest?.queuedBytes ?? 0)) fullest = circuit
      if (fullest === undefined) return
      this.counters.circuitsShed++
      fullest.destroy(DESTROY.limit)
    }
  }
}

function identityKey(identity: Uint8Array): string {
  return String.fromCharCode(...identity)
}
