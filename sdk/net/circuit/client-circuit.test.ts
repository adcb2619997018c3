import { describe, expect, it } from 'vitest'
import { SimulatedNetwork, type SimulatedNode } from '../../../test/kit/onion-simulation.ts'
import { CELL_BYTES, CREATED_PACKET_BYTES } from '../onion/index.ts'
import { encodeHandshake } from './cell.ts'
import { type ClientCircuit, SILENCE_MS } from './client-circuit.ts'
import { STREAM_WINDOW_BYTES } from './mux-stream.ts'

const TARGET = { host: 'a.test', port: 80 }

interface Built {
  readonly network: SimulatedNetwork
  readonly client: SimulatedNode
  readonly exit: SimulatedNode
  readonly circuit: ClientCircuit
  readonly ends: unknown[]
}

/** @param untilMs before 0: CREATE still waits in the link */
function build(untilMs = 1000): Built {
  const network = new SimulatedNetwork(3)
  const client = network.addClient()
  const exit = network.addRelay({ exit: true })
  network.onStream = stream => stream.accept()
  const ends: unknown[] = []
  const circuit = network.build(client, [network.addRelay(), exit], error => ends.push(error))
  network.time.advanceTo(untilMs)
  return { network, client, exit, circuit, ends }
}

describe('client circuit', () => {
  it('measures the path with pings and refuses too many at once', () => {
    const { network, circuit } = build()
    const answers: unknown[] = []
    for (let n = 0; n < 8; n++) circuit.ping(ms => answers.push(ms))
    expect(() => circuit.ping(() => {})).toThrow('wait on this circuit')
    network.time.advanceTo(2000)
    expect(answers).toHaveLength(8)
    for (const ms of answers) expect(ms).toBeGreaterThan(0)
    circuit.ping(answer => answers.push(answer))
    circuit.destroy()
    expect(answers.at(-1)).toMatchObject({ code: 'circuit-destroyed' })
  })

  it('notices a path that goes silent under an open stream, within twice the silence it allows', () => {
    const { network, circuit, ends } = build()
    circuit.openStream(TARGET)
    network.time.advanceTo(2000)
    // Nothing arrives any more, and nobody says so.
    network.maxDelayMs = 0
    network.delayMs = () => 10_000_000
    network.time.advanceTo(2000 + SILENCE_MS)
    expect(circuit.state).toBe('open')
    network.time.advanceTo(2000 + 2 * SILENCE_MS + 10_000)
    expect(ends).toMatchObject([{ code: 'circuit-destroyed' }])
  })

  it('leaves a silent path alone when no stream is open', () => {
    const { network, circuit } = build()
    network.time.advanceTo(200_000)
    expect(circuit.state).toBe('open')
  })

  it('fails when the answer to CREATE is not authentic', () => {
    const { client, circuit, ends } = build(-1)
    const link = client.links[0]?.coreOf(client)
    const frame = new Uint8Array(CELL_BYTES)
    if (link?.pull(frame) !== true) throw new Error('no CREATE')
    const id = new DataView(frame.buffer).getUint32(0)
    encodeHandshake(frame, 'created', id, new Uint8Array(CREATED_PACKET_BYTES), length => new Uint8Array(length))
    link.receive(frame)
    expect(circuit.state).toBe('ended')
    expect(ends).toMatchObject([{ code: 'circuit-failed' }])
  })

  it('fails when the link has no room, or closes', () => {
    const { network, client, circuit, ends } = build(0)
    const link = client.links[0]
    link?.cut()
    expect(ends).toMatchObject([{ code: 'circuit-failed', details: { reason: 6 } }])
    expect(circuit.state).toBe('ended')
    expect(() => circuit.start(network.connect(client, network.addRelay()))).toThrow('before it began')
  })

  it('ends its streams with an error and the exit with it when this side ends it', () => {
    const { network, exit, circuit, ends } = build()
    const stream = circuit.openStream(TARGET)
    const errors: unknown[] = []
    stream.listener = { connected: () => {}, readable: () => {}, written: () => {}, ended: error => errors.push(error) }
    stream.write(new Uint8Array(STREAM_WINDOW_BYTES))
    circuit.destroy()
    circuit.destroy()
    expect(ends).toEqual([undefined])
    expect(errors).toMatchObject([{ code: 'circuit-destroyed' }])
    expect(circuit.queuedBytes).toBe(0)
    network.time.advanceTo(2000)
    expect(exit.relay?.circuitCount).toBe(0)
    expect(() => circuit.openStream(TARGET)).toThrow('not open')
    expect(() => circuit.ping(() => {})).toThrow('not open')
  })
})
