import { chacha20 } from '@noble/ciphers/chacha.js'
import { describe, expect, it } from 'vitest'
import { makeCircuit } from '../../../test/vectors/craftnet-circuit.ts'
import { referenceHop } from '../../../test/vectors/craftnet-reference.ts'
import { seededRandom } from '../../../test/vectors/seeded-random.ts'
import { CREATE_PACKET_BYTES, CREATED_PACKET_BYTES, FORWARD_PAYLOAD_BYTES } from './index.ts'

const LENGTHS = [1, 2, 3, 4, 5]
const CIRCUITS = 60

/**
 * Pearson's statistic for "all byte values are equally likely"; 255 degrees of freedom: mean 255, standard deviation 22.6.
 * Over 390 (six deviations) is not chance, and the seeds are fixed.
 */
const NOT_UNIFORM = 390

function uniformity(samples: readonly Uint8Array[]): number {
  const counts = new Array<number>(256).fill(0)
  let total = 0
  for (const sample of samples)
    for (const byte of sample) {
      counts[byte] = (counts[byte] ?? 0) + 1
      total++
    }
  const expected = total / 256
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
}

/** What a hop sees of its header once decrypted, with the zeros it appends: 600 bytes. */
function decryptedHeader(packet: Uint8Array, slotKey: Uint8Array): Uint8Array {
  const padded = new Uint8Array(600)
  padded.set(packet.subarray(65))
  return chacha20(slotKey, new Uint8Array(12), padded)
}

const circuits = LENGTHS.map(length => {
  const random = seededRandom(`unlinkable ${length}`)
  return Array.from({ length: CIRCUITS }, () => makeCircuit(length, random))
})

describe('what a hop sees', () => {
  it('has one size, whatever the length of the path and the place in it', () => {
    for (const { packets, createds } of circuits.flat()) {
      expect(new Set(packets.map(packet => packet.length))).toEqual(new Set([CREATE_PACKET_BYTES]))
      expect(new Set(packets.map(packet => packet[0]))).toEqual(new Set([1]))
      expect(new Set(createds.map(created => created.length))).toEqual(new Set([CREATED_PACKET_BYTES]))
    }
  })

  it('would be caught by this test if a slot were left zero', () => {
    expect(uniformity(Array.from({ length: CIRCUITS }, () => new Uint8Array(100)))).toBeGreaterThan(NOT_UNIFORM)
  })

  it.each(LENGTHS)('of a header of %i hops is uniform in every slot, at every position', length => {
    for (let position = 0; position < length; position++)
      for (let slot = 0; slot < 5; slot++) {
        const samples = (circuits[length - 1] ?? []).map(({ packets }) =>
          (packets[position] ?? new Uint8Array(0)).slice(65 + 100 * slot, 165 + 100 * slot)
        )
        expect(uniformity(samples), `position ${position}, slot ${slot}`).toBeLessThan(NOT_UNIFORM)
      }
  })

  it.each(LENGTHS)('of a decrypted header of %i hops, behind its own slot, is uniform too', length => {
    for (let position = 0; position < length; position++) {
      const headers = (circuits[length - 1] ?? []).map(({ packets, hops }) => {
        const packet = packets[position] ?? new Uint8Array(0)
        const hop = hops[position]
        if (hop === undefined) throw new Error('no hop')
        const { slotKey } = referenceHop(packet, hop.identity, hop.onionKeys[0].privateKey, new Uint8Array(32).fill(9))
        return decryptedHeader(packet, slotKey)
      })
      for (let slot = 1; slot < 6; slot++) {
        const samples = headers.map(header => header.slice(100 * slot, 100 * slot + 100))
        expect(uniformity(samples), `position ${position}, slot ${slot}`).toBeLessThan(NOT_UNIFORM)
      }
      if (position === length - 1)
        expect(uniformity(headers.map(header => header.slice(1, 97))), 'unused fields').toBeLessThan(NOT_UNIFORM)
    }
  })

  it.each(LENGTHS)(
    'of a cell on a path of %i hops is uniform at every hop, and at the exit behind the payload',
    length => {
      const bodies: Uint8Array[][] = Array.from({ length }, () => [])
      const leftOver: Uint8Array[] = []
      for (const { client, relays, exit } of circuits[length - 1] ?? []) {
        let body = client.sealForward(new Uint8Array(FORWARD_PAYLOAD_BYTES))
        bodies[0]?.push(body.slice())
        for (const [index, relay] of relays.entries()) {
          body = relay.forward(body)
          bodies[index + 1]?.push(body.slice())
        }
        const payload = exit.openForward(body)
        expect(payload.every(byte => byte === 0)).toBe(true)
        leftOver.push(body.slice(16 + FORWARD_PAYLOAD_BYTES))
      }
      for (const [hop, samples] of bodies.entries()) {
        expect(uniformity(samples), `hop ${hop}`).toBeLessThan(NOT_UNIFORM)
        expect(uniformity(samples.map(body => body.slice(-64))), `end of the cell at hop ${hop}`).toBeLessThan(
          NOT_UNIFORM
        )
      }
      expect(leftOver.every(bytes => bytes.length === 64)).toBe(true)
      expect(uniformity(leftOver), 'behind the payload').toBeLessThan(NOT_UNIFORM)
    }
  )

  it('never repeats between circuits over the same hops', () => {
    const seen = new Set<string>()
    for (const { packets } of circuits.flat())
      for (const packet of packets)
        for (let at = 1; at + 16 <= packet.length; at += 16) seen.add(packet.subarray(at, at + 16).join())
    const total = circuits.flat().reduce((sum, { packets }) => sum + packets.length, 0)
    expect(seen.size).toBe(total * 35)
  })
})
