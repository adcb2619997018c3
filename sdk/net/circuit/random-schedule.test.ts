/**
 * Clients, relays and exits under schedules that a seed decides, against the simplest model: what arrives is a prefix of
 * what was sent; all of it when the stream finished; and in the end nothing is left anywhere.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SeededRandom, SimulatedNetwork, type SimulatedNode } from '../../../test/kit/onion-simulation.ts'
import { StreamDriver } from '../../../test/kit/stream-driver.ts'
import { CraftecError } from '../../errors/index.ts'
import { BODY_BYTES } from '../onion/index.ts'
import { CIRCUIT_WINDOW_CELLS } from './cell.ts'
import type { ClientCircuit } from './client-circuit.ts'
import { STREAM_WINDOW_BYTES } from './mux-stream.ts'

interface Transfer {
  readonly circuit: ClientCircuit
  readonly client: StreamDriver
  readonly up: Uint8Array
  readonly down: Uint8Array
  exit: StreamDriver | undefined
}

interface Plan {
  readonly seed: number
  readonly relays: number
  readonly circuits: number
  readonly streamsPerCircuit: number
  readonly maxBytes: number
  readonly maxDelayMs: number
  readonly maxReadPauseMs: number
  readonly faults: readonly { readonly atMs: number; readonly kind: 'cut' | 'cancel' | 'destroy' | 'refuse-dials' }[]
}

const plans: fc.Arbitrary<Plan> = fc.record({
  seed: fc.nat(),
  relays: fc.integer({ min: 0, max: 4 }),
  circuits: fc.integer({ min: 1, max: 3 }),
  streamsPerCircuit: fc.integer({ min: 1, max: 4 }),
  maxBytes: fc.constantFrom(10, 5000, 300_000, 700_000),
  maxDelayMs: fc.constantFrom(0, 5, 80),
  maxReadPauseMs: fc.constantFrom(0, 20, 400),
  faults: fc.array(
    fc.record({
      atMs: fc.integer({ min: 0, max: 4000 }),
      kind: fc.constantFrom('cut' as const, 'cancel' as const, 'destroy' as const, 'refuse-dials' as const)
    }),
    { maxLength: 3 }
  )
})

class Run {
  readonly network: SimulatedNetwork
  readonly transfers: Transfer[] = []
  readonly circuits: ClientCircuit[] = []
  readonly closings: unknown[] = []
  private readonly plan: Plan
  private readonly relays: SimulatedNode[]
  private readonly clients: SimulatedNode[]

  constructor(plan: Plan) {
    this.plan = plan
    this.network = new SimulatedNetwork(plan.seed)
    this.network.maxDelayMs = plan.maxDelayMs
    this.relays = Array.from({ length: plan.relays }, () => this.network.addRelay())
    this.relays.push(this.network.addRelay({ exit: true }))
    this.clients = [this.network.addClient(), this.network.addClient()]
    this.network.onStream = stream => {
      const transfer = this.transfers[stream.target.port - 1]
      if (transfer === undefined) throw new Error('a stream nobody opened')
      stream.accept()
      transfer.exit = this.drive(stream, transfer.down)
    }
    this.network.afterDelivery = () => this.checkBounds()
  }

  start(): void {
    const { network, plan } = this
    for (let index = 0; index < plan.circuits; index++) {
      const client = this.clients[index % 2]
      if (client === undefined) throw new Error('no client')
      const circuit = network.build(client, this.relays, error => this.closings.push(error))
      this.circuits.push(circuit)
      const openStreams = (): void => {
        if (circuit.state === 'building') network.time.after(1, openStreams)
        if (circuit.state === 'open') for (let n = 0; n < plan.streamsPerCircuit; n++) this.open(circuit)
      }
      openStreams()
    }
    for (const fault of plan.faults) network.time.after(fault.atMs, () => this.inflict(fault.kind))
  }

  private open(circuit: ClientCircuit): void {
    const { random } = this.network
    const up = random.bytes(random.below(this.plan.maxBytes))
    const down = random.bytes(random.below(this.plan.maxBytes))
    const stream = circuit.openStream({ host: 'origin.test', port: this.transfers.length + 1 })
    this.transfers.push({ circuit, client: this.drive(stream, up), up, down, exit: undefined })
  }

  private drive(stream: ConstructorParameters<typeof StreamDriver>[0], toSend: Uint8Array): StreamDriver {
    const { time, random } = this.network
    return new StreamDriver(stream, { time, random, toSend, maxReadPauseMs: this.plan.maxReadPauseMs })
  }

  private inflict(kind: Plan['faults'][number]['kind']): void {
    const { random, links } = this.network
    if (kind === 'cut') links[random.below(links.length)]?.cut()
    if (kind === 'destroy') this.circuits[random.below(this.circuits.length)]?.destroy()
    if (kind === 'refuse-dials') for (const relay of this.relays) this.network.refusesDials.add(relay)
    const transfer = this.transfers[random.below(Math.max(1, this.transfers.length))]
    if (kind === 'cancel') (random.chance(0.5) ? transfer?.client : transfer?.exit)?.stream.reset(0)
  }

  private checkBounds(): void {
    const { plan, network } = this
    const windows = plan.circuits * 2 * CIRCUIT_WINDOW_CELLS * BODY_BYTES
    // A driver may have one piece more than 64 KiB queued to send.
    const streams = plan.circuits * plan.streamsPerCircuit * (STREAM_WINDOW_BYTES + 110_000)
    for (const node of network.nodes)
      if ((node.relay?.queuedBytes ?? 0) > windows + streams) throw new Error(`${node.relay?.queuedBytes} bytes queued`)
  }

  checkEnd(): void {
    const { network, plan } = this
    for (const { client, exit, up, down } of this.transfers) {
      expect(client.ended).not.toBe('open')
      expectPrefix(client.received, down)
      if (client.ended === 'finished' && client.farFinished) expect(client.received).toEqual(down)
      if (exit !== undefined) {
        expect(exit.ended).not.toBe('open')
        expectPrefix(exit.received, up)
        if (exit.ended === 'finished' && exit.farFinished) expect(exit.received).toEqual(up)
      }
      for (const end of [client, exit]) if (end?.ended instanceof Error) expect(end.ended).toBeInstanceOf(CraftecError)
      if (plan.faults.length === 0) {
        expect(client).toMatchObject({ ended: 'finished', farFinished: true })
        expect(exit).toMatchObject({ ended: 'finished', farFinished: true })
      }
    }
    for (const closing of this.closings) if (closing !== undefined) expect(closing).toBeInstanceOf(CraftecError)
    for (const circuit of this.circuits) expect(circuit.queuedBytes).toBe(0)
    for (const { relay } of network.nodes) {
      if (relay === undefined) continue
      expect(relay).toMatchObject({ circuitCount: 0, streamCount: 0, queuedBytes: 0 })
      expect(relay.counters).toMatchObject({ badRelayCells: 0, linksBroken: 0, refusedMalformed: 0 })
    }
    for (const link of network.links)
      for (const core of link.cores) {
        expect(core.circuitCount).toBe(0)
        expect(core.counters.circuitViolations).toBe(0)
      }
  }
}

function expectPrefix(part: Uint8Array, whole: Uint8Array): void {
  expect(part.length).toBeLessThanOrEqual(whole.length)
  expect(Buffer.compare(part, whole.subarray(0, part.length))).toBe(0)
}

describe('circuits under random schedules', () => {
  it('deliver what was sent in order or end with a typed error, keep every bound, and leave nothing behind', () => {
    fc.assert(
      fc.property(plans, plan => {
        const run = new Run(plan)
        run.start()
        // Long enough for the slowest reader, then for every deadline.
        run.network.time.advanceTo(200_000)
        for (const circuit of run.circuits) circuit.destroy()
        run.network.time.advanceTo(900_000)
        run.checkEnd()
      }),
      { numRuns: 20 }
    )
  }, 240_000)

  it('a seeded schedule is repeatable', () => {
    const draw = (): number[] => {
      const random = new SeededRandom(7)
      return [random.below(100), random.below(100), random.below(100)]
    }
    expect(draw()).toEqual(draw())
  })
})
