import { describe, expect, it } from 'vitest'
import { SeededRandom, SimulatedNetwork, type SimulatedNode } from '../../../test/kit/onion-simulation.ts'
import { StreamDriver } from '../../../test/kit/stream-driver.ts'
import { buildCreate, CELL_BYTES } from '../onion/index.ts'
import { encodeCredit, encodeDestroy, encodeHandshake, encodeRelay, relayBody } from './cell.ts'
import type { ClientCircuit } from './client-circuit.ts'
import { LinkCore } from './link-core.ts'
import type { MuxStream } from './mux-stream.ts'
import { RelayCore } from './relay-core.ts'
import type { RelayLimits } from './relay-limits.ts'

interface Path {
  readonly network: SimulatedNetwork
  readonly client: SimulatedNode
  readonly relay: SimulatedNode
  readonly exit: SimulatedNode
  readonly errors: unknown[]
  build(): ClientCircuit
}

/** A client, one relay, one exit. */
function path(options: { relay?: Partial<RelayLimits>; exit?: Partial<RelayLimits> } = {}): Path {
  const network = new SimulatedNetwork(1)
  const client = network.addClient()
  const relay = network.addRelay(options.relay ? { limits: options.relay } : {})
  const exit = network.addRelay({ exit: true, ...(options.exit ? { limits: options.exit } : {}) })
  const errors: unknown[] = []
  return {
    network,
    client,
    relay,
    exit,
    errors,
    build: () => network.build(client, [relay, exit], e => errors.push(e))
  }
}

const failed = (reason: number): object => ({ code: 'circuit-failed', details: { reason } })

describe('relay core', () => {
  it('joins a circuit over four relays and an exit in one round trip and reports hop round trips', () => {
    const network = new SimulatedNetwork(1)
    const client = network.addClient()
    const hops = [...Array.from({ length: 4 }, () => network.addRelay()), network.addRelay({ exit: true })]
    const circuit = network.build(client, hops)
    network.time.advanceTo(1000)
    expect(circuit.state).toBe('open')
    expect(circuit.hopRoundTripsMs).toHaveLength(5)
    expect(circuit.hopRoundTripsMs.reduce((sum, ms) => sum + ms, 0)).toBeCloseTo(circuit.buildMs, 2)
  })

  it('carries all circuits between two neighbours over one link, and dials once for many', () => {
    const { network, relay, build } = path()
    const circuits = Array.from({ length: 10 }, build)
    network.time.advanceTo(1000)
    expect(circuits.map(circuit => circuit.state)).toEqual(Array(10).fill('open'))
    expect(relay.links).toHaveLength(2)
  })

  it('refuses a packet it has seen before', () => {
    const { network, client, relay } = path()
    const { packet } = buildCreate([relay.hopKey, network.addRelay().hopKey], network.random.bytes)
    const link = network.connect(client, relay)
    for (let n = 0; n < 2; n++)
      link.open({ nextBody: () => false, created: () => {}, relayed: () => {}, ended: () => {} })?.create(packet)
    network.time.advanceTo(1000)
    expect(relay.relay?.counters).toMatchObject({ refusedReplay: 1, circuitsForwarded: 1 })
  })

  it('refuses circuits when its replay cache is full, having asked for a new key before', () => {
    const relay = new RelayCoreProbe({ maxReplayTags: 4 })
    const asked = Array.from({ length: 6 }, () => relay.create().some(effect => effect.type === 'renew-keys'))
    expect(asked).toEqual([false, false, true, false, false, false])
    expect(relay.core.counters).toMatchObject({ refusedReplayCacheFull: 2, circuitsExited: 4 })
  })

  it('refuses to turn back to where a circuit came from', () => {
    const { network, client, relay, exit } = path()
    const circuit = network.build(client, [relay, client, exit])
    network.time.advanceTo(1000)
    expect(circuit.state).toBe('ended')
    expect(relay.relay?.counters.refusedLoop).toBe(1)
  })

  it.each([
    ['circuits', { maxCircuits: 0 }, 'refusedLimit'],
    ['circuits at once', { createBurst: 0, createsPerSecond: 0 }, 'refusedRate'],
    ['dials', { maxDials: 0 }, 'refusedUnreachable']
  ] as const)('refuses more %s than its limit', (_, limits, counter) => {
    const { network, relay, errors, build } = path({ relay: limits })
    build()
    network.time.advanceTo(1000)
    expect(relay.relay?.counters[counter]).toBe(1)
    expect(errors).toMatchObject([failed(3)])
  })

  it('refuses to be the exit when it is none, and says so no more precisely than for an unknown next hop', () => {
    const { network, client, relay, errors } = path()
    const notExit = network.addRelay()
    network.build(client, [relay, notExit], error => errors.push(error))
    const unreachable = network.addRelay()
    network.refusesDials.add(unreachable)
    network.build(client, [relay, unreachable], error => errors.push(error))
    network.time.advanceTo(1000)
    expect(errors).toMatchObject([failed(2), failed(2)])
    expect(notExit.relay?.counters.refusedNoExit).toBe(1)
    expect(relay.relay?.counters.refusedUnreachable).toBe(1)
  })

  it('ends half-built circuits and idle ones after their time', () => {
    const { network, relay, errors, build } = path({ relay: { halfBuiltMs: 5000, idleMs: 60_000 } })
    const circuit = build()
    network.time.advanceTo(50_000)
    expect(circuit.state).toBe('open')
    network.time.advanceTo(70_000)
    expect(errors).toMatchObject([{ code: 'circuit-destroyed', details: { reason: 5 } }])
    const slow = path({ relay: { halfBuiltMs: 5000 } })
    slow.network.maxDelayMs = 60_000
    slow.build()
    slow.network.time.advanceTo(200_000)
    expect(slow.errors).toMatchObject([failed(2)])
    expect([relay.relay?.circuitCount, slow.relay.relay?.circuitCount]).toEqual([0, 0])
  })

  it('keeps a circuit with an open stream alive though nothing is sent', () => {
    const { network, build } = path({ relay: { idleMs: 60_000 }, exit: { idleMs: 60_000 } })
    network.onStream = stream => stream.accept()
    const circuit = build()
    network.time.advanceTo(1000)
    circuit.openStream({ host: 'quiet.test', port: 80 })
    network.time.advanceTo(600_000)
    expect(circuit.state).toBe('open')
  })

  it('tells everyone on the circuit when a link is lost', () => {
    const { network, relay, exit, errors, build } = path()
    const streams: MuxStream[] = []
    network.onStream = stream => streams.push(stream)
    const circuit = build()
    network.time.advanceTo(500)
    const stream = circuit.openStream({ host: 'a.test', port: 80 })
    network.time.advanceTo(1000)
    relay.links.find(link => link.nodes.includes(exit))?.cut()
    network.time.advanceTo(2000)
    expect(errors).toMatchObject([{ code: 'circuit-destroyed', details: { reason: 6 } }])
    expect([stream.isOver, streams[0]?.isOver]).toEqual([true, true])
  })

  it('drains: takes nothing new, lets streams finish, then ends circuits as shutting down', () => {
    const { network, exit, errors, build } = path()
    const drivers: StreamDriver[] = []
    const drive = (stream: MuxStream): StreamDriver =>
      new StreamDriver(stream, { ...network, toSend: new Uint8Array(100_000), maxReadPauseMs: 100 })
    network.onStream = stream => {
      stream.accept()
      drivers.push(drive(stream))
    }
    const circuit = build()
    network.time.advanceTo(500)
    drivers.push(drive(circuit.openStream({ host: 'a.test', port: 80 })))
    network.time.advanceTo(520)
    exit.handle({ type: 'drain' })
    build()
    network.time.advanceTo(10_000)
    expect(drivers.map(driver => driver.ended)).toEqual(['finished', 'finished'])
    expect(errors).toMatchObject([failed(4), { code: 'circuit-destroyed', details: { reason: 4 } }])
    expect(exit.relay?.circuitCount).toBe(0)
  })

  it('drains in the middle of a path: a circuit in use goes on, a silent one is not waited for', () => {
    const { network, relay, errors, build } = path({ relay: { drainIdleMs: 5000 } })
    const drivers: StreamDriver[] = []
    network.onStream = stream => {
      stream.accept()
      drivers.push(new StreamDriver(stream, { ...network, toSend: new Uint8Array(300_000), maxReadPauseMs: 100 }))
    }
    build()
    const used = build()
    network.time.advanceTo(500)
    drivers.push(
      new StreamDriver(used.openStream({ host: 'a.test', port: 80 }), {
        ...network,
        toSend: new Uint8Array(300_000),
        maxReadPauseMs: 100
      })
    )
    network.time.advanceTo(520)
    relay.handle({ type: 'drain' })
    network.time.advanceTo(60_000)
    expect(drivers.map(driver => driver.ended)).toEqual(['finished', 'finished'])
    expect(errors).toMatchObject([{ details: { reason: 4 } }, { details: { reason: 4 } }])
    expect(relay.relay?.circuitCount).toBe(0)
  })

  it('sheds the circuit that holds most when its queues are full, and takes none under pressure', () => {
    const { network, client, exit, errors, build } = path({ exit: { maxQueuedBytes: 600_000 } })
    network.onStream = stream => stream.accept()
    const greedy = build()
    network.time.advanceTo(500)
    greedy.openStream({ host: 'never.reads', port: 80 }).write(new Uint8Array(400_000))
    network.time.advanceTo(2000)
    network.build(client, [exit], error => errors.push(error))
    network.time.advanceTo(2500)
    expect(errors).toMatchObject([failed(3)])
    greedy.openStream({ host: 'never.reads', port: 80 }).write(new Uint8Array(400_000))
    network.time.advanceTo(4000)
    expect(exit.relay?.counters).toMatchObject({ refusedPressure: 1, circuitsShed: 1 })
    expect(exit.relay?.queuedBytes).toBe(0)
  })

  it('ends a circuit whose cells were altered on the way', () => {
    const { network, client, relay, exit, build } = path()
    const circuit = build()
    network.time.advanceTo(500)
    const frame = new Uint8Array(CELL_BYTES)
    circuit.openStream({ host: 'a.test', port: 80 })
    const link = client.links[0]
    if (link?.coreOf(client).pull(frame) !== true) throw new Error('nothing to send')
    frame[100] = (frame[100] ?? 0) ^ 1
    relay.receive(link.coreOf(relay), frame)
    network.time.advanceTo(1000)
    expect(relay.relay?.counters.badRelayCells).toBe(1)
    expect([circuit.state, exit.relay?.circuitCount]).toEqual(['ended', 0])
  })

  it('stands 100,000 random and altered cells: it never throws, keeps its bounds, and counts', () => {
    const random = new SeededRandom(99)
    const relay = new RelayCoreProbe({ maxCircuits: 50, maxQueuedBytes: 2_000_000, createsPerSecond: 3 })
    for (let n = 0; n < 100_000; n++) {
      relay.nowMs += random.below(20)
      relay.receive(hostileCell(random, relay))
      if (n % 100 === 0) relay.core.handle({ type: 'tick' })
      if (n % 1000 === 0) relay.drainOutput()
      if (relay.core.circuitCount > 50 || relay.core.queuedBytes > 2_000_000) throw new Error('over a bound')
    }
    const { circuitsExited, linksBroken, badRelayCells, refusedMalformed, refusedReplay } = relay.core.counters
    for (const count of [circuitsExited, linksBroken, badRelayCells, refusedMalformed, refusedReplay])
      expect(count).toBeGreaterThan(10)
  }, 180_000)
})

const PEER = new Uint8Array(32).fill(0xff)

/** A relay core and one hostile neighbour, whose identity is higher: its ids have the top bit. */
class RelayCoreProbe {
  nowMs = 0
  readonly core: RelayCore
  readonly network = new SimulatedNetwork(5)
  readonly node = this.network.addRelay({ exit: true })
  lastCreate = new Uint8Array(CELL_BYTES)
  nextId = 0x80000001
  private link: LinkCore

  constructor(limits: Partial<RelayLimits>) {
    this.core = new RelayCore({
      identity: this.node.identity,
      onionKeys: [this.node.onionKey],
      exit: true,
      random: this.network.random.bytes,
      nowMs: () => this.nowMs,
      limits
    })
    this.link = this.newLink()
  }

  /** Feed one cell; a link that breaks is replaced. */
  receive(frame: Uint8Array): ReturnType<RelayCore['handle']> {
    const effects = this.core.handle({ type: 'frame', link: this.link, frame })
    for (const effect of effects) {
      if (effect.type === 'stream') effect.stream.accept()
      if (effect.type === 'close-link') this.link = this.newLink()
    }
    return effects
  }

  create(): ReturnType<RelayCore['handle']> {
    const { packet } = buildCreate([this.node.hopKey], this.network.random.bytes)
    encodeHandshake(this.lastCreate, 'create', this.nextId++, packet, this.network.random.bytes)
    return this.receive(this.lastCreate.slice())
  }

  drainOutput(): void {
    const frame = new Uint8Array(CELL_BYTES)
    while (this.link.pull(frame));
  }

  private newLink(): LinkCore {
    const link = new LinkCore({
      localIdentity: this.node.identity,
      remoteIdentity: PEER,
      random: this.network.random.bytes,
      onOutput: () => {}
    })
    this.core.handle({ type: 'link-up', link })
    return link
  }
}

/** Mostly what gets far into the core; a few cells that break the link, which would hide the rest if they were many. */
function hostileCell(random: SeededRandom, relay: RelayCoreProbe): Uint8Array {
  const id = Math.max(0x80000001, relay.nextId - 1 - random.below(5))
  const frame = new Uint8Array(CELL_BYTES)
  switch (random.below(8)) {
    case 0: {
      if (random.chance(0.03)) relay.create()
      const replayed = relay.lastCreate.slice()
      new DataView(replayed.buffer).setUint32(0, relay.nextId++)
      if (random.chance(0.7)) replayed[8 + random.below(565)] = random.below(256)
      return replayed
    }
    case 1:
    case 2:
      if (random.chance(0.03)) relay.create()
      relayBody(frame).set(random.bytes(64))
      encodeRelay(frame, id)
      return frame
    case 3:
      encodeCredit(frame, [{ circuitId: id, cells: random.below(2) }])
      return frame
    case 4:
      encodeDestroy(frame, id, random.below(256), () => frame.subarray(0, CELL_BYTES - 9))
      return frame
    case 5:
      if (random.chance(0.02)) frame.set(random.bytes(6))
      return frame
    case 6:
      return random.chance(0.01) ? random.bytes(random.below(CELL_BYTES + 1)) : frame
    default:
      encodeRelay(frame, random.below(2 ** 31))
      return frame
  }
}
