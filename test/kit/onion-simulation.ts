/**
 * An onion network without I/O: real relay cores, client circuits and cryptography, joined by links whose delays and
 * losses a seed decides. Time is simulated, so a run is repeatable and minutes of it take milliseconds.
 */
import type { RandomBytes } from '../../sdk/async/index.ts'
import { cryptoEngine } from '../../sdk/crypto/index.ts'
import type { RelayEffect, RelayEvent } from '../../sdk/net/circuit/index.ts'
import { ClientCircuit, LinkCore, type MuxStream, RelayCore, type RelayLimits } from '../../sdk/net/circuit/index.ts'
import { CELL_BYTES, type HopKey, type OnionKeyPair } from '../../sdk/net/onion/index.ts'

/** xorshift32: fast and good enough to shuffle schedules; never for keys outside tests. */
export class SeededRandom {
  private state: number

  constructor(seed: number) {
    this.state = (seed ^ 0x9e3779b9) | 1
  }

  /** 0 <= n < limit */
  below(limit: number): number {
    return this.word() % limit
  }

  chance(probability: number): boolean {
    return this.below(1_000_000) < probability * 1_000_000
  }

  readonly bytes: RandomBytes = length => {
    const words = new Uint32Array(Math.ceil(length / 4))
    for (let at = 0; at < words.length; at++) words[at] = this.word()
    return new Uint8Array(words.buffer, 0, length)
  }

  private word(): number {
    this.state ^= this.state << 13
    this.state ^= this.state >>> 17
    this.state ^= this.state << 5
    return this.state >>> 0
  }
}

export class SimulatedTime {
  nowMs = 0
  private sequence = 0
  private readonly tasks: { atMs: number; sequence: number; run: () => void }[] = []

  after(delayMs: number, run: () => void): void {
    const task = { atMs: this.nowMs + delayMs, sequence: this.sequence++, run }
    let at = this.tasks.length
    while (at > 0 && isAfter(this.tasks[at - 1], task)) at--
    this.tasks.splice(at, 0, task)
  }

  /** Run everything due until `untilMs`. */
  advanceTo(untilMs: number): void {
    for (let task = this.tasks[0]; task !== undefined && task.atMs <= untilMs; task = this.tasks[0]) {
      this.tasks.shift()
      this.nowMs = task.atMs
      task.run()
    }
    this.nowMs = untilMs
  }
}

function isAfter(
  one: { atMs: number; sequence: number } | undefined,
  other: { atMs: number; sequence: number }
): boolean {
  return one !== undefined && (one.atMs > other.atMs || (one.atMs === other.atMs && one.sequence > other.sequence))
}

/** One direction of a link: frames in order, each after a delay, at most a few on the way. */
const IN_FLIGHT_FRAMES = 32

export class SimulatedNode {
  readonly identity: Uint8Array
  readonly links: SimulatedLink[] = []
  readonly relay: RelayCore | undefined
  readonly onionKey: OnionKeyPair
  private readonly network: SimulatedNetwork

  constructor(network: SimulatedNetwork, options: { relay: boolean; exit: boolean; limits?: Partial<RelayLimits> }) {
    this.network = network
    this.identity = network.random.bytes(32)
    const { privateKey, publicKey } = cryptoEngine().x25519KeyPair(network.random.bytes)
    this.onionKey = { epoch: 1, privateKey, publicKey, notAfter: 2 ** 40 }
    if (!options.relay) return
    this.relay = new RelayCore({
      identity: this.identity,
      onionKeys: [this.onionKey],
      exit: options.exit,
      random: network.random.bytes,
      nowMs: () => network.time.nowMs,
      ...(options.limits === undefined ? {} : { limits: options.limits })
    })
  }

  get hopKey(): HopKey {
    return { identity: this.identity, onionKey: this.onionKey.publicKey }
  }

  handle(event: RelayEvent): void {
    for (const effect of this.relay?.handle(event) ?? []) this.apply(effect)
  }

  receive(link: LinkCore, frame: Uint8Array): void {
    if (this.relay === undefined) link.receive(frame)
    else this.handle({ type: 'frame', link, frame })
  }

  private apply(effect: RelayEffect): void {
    const { network } = this
    if (effect.type === 'dial') {
      const target = network.nodes.find(node => same(node.identity, effect.identity))
      network.time.after(network.delayMs(), () => {
        const link =
          target === undefined || network.refusesDials.has(target) ? undefined : network.connect(this, target)
        this.handle({ type: 'dialed', identity: effect.identity, link })
      })
    } else if (effect.type === 'stream') network.onStream(effect.stream, this)
    else if (effect.type === 'close-link') this.links.find(link => link.has(effect.link))?.cut()
  }
}

export class SimulatedLink {
  readonly cores: readonly [LinkCore, LinkCore]
  readonly nodes: readonly [SimulatedNode, SimulatedNode]
  private readonly network: SimulatedNetwork
  private readonly inFlight: [number, number] = [0, 0]
  private readonly lastArrivalMs: [number, number] = [0, 0]
  private readonly pumping: [boolean, boolean] = [false, false]
  private isCut = false

  constructor(network: SimulatedNetwork, one: SimulatedNode, other: SimulatedNode) {
    this.network = network
    this.nodes = [one, other]
    const core = (side: 0 | 1, local: SimulatedNode, remote: SimulatedNode): LinkCore =>
      new LinkCore({
        localIdentity: local.identity,
        remoteIdentity: remote.identity,
        random: network.random.bytes,
        onOutput: () => this.pumpSoon(side)
      })
    this.cores = [core(0, one, other), core(1, other, one)]
  }

  has(core: LinkCore): boolean {
    return this.cores.includes(core)
  }

  coreOf(node: SimulatedNode): LinkCore {
    return this.nodes[0] === node ? this.cores[0] : this.cores[1]
  }

  get alive(): boolean {
    return !this.isCut
  }

  /** Frames on the way are lost and both ends are told. */
  cut(): void {
    if (this.isCut) return
    this.isCut = true
    for (const side of [0, 1] as const) {
      const core = this.cores[side]
      if (this.nodes[side].relay === undefined) core.close()
      else this.nodes[side].handle({ type: 'link-down', link: core })
    }
  }

  private pumpSoon(side: 0 | 1): void {
    if (this.pumping[side]) return
    this.pumping[side] = true
    this.network.time.after(0, () => {
      this.pumping[side] = false
      this.pump(side)
    })
  }

  private pump(side: 0 | 1): void {
    const far = side === 0 ? 1 : 0
    while (!this.isCut && this.inFlight[side] < IN_FLIGHT_FRAMES) {
      const frame = new Uint8Array(CELL_BYTES)
      if (!this.cores[side].pull(frame)) return
      this.inFlight[side]++
      const arrivalMs = Math.max(this.lastArrivalMs[side], this.network.time.nowMs + this.network.delayMs())
      this.lastArrivalMs[side] = arrivalMs
      this.network.time.after(arrivalMs - this.network.time.nowMs, () => {
        this.inFlight[side]--
        if (this.isCut) return
        this.nodes[far].receive(this.cores[far], frame)
        this.pump(side)
        this.network.afterDelivery()
      })
    }
  }
}

export class SimulatedNetwork {
  readonly random: SeededRandom
  readonly time = new SimulatedTime()
  readonly nodes: SimulatedNode[] = []
  readonly links: SimulatedLink[] = []
  readonly refusesDials = new Set<SimulatedNode>()
  maxDelayMs = 20
  onStream: (stream: MuxStream, exit: SimulatedNode) => void = stream => stream.reset(1)
  /** For invariants that must hold after every step. */
  afterDelivery: () => void = () => {}

  constructor(seed: number) {
    this.random = new SeededRandom(seed)
    const tick = (): void => {
      for (const node of this.nodes) node.handle({ type: 'tick' })
      this.time.after(1000, tick)
    }
    this.time.after(1000, tick)
  }

  delayMs(): number {
    return this.random.below(this.maxDelayMs + 1)
  }

  addRelay(options: { exit?: boolean; limits?: Partial<RelayLimits> } = {}): SimulatedNode {
    return this.add({ relay: true, exit: options.exit ?? false, ...(options.limits ? { limits: options.limits } : {}) })
  }

  addClient(): SimulatedNode {
    return this.add({ relay: false, exit: false })
  }

  /** The link between two nodes as `from` sees it, made if there is none. */
  connect(from: SimulatedNode, to: SimulatedNode): LinkCore {
    const known = from.links.find(link => link.alive && link.nodes.includes(to))
    if (known !== undefined) return known.coreOf(from)
    const link = new SimulatedLink(this, from, to)
    this.links.push(link)
    for (const [side, node] of link.nodes.entries()) {
      node.links.push(link)
      node.handle({ type: 'link-up', link: link.cores[side as 0 | 1] })
    }
    return link.coreOf(from)
  }

  /** A circuit of `client` over `hops`, on its way. */
  build(
    client: SimulatedNode,
    hops: readonly SimulatedNode[],
    ended: (error: unknown) => void = () => {}
  ): ClientCircuit {
    const [first] = hops
    if (first === undefined) throw new Error('a circuit has at least one hop')
    const circuit: ClientCircuit = new ClientCircuit({
      hops: hops.map(hop => hop.hopKey),
      random: this.random.bytes,
      nowMs: () => this.time.nowMs,
      listener: { opened: () => {}, closed: ended }
    })
    const tick = (): void => {
      circuit.tick()
      if (circuit.state !== 'ended') this.time.after(5000, tick)
    }
    this.time.after(5000, tick)
    circuit.start(this.connect(client, first))
    return circuit
  }

  private add(options: { relay: boolean; exit: boolean; limits?: Partial<RelayLimits> }): SimulatedNode {
    const node = new SimulatedNode(this, options)
    this.nodes.push(node)
    return node
  }
}

function same(one: Uint8Array, other: Uint8Array): boolean {
  return one.every((byte, at) => byte === other[at])
}
