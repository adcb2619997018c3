/** Circuits as a client uses them: `sdk/net/circuit`'s client circuits over real links. */
import { type Clock, type RandomBytes, systemClock, systemRandom, withDeadline } from '../../async/index.ts'
import { encodeHex } from '../../codec/index.ts'
import { CraftecError } from '../../errors/index.ts'
import type { P2pNode } from '../../p2p/index.ts'
import { ClientCircuit, type StreamTarget } from '../circuit/index.ts'
import type { Descriptor } from '../directory/index.ts'
import type { HopKey } from '../onion/index.ts'
import { OnionLinks } from './onion-links.ts'
import { type OpenStreamOptions, openCircuitStream } from './open-circuit-stream.ts'
import type { CircuitStream } from './stream-duplex.ts'

const TICK_MS = 5_000
const PING_TIMEOUT_MS = 10_000
const CIRCUIT_ID_BYTES = 6

/** The hops of a circuit, guard first, exit last; one to five. */
export interface CircuitPath {
  readonly hops: readonly Descriptor[]
}

export interface CircuitClientOptions {
  readonly node: P2pNode
  /** Share the links of a relay on the same node, so that neighbours cannot tell own circuits from others'. */
  readonly links?: OnionLinks
  readonly clock?: Clock
  readonly random?: RandomBytes
}

export interface BuildOptions {
  readonly signal?: AbortSignal | undefined
  /** For the link to the first hop and the handshake together. */
  readonly timeoutMs: number
}

export interface CircuitHandle {
  /** Known to this node only. */
  readonly id: string
  readonly path: CircuitPath
  /** From sending CREATE to the finished handshake; the link to the first hop stood already. */
  readonly buildMs: number
  /** From each hop to the next, the client's own link first, as the hops report them. */
  readonly hopRoundTripsMs: readonly number[]
  /** Stream data, headers and fill not counted. */
  readonly bytesSent: number
  readonly bytesReceived: number
  /** Streams that may still be opened, now and later. */
  readonly streams: { readonly open: number; readonly unusedIds: number }
  /** Settles when the circuit ends: `undefined` after {@link destroy}. Never rejects. */
  readonly closed: Promise<CraftecError | undefined>
  /**
   * Open a stream to a target behind the exit. It can be written at once; `opened` says when the exit has connected.
   * @throws CraftecError `circuit-destroyed` | `limit-exceeded` | `invalid-argument`; `opened` rejects with `exit-refused` |
   * `name-not-resolved` | `connect-failed` | `timeout` | `limit-exceeded` | `circuit-destroyed` | `stream-reset` | `aborted`
   */
  openStream(target: StreamTarget, options: OpenStreamOptions): Promise<CircuitStream>
  /**
   * Round trip to the exit and back in milliseconds.
   * @throws CraftecError `timeout` | `circuit-destroyed` | `limit-exceeded` | `aborted`
   */
  ping(options?: { readonly signal?: AbortSignal | undefined; readonly timeoutMs?: number }): Promise<number>
  /** End the circuit and its streams. Idempotent. */
  destroy(): void
}

export interface CircuitClient {
  /**
   * Build a circuit: a link to the first hop if there is none, then one round trip.
   * @throws CraftecError `circuit-failed` (cause: why) | `timeout` | `aborted` | `stopped` | `invalid-argument`
   */
  build(path: CircuitPath, options: BuildOptions): Promise<CircuitHandle>
  /** End all circuits, and the links unless they are shared. Idempotent. */
  stop(): Promise<void>
}

export function createCircuitClient(options: CircuitClientOptions): CircuitClient {
  return new LinkedCircuitClient(options)
}

class LinkedCircuitClient implements CircuitClient {
  private readonly clock: Clock
  private readonly random: RandomBytes
  private readonly links: OnionLinks
  private readonly ownsLinks: boolean
  private readonly circuits = new Set<ClientCircuit>()
  private cancelTick: (() => void) | undefined
  private stopped = false

  constructor({ node, links, clock = systemClock, random = systemRandom }: CircuitClientOptions) {
    this.clock = clock
    this.random = random
    this.ownsLinks = links === undefined
    this.links = links ?? new OnionLinks({ node, clock, random })
  }

  async build(path: CircuitPath, { signal, timeoutMs }: BuildOptions): Promise<CircuitHandle> {
    const [first] = path.hops
    if (first === undefined) throw new CraftecError('invalid-argument', 'a circuit has at least one hop')
    if (this.stopped) throw new CraftecError('stopped', 'the circuit client was stopped')
    const opened = Promise.withResolvers<void>()
    const closed = Promise.withResolvers<CraftecError | undefined>()
    const circuit = new ClientCircuit({
      hops: path.hops.map(hop => this.hopKey(hop)),
      random: this.random,
      nowMs: () => this.clock.monotonic(),
      listener: {
        opened: () => opened.resolve(),
        closed: error => {
          this.circuits.delete(circuit)
          opened.reject(error ?? new CraftecError('stopped', 'the circuit was ended while it was being built'))
          closed.resolve(error)
        }
      }
    })
    opened.promise.catch(() => {})
    this.circuits.add(circuit)
    try {
      await withDeadline({ signal, timeoutMs, what: 'building a circuit', clock: this.clock }, async aborted => {
        circuit.start(await this.links.open(first.identity, first.addresses, { signal: aborted, timeoutMs }))
        await opened.promise
      })
    } catch (error) {
      circuit.destroy()
      throw buildError(error)
    }
    this.planTick()
    return this.handleOf(circuit, path, closed.promise)
  }

  async stop(): Promise<void> {
    this.stopped = true
    this.cancelTick?.()
    for (const circuit of [...this.circuits]) circuit.destroy()
    if (this.ownsLinks) await this.links.stop()
  }

  private handleOf(
    circuit: ClientCircuit,
    path: CircuitPath,
    closed: Promise<CraftecError | undefined>
  ): CircuitHandle {
    const { clock } = this
    return {
      id: encodeHex(this.random(CIRCUIT_ID_BYTES)),
      path,
      buildMs: circuit.buildMs,
      hopRoundTripsMs: circuit.hopRoundTripsMs,
      closed,
      get bytesSent() {
        return circuit.mux.bytesSent
      },
      get bytesReceived() {
        return circuit.mux.bytesReceived
      },
      get streams() {
        return { open: circuit.mux.streamCount, unusedIds: circuit.mux.unusedIds }
      },
      openStream: async (target, options) => openCircuitStream(circuit, target, options, clock),
      ping: ({ signal, timeoutMs = PING_TIMEOUT_MS } = {}) =>
        withDeadline({ signal, timeoutMs, what: 'echo of the exit', clock }, async () => {
          const answer = Promise.withResolvers<number>()
          circuit.ping(result => (typeof result === 'number' ? answer.resolve(result) : answer.reject(result)))
          return answer.promise
        }),
      destroy: () => circuit.destroy()
    }
  }

  /** The newest key of the hop's descriptor; the one before is only there for clients with an older descriptor. */
  private hopKey({ identity, onionKeys }: Descriptor): HopKey {
    const key = onionKeys.find(({ notAfter }) => notAfter * 1000 > this.clock.now())
    if (key === undefined)
      throw new CraftecError('circuit-failed', 'a hop of the path has no onion key that is still valid')
    return { identity, onionKey: key.publicKey }
  }

  private planTick(): void {
    this.cancelTick ??= this.clock.after(TICK_MS, () => {
      this.cancelTick = undefined
      for (const circuit of [...this.circuits]) circuit.tick()
      if (this.circuits.size > 0 && !this.stopped) this.planTick()
    })
  }
}

/** What failed on the way is the cause; what the caller decided keeps its own code. */
function buildError(error: unknown): CraftecError {
  const known = CraftecError.from(error)
  if (['circuit-failed', 'timeout', 'aborted', 'stopped', 'invalid-argument'].includes(known.code)) return known
  return new CraftecError('circuit-failed', `the circuit could not be built: ${known.message}`, { cause: known })
}
