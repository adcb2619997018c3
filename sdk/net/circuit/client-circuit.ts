/**
 * The client's end of a circuit, without its I/O: docs/protocol/craftnet.md §4 and §5. It offers itself to the first
 * hop's link as one more circuit there; streams are those of its multiplexer.
 */
import type { RandomBytes } from '../../async/index.ts'
import { CraftecError } from '../../errors/index.ts'
import {
  buildCreate,
  type ClientCipher,
  finishCreate,
  forgetCreate,
  type HopKey,
  type PendingCreate
} from '../onion/index.ts'
import type { CircuitEnd, CircuitHalf } from './circuit-half.ts'
import { circuitError, DESTROY, type DestroyReason } from './destroy-reason.ts'
import type { LinkCore } from './link-core.ts'
import type { MuxStream } from './mux-stream.ts'
import { PING_BYTES, type StreamTarget } from './stream-message.ts'
import { StreamMux } from './stream-mux.ts'

/** A circuit with open streams that hears nothing for this long asks; after twice this long it is dead. */
export const SILENCE_MS = 15_000
const MAX_PINGS = 8

export interface ClientCircuitListener {
  opened(): void
  /** Called once: `undefined` when this side ended it. */
  closed(error: CraftecError | undefined): void
}

export interface ClientCircuitOptions {
  readonly hops: readonly HopKey[]
  readonly random: RandomBytes
  /** Milliseconds, monotonic. */
  readonly nowMs: () => number
  readonly listener: ClientCircuitListener
  readonly maxStreams?: number
}

interface Ping {
  readonly sentMs: number
  readonly answered: (result: number | CraftecError) => void
}

export class ClientCircuit implements CircuitEnd {
  readonly mux: StreamMux
  /** From CREATE to CREATED; meaningful once open. */
  buildMs = 0
  /** From each hop to the next, the client's own link first, as the hops claim; meaningful once open. */
  hopRoundTripsMs: readonly number[] = []
  private readonly options: ClientCircuitOptions
  private pending: PendingCreate | undefined
  private cipher: ClientCipher | undefined
  private half: CircuitHalf | undefined
  private startedMs = 0
  private heardMs = 0
  private heldBytes = 0
  private readonly pings = new Map<string, Ping>()
  private over = false

  constructor(options: ClientCircuitOptions) {
    this.options = options
    this.mux = new StreamMux({
      role: 'client',
      onOutput: () => this.half?.ready(),
      hold: bytes => {
        this.heldBytes += bytes
      },
      onPong: token => this.ponged(token),
      ...(options.maxStreams === undefined ? {} : { maxStreams: options.maxStreams })
    })
  }

  get state(): 'building' | 'open' | 'ended' {
    return this.over ? 'ended' : this.cipher === undefined ? 'building' : 'open'
  }

  get queuedBytes(): number {
    return this.heldBytes
  }

  /** Send CREATE over the link to the first hop. @throws CraftecError `circuit-failed` (no room on the link) | `aborted` (ended already) */
  start(link: LinkCore): void {
    if (this.over) throw new CraftecError('aborted', 'the circuit was ended before it began')
    this.half = link.open(this)
    if (this.half === undefined) throw circuitError('circuit-failed', link.isClosed ? DESTROY.linkLost : DESTROY.limit)
    const { packet, pending } = buildCreate(this.options.hops, this.options.random)
    this.pending = pending
    this.startedMs = this.heardMs = this.options.nowMs()
    this.half.create(packet)
  }

  /** @throws CraftecError `circuit-destroyed` (not open) | `invalid-argument` | `limit-exceeded` */
  openStream(target: StreamTarget): MuxStream {
    if (this.state !== 'open') throw new CraftecError('circuit-destroyed', 'the circuit is not open; build another one')
    if (this.mux.streamCount === 0) this.heardMs = this.options.nowMs()
    return this.mux.open(target)
  }

  /**
   * Ask the exit for an echo. `answered` gets the round trip in milliseconds, or why there will be no answer.
   * @throws CraftecError `circuit-destroyed` | `limit-exceeded` (questions waiting)
   */
  ping(answered: (result: number | CraftecError) => void): void {
    if (this.state !== 'open') throw new CraftecError('circuit-destroyed', 'the circuit is not open; build another one')
    const token = this.options.random(PING_BYTES)
    if (this.pings.size >= MAX_PINGS || !this.mux.ping(token))
      throw new CraftecError('limit-exceeded', `${MAX_PINGS} pings wait on this circuit already`)
    this.pings.set(tokenKey(token), { sentMs: this.options.nowMs(), answered })
  }

  /** At least every few seconds: notices a path that has gone silent under open streams. */
  tick(): void {
    if (this.state !== 'open' || this.mux.streamCount === 0) return
    const silentMs = this.options.nowMs() - this.heardMs
    if (silentMs > 2 * SILENCE_MS)
      this.end(
        new CraftecError('circuit-destroyed', `the path was silent for ${Math.round(silentMs)} ms; try another one`),
        DESTROY.none
      )
    else if (silentMs > SILENCE_MS && this.pings.size === 0) this.ping(() => {})
  }

  /** End the circuit and all its streams. Idempotent. */
  destroy(reason: DestroyReason = DESTROY.none): void {
    this.end(undefined, reason)
  }

  created(_half: CircuitHalf, packet: Uint8Array): void {
    if (this.pending === undefined) return
    try {
      const { cipher, waitsUs } = finishCreate(this.pending, packet)
      this.cipher = cipher
      this.heardMs = this.options.nowMs()
      this.buildMs = this.heardMs - this.startedMs
      this.hopRoundTripsMs = hopRoundTrips(this.buildMs, waitsUs)
    } catch (cause) {
      this.end(CraftecError.from(cause, 'circuit-failed'), DESTROY.protocol)
      return
    }
    this.pending = undefined
    this.options.listener.opened()
  }

  relayed(half: CircuitHalf, body: Uint8Array): void {
    if (this.cipher === undefined) return
    this.heardMs = this.options.nowMs()
    try {
      this.mux.receive(this.cipher.openBackward(body))
    } catch (cause) {
      const error = CraftecError.from(cause)
      this.end(
        new CraftecError('circuit-destroyed', `the circuit ended: ${error.message}`, { cause }),
        DESTROY.protocol
      )
      return
    }
    half.passed()
  }

  nextBody(_half: CircuitHalf, body: Uint8Array): boolean {
    if (this.cipher === undefined) return false
    const payload = this.mux.next()
    if (payload === undefined) return false
    this.cipher.sealForward(payload, body)
    return true
  }

  ended(_half: CircuitHalf, reason: DestroyReason): void {
    this.end(circuitError(this.state === 'building' ? 'circuit-failed' : 'circuit-destroyed', reason), reason)
  }

  private end(error: CraftecError | undefined, reason: DestroyReason): void {
    if (this.over) return
    this.over = true
    this.half?.destroy(reason)
    if (this.pending !== undefined) forgetCreate(this.pending)
    this.cipher?.destroy()
    const why = error ?? new CraftecError('circuit-destroyed', 'the circuit was ended by this side')
    for (const ping of this.pings.values()) ping.answered(why)
    this.pings.clear()
    this.mux.close(why)
    this.options.listener.closed(error)
  }

  private ponged(token: Uint8Array): void {
    const key = tokenKey(token)
    const ping = this.pings.get(key)
    this.pings.delete(key)
    ping?.answered(this.options.nowMs() - ping.sentMs)
  }
}

/** Waits are nested: what a hop waited, less what the next one waited, is the way between them and back. */
function hopRoundTrips(buildMs: number, waitsUs: readonly number[]): number[] {
  return waitsUs.map((waitUs, hop) => {
    const outerMs = hop === 0 ? buildMs : (waitsUs[hop - 1] ?? 0) / 1000
    return Math.max(0, outerMs - waitUs / 1000)
  })
}

function tokenKey(token: Uint8Array): string {
  return String.fromCharCode(...token)
}
