import { describe, expect, it } from 'vitest'
import { SimulatedNetwork } from '../../../test/kit/onion-simulation.ts'

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
})
