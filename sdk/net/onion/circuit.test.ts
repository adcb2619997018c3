import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { makeCircuit, sendBackward, sendForward } from '../../../test/vectors/craftnet-circuit.ts'
import { seededRandom } from '../../../test/vectors/seeded-random.ts'
import { createNobleEngine, cryptoEngine, useWasmCrypto } from '../../crypto/index.ts'
import {
  BACKWARD_PAYLOAD_BYTES,
  BODY_BYTES,
  CELL_BYTES,
  CELL_HEADER_BYTES,
  CREATE_PACKET_BYTES,
  CREATED_PACKET_BYTES,
  FORWARD_PAYLOAD_BYTES
} from './index.ts'

const lengths = [1, 2, 3, 4, 5]

describe('a circuit', () => {
  it('has the sizes of the protocol', () => {
    expect({ CELL_BYTES, CELL_HEADER_BYTES, BODY_BYTES }).toEqual({
      CELL_BYTES: 4096,
      CELL_HEADER_BYTES: 8,
      BODY_BYTES: 4088
    })
    expect({ FORWARD_PAYLOAD_BYTES, BACKWARD_PAYLOAD_BYTES }).toEqual({
      FORWARD_PAYLOAD_BYTES: 4008,
      BACKWARD_PAYLOAD_BYTES: 4072
    })
    expect({ CREATE_PACKET_BYTES, CREATED_PACKET_BYTES }).toEqual({
      CREATE_PACKET_BYTES: 565,
      CREATED_PACKET_BYTES: 340
    })
  })

  it.each(lengths)('of %i hops opens in one round trip and carries bytes both ways', length => {
    const random = seededRandom(`circuit ${length}`)
    const circuit = makeCircuit(length, random)
    for (let cell = 0; cell < 70; cell++) {
      const there = random(FORWARD_PAYLOAD_BYTES)
      expect(sendForward(circuit, there)).toEqual(there)
      const back = random(BACKWARD_PAYLOAD_BYTES)
      expect(sendBackward(circuit, back)).toEqual(back)
    }
  })

  it('tells the client how long each relay waited for the next, and the exit nothing', () => {
    expect(makeCircuit(4, seededRandom('waits')).waitsUs).toEqual([3000, 2000, 1000, 0])
  })

  it('keeps a wait within what its field can say', () => {
    expect(makeCircuit(3, seededRandom('wait'), {}, index => (index === 0 ? 1e12 : -5)).waitsUs).toEqual([
      2 ** 32 - 1,
      0,
      0
    ])
  })

  it('replaces every key in step at both ends, in every schedule of directions', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...lengths),
        fc.integer({ min: 1, max: 9 }),
        fc.array(fc.boolean(), { minLength: 12, maxLength: 40 }),
        fc.nat(),
        (length, rekeyCells, directions, seed) => {
          const random = seededRandom(`rekey ${seed}`)
          const circuit = makeCircuit(length, random, { rekeyCells })
          for (const forward of directions) {
            const payload = random(forward ? FORWARD_PAYLOAD_BYTES : BACKWARD_PAYLOAD_BYTES)
            expect(forward ? sendForward(circuit, payload) : sendBackward(circuit, payload)).toEqual(payload)
          }
        }
      ),
      { numRuns: 25 }
    )
  })

  it('is the same bytes with every engine', async () => {
    const run = (engine: ReturnType<typeof cryptoEngine>) => {
      const random = seededRandom('engines')
      const { client, packets, createds, exit } = makeCircuit(4, random, { engine })
      const forward = client.sealForward(random(FORWARD_PAYLOAD_BYTES))
      return { packets, createds, forward, backward: exit.sealBackward(random(BACKWARD_PAYLOAD_BYTES)) }
    }
    const reference = run(createNobleEngine())
    expect(run(cryptoEngine())).toEqual(reference)
    const wasm = await useWasmCrypto()
    expect(wasm.name).toContain('wasm')
    expect(run(wasm)).toEqual(reference)
  })

  it('takes cells of other sizes for benchmarks', () => {
    const random = seededRandom('sizes')
    for (const bodyBytes of [1016, 2040, 8184]) {
      const circuit = makeCircuit(4, random, { bodyBytes })
      const there = random(bodyBytes - 80)
      expect(sendForward(circuit, there)).toEqual(there)
      const back = random(bodyBytes - 16)
      expect(sendBackward(circuit, back)).toEqual(back)
    }
  })
})
