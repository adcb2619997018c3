/** The client of the onion network: directory, circuits and streams put together. It has no way out but circuits. */
import { type Clock, type RandomBytes, systemClock, systemRandom, withDeadline } from '../../async/index.ts'
import { CraftecError, type ErrorCode } from '../../errors/index.ts'
import { peerIdFromPublicKey } from '../../identity/index.ts'
import type { P2pNode } from '../../p2p/index.ts'
import { bootstrapSources, type Descriptor, Directory, syncDirectory } from '../directory/index.ts'
import {
  createTls13Engine,
  type Explanation,
  exitRule,
  type HopCount,
  hopCount,
  NetFetch,
  type NetFetchInit,
  type OpenedStream,
  type OpenStreamRequest,
  type StreamTarget,
  type TlsEngine
} from '../fetch/index.ts'
import type { ByteDuplex } from '../http/index.ts'
import { type CircuitHandle, createCircuitClient, type OnionLinks } from '../node/index.ts'
import { acceptsPort } from '../path/index.ts'
import {
  NetWebSocket,
  type NetWebSocketInit,
  openWebSocket,
  readWebSocketRequest,
  type WebSocketChannel,
  type WebSocketDialer
} from '../websocket/index.ts'
import { CircuitBuilder } from './circuit-builder.ts'
import { type CircuitInfo, CircuitPool } from './circuit-pool.ts'
import { type ClientStore, memoryClientStore } from './client-store.ts'
import { type ConnectOptions, readConnectOptions } from './connect-options.ts'
import { DirectoryKeeper } from './directory-keeper.ts'
import { GuardedPathChooser } from './guarded-path-chooser.ts'
import { isDialable, isLocalNetwork } from './local-network.ts'
import { type NetState, netState } from './net-state.ts'
import { parseTcpTarget } from './tcp-target.ts'

export interface NetClientOptions {
  readonly node: P2pNode
  /** The bootstrap addresses the node was given: they serve the first directory. */
  readonly bootstrap: readonly string[]
  /** Relays before the exit unless a call says otherwise. Default 3. */
  readonly hops?: HopCount
  /** Where guards and descriptors are kept. Default: memory. */
  readonly store?: ClientStore
  /** A store was wanted and could not be had. */
  readonly storeLost?: boolean
  readonly tls?: TlsEngine | undefined
  /** Shared with what else of the node uses it, such as a relay. Default: one of its own. */
  readonly directory?: Directory | undefined
  /** Shared with a relay on the same node, which also ends them. Default: links of its own. */
  readonly links?: OnionLinks | undefined
  readonly clock?: Clock
  readonly random?: RandomBytes
}

const STREAM_TIMEOUT_MS = 30_000
/** Circuits that die under a stream before it was written to. */
const MAX_STREAM_ATTEMPTS = 3
const SHOWN_IDENTITY = 12

export class NetClient {
  readonly #options: NetClientOptions
  readonly #clock: Clock
  readonly #hops: HopCount
  readonly #store: ClientStore
  readonly #directory: Directory
  readonly #keeper: DirectoryKeeper
  readonly #chooser: GuardedPathChooser
  readonly #circuits: ReturnType<typeof createCircuitClient>
  readonly #pool: CircuitPool
  readonly #fetch: NetFetch
  readonly #webSockets: WebSocketDialer
  readonly #listeners = new Set<(state: NetState) => void>()
  readonly #life = new AbortController()
  readonly #unwatchNode: () => void
  #lastCircuit: 'built' | ErrorCode | undefined
  #state: NetState = { status: 'connecting', doing: 'links' }
  #stopping: Promise<void> | undefined

  constructor(options: NetClientOptions) {
    const { node, clock = systemClock, random = systemRandom, store = memoryClientStore() } = options
    this.#options = options
    this.#clock = clock
    this.#hops = hopCount(options.hops ?? 3)
    this.#store = store
    this.#directory = options.directory ?? new Directory()
    this.#keeper = new DirectoryKeeper({
      directory: this.#directory,
      bootstrap: bootstrapSources(options.bootstrap),
      sync: (peer, since, signal) => syncDirectory(node, peer, this.#directory, { since, signal, clock }),
      store,
      clock,
      random,
      onChange: () => this.#onDirectory()
    })
    this.#chooser = new GuardedPathChooser({
      directory: this.#directory,
      store,
      clock,
      random,
      self: node.publicKey,
      dialable: descriptor => isDialable(descriptor, node.transports),
      allowSharedSubnets: isLocalNetwork(options.bootstrap)
    })
    this.#circuits = createCircuitClient({
      node,
      clock,
      random,
      ...(options.links === undefined ? {} : { links: options.links })
    })
    const builder = new CircuitBuilder({
      chooser: this.#chooser,
      circuits: this.#circuits,
      clock,
      isLinked: ({ identity }) => node.peers().includes(peerIdFromPublicKey(identity)),
      onAttempt: outcome => this.#onCircuit(outcome)
    })
    this.#pool = new CircuitPool({
      build: async (rules, target, signal) => {
        if (target) return builder.build(rules, target, signal)
        try {
          return await builder.build(rules, this.#spareTarget(), signal)
        } catch (error) {
          // A wish that nobody can fulfil says nothing about the network; a spare asks for the least there is.
          this.#onCircuit(CraftecError.from(error).code)
          throw error
        }
      },
      spareRules: { hops: this.#hops },
      clock
    })
    const dialer = {
      openStream: (request: OpenStreamRequest) => this.#openStream(request),
      defaultHops: this.#hops,
      tls: options.tls ?? createTls13Engine(),
      clock
    }
    this.#fetch = new NetFetch(dialer)
    this.#webSockets = { ...dialer, random, life: this.#life.signal }
    this.#unwatchNode = node.onState(() => this.#updateState())
  }

  /** Read the store and begin: the directory is fetched and a first circuit built in the background. */
  async start(): Promise<void> {
    await this.#chooser.load()
    await this.#keeper.start()
  }

  /** @see NetFetch.fetch */
  fetch(input: string | URL | Request, init: NetFetchInit = {}): Promise<Response> {
    return this.#fetch.fetch(input, init)
  }

  /** How a response of {@link fetch} came about. @throws CraftecError `invalid-argument` */
  explain(response: Response): Explanation {
    return this.#fetch.explain(response)
  }

  /**
   * A WebSocket through a circuit, TLS ending here. It opens in the background; what goes wrong is in its error event.
   * @param protocols subprotocols to offer, best first
   * @throws CraftecError `invalid-argument` | `unknown-option` | `insecure-url`
   * @example
   * import { createCraftec } from '@craftec/web'
   * const craft = await createCraftec({ bootstrap: ['/dns4/relay.example.org/tcp/443/wss/p2p/12D3KooWGRUVh9fbJCPaM2HYmEwaVpNyHYwyPkLXvHpTQGpyCvtn'] })
   * const socket = craft.net.webSocket('wss://example.org/live')
   * socket.addEventListener('open', () => socket.send('hello'))
   * socket.addEventListener('message', ({ data }) => console.log(data))
   * socket.addEventListener('error', ({ error }) => console.error(error.code))
   */
  webSocket(url: string | URL, protocols: string | readonly string[] = [], init: NetWebSocketInit = {}): NetWebSocket {
    const request = readWebSocketRequest(url, protocols, init)
    const open = (ending: AbortSignal): Promise<WebSocketChannel> => {
      const signal = request.signal ? AbortSignal.any([request.signal, ending]) : ending
      return openWebSocket({ ...request, signal }, this.#webSockets)
    }
    return new NetWebSocket({ url: request.url, open, clock: this.#clock })
  }

  /**
   * The same as two streams, for a reader that wants to set the pace: the server is read no faster than `readable` is.
   * @throws CraftecError what {@link webSocket} throws, `timeout` | `aborted` | `stopped`, what opening a circuit, a stream and TLS
   *   throw, `websocket-refused` | `protocol-violation` | `http-malformed` | `limit-exceeded` | `link-closed`
   */
  async webSocketStream(
    url: string | URL,
    protocols: string | readonly string[] = [],
    init: NetWebSocketInit = {}
  ): Promise<WebSocketChannel> {
    return openWebSocket(readWebSocketRequest(url, protocols, init), this.#webSockets)
  }

  /**
   * A TCP connection to "host:port" through a circuit. Resolves when the exit has connected.
   * @throws CraftecError `invalid-argument` | `unknown-option` | `timeout` | `aborted` | `stopped` | `directory-empty` | `bootstrap-unreachable` |
   *   `no-path` | `circuit-failed` | `exit-refused` | `name-not-resolved` | `connect-failed`
   */
  async connect(address: string, options: ConnectOptions = {}): Promise<ByteDuplex> {
    const target = parseTcpTarget(address)
    const { hops = this.#hops, exit, signal, timeoutMs } = readConnectOptions(options)
    const deadline = { signal, timeoutMs, what: 'connection to the target', clock: this.#clock }
    return withDeadline(deadline, async aborted => {
      const { duplex, opened } = await this.#openStream({
        target,
        isolation: `tcp://${address}`,
        hops: hopCount(hops),
        exit: exitRule(exit),
        signal: aborted
      })
      await opened
      return duplex
    })
  }

  /** From now on nothing new goes over a circuit, or a connection, that exists now. */
  newPath(): void {
    this.#fetch.closeIdle()
    this.#pool.newPath()
  }

  circuits(): CircuitInfo[] {
    return this.#pool.list()
  }

  /** The nodes known now: verified and fresh descriptors. */
  directory(): readonly Descriptor[] {
    return this.#directory.view(this.#clock.now()).nodes
  }

  get state(): NetState {
    return this.#state
  }

  /** @param listener called with each new state. @returns a function that ends it */
  onState(listener: (state: NetState) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** End all circuits. Idempotent; never rejects. */
  stop(): Promise<void> {
    this.#stopping ??= this.#end()
    return this.#stopping
  }

  async #end(): Promise<void> {
    this.#life.abort(new CraftecError('stopped', 'the client was stopped'))
    this.#unwatchNode()
    this.#fetch.closeIdle()
    this.#pool.stop()
    this.#keeper.stop()
    await this.#circuits.stop().catch(() => {})
    this.#store.close()
    this.#updateState()
  }

  async #openStream({ target, isolation, hops, exit, signal }: OpenStreamRequest): Promise<OpenedStream> {
    const either = AbortSignal.any([signal, this.#life.signal])
    either.throwIfAborted()
    const startedAt = this.#clock.monotonic()
    await this.#keeper.whenUsable(either)
    const directoryMs = this.#clock.monotonic() - startedAt
    for (let attempt = 1; ; attempt++) {
      const { circuit, retries } = await this.#pool.acquire({ hops, exit }, isolation, target, either)
      const circuitMs = this.#clock.monotonic() - startedAt - directoryMs
      try {
        const stream = await circuit.openStream(target, { signal: either, timeoutMs: STREAM_TIMEOUT_MS })
        const trace = { ...tracedPath(circuit), directoryMs, circuitMs, retries: retries + attempt - 1 }
        return { duplex: stream, opened: stream.opened, trace }
      } catch (error) {
        const known = CraftecError.from(error, 'circuit-destroyed')
        // Nothing was written yet: another circuit does the caller no harm.
        if (known.code !== 'circuit-destroyed' || attempt === MAX_STREAM_ATTEMPTS) throw known
      }
    }
  }

  /** A spare is for the web's ports; in a network whose exits take none of them, for whatever they take. */
  #spareTarget(): StreamTarget | undefined {
    const ranges = this.directory().flatMap(({ roles, exitPorts }) => (roles.exit ? [exitPorts] : []))
    if (ranges.some(ports => acceptsPort(ports, 80) && acceptsPort(ports, 443))) return undefined
    const port = ranges.flat()[0]?.from
    return port === undefined ? undefined : { host: '', port }
  }

  #onCircuit(outcome: 'built' | ErrorCode): void {
    if (this.#life.signal.aborted) return
    this.#lastCircuit = outcome
    if (outcome !== 'built') this.#keeper.hintStale()
    this.#updateState()
  }

  #onDirectory(): void {
    this.#updateState()
    if (this.#keeper.usable && !this.#life.signal.aborted) this.#pool.prepare()
  }

  #updateState(): void {
    const next = netState({
      stopped: this.#life.signal.aborted,
      node: this.#options.node.state,
      directoryUsable: this.#keeper.usable,
      directoryError: this.#keeper.lastError?.code,
      lastCircuit: this.#lastCircuit,
      storeLost: this.#options.storeLost ?? false
    })
    if (JSON.stringify(next) === JSON.stringify(this.#state)) return
    this.#state = next
    for (const listener of [...this.#listeners]) listener(next)
  }
}

function tracedPath(
  circuit: CircuitHandle
): Pick<OpenedStream['trace'], 'circuitId' | 'path' | 'hopRoundTripsMs' | 'buildMs'> {
  const { hops } = circuit.path
  return {
    circuitId: circuit.id,
    buildMs: circuit.buildMs,
    path: hops.map(({ identity, country }, at) => ({
      role: at === hops.length - 1 ? 'exit' : 'relay',
      // The first characters of every Ed25519 PeerId are the same.
      identity: peerIdFromPublicKey(identity).slice(-SHOWN_IDENTITY),
      country
    })),
    hopRoundTripsMs: circuit.hopRoundTripsMs
  }
}
