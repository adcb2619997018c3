import { readFileSync } from 'node:fs'
import { chacha20 } from '@noble/ciphers/chacha.js'
import { x25519 } from '@noble/curves/ed25519.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, concatBytes, hexToBytes } from '@noble/hashes/utils.js'
import { describe, expect, it } from 'vitest'
import {
  type ReferenceHop,
  referenceBackward,
  referenceClient,
  referenceCreated,
  referenceForward,
  referenceHop,
  referenceOpen,
  referenceSeal
} from './craftnet-reference.ts'
import { type CellVector, type HandshakeVector, makeVectors, vectorPayload } from './make-craftnet.ts'

function load<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`./${name}`, import.meta.url), 'utf8')) as T
}
const handshakes = load<HandshakeVector[]>('craftnet-handshake.json')
const cells = load<CellVector[]>('craftnet-cell.json')

function dataKeys(hop: CellVector['hops'][number]) {
  return {
    forwardKey: hexToBytes(hop.forwardKey),
    fillerKey: hexToBytes(hop.fillerKey),
    backwardKey: hexToBytes(hop.backwardKey)
  }
}

/** The exit's decrypted header: its slot, the client's padding, then what the filler became. */
function exitHeader(packet: string, slotKey: string): Uint8Array {
  return chacha20(hexToBytes(slotKey), new Uint8Array(12), hexToBytes(packet).slice(65))
}

describe('craftnet vectors', () => {
  it('are what the implementation makes today', () => {
    const { handshake, cell } = makeVectors()
    expect(handshake).toEqual(handshakes)
    expect(cell).toEqual(cells)
  })

  it.each(handshakes.map(vector => [vector.hops.length, vector] as const))(
    'handshake of %i hops: packets, keys and answers follow from the private keys',
    (_, { hops, exitUnused, exitPadding, createdPadding }) => {
      let packet: Uint8Array = hexToBytes(hops[0]?.packet ?? '')
      const opened: ReferenceHop[] = []
      for (const [index, hop] of hops.entries()) {
        expect(bytesToHex(packet)).toBe(hop.packet)
        const reference = referenceHop(
          packet,
          hexToBytes(hop.identity),
          hexToBytes(hop.onionPrivateKey),
          hexToBytes(hop.hopPrivateKey)
        )
        const { onward, command, ...values } = reference
        expect(command).toBe(index === hops.length - 1 ? 2 : 1)
        for (const [name, value] of Object.entries(values))
          expect(bytesToHex(value), name).toBe(hop[name as keyof typeof values])
        expect(bytesToHex(x25519.getPublicKey(hexToBytes(hop.clientPrivateKey)))).toBe(hop.clientPoint)
        if (command === 1) expect(hop.next).toBe(hops[index + 1]?.identity)
        opened.push(reference)
        packet = onward
      }

      let behind: Uint8Array = hexToBytes(createdPadding)
      for (const [index, reference] of [...opened.entries()].toReversed()) {
        behind = referenceCreated(reference, hops[index]?.waitUs ?? 0, behind)
        expect(bytesToHex(behind)).toBe(hops[index]?.created)
      }

      const exit = hops.at(-1)
      const header = bytesToHex(exitHeader(exit?.packet ?? '', exit?.slotKey ?? ''))
      expect(header.slice(2, 2 + 2 * 96)).toBe(exitUnused)
      const paddingBytes = 500 - 100 * hops.length
      expect(header.slice(200, 200 + 2 * paddingBytes)).toBe(exitPadding.slice(0, 2 * paddingBytes))
    }
  )

  it.each(cells.map(vector => [vector.hops.length, vector] as const))(
    'cells of %i hops: every link follows from the keys, across replaced keys',
    (length, { rekeyCells, hops, firstForward, firstBackward, forward, backward }) => {
      const keys = hops.map(dataKeys)
      const [relays, exit] = [keys.slice(0, -1), keys.at(-1)]
      if (exit === undefined) throw new Error('no exit')
      expect(forward.length).toBeGreaterThan(2 * rekeyCells)

      let body: Uint8Array = hexToBytes(firstForward)
      for (const [hop, relay] of relays.entries()) {
        expect(bytesToHex(sha256(body))).toBe(forward[0]?.[hop])
        body = referenceForward(relay, 0, rekeyCells, body)
      }
      expect(bytesToHex(sha256(body))).toBe(forward[0]?.[length - 1])
      expect(referenceOpen(exit, 0, rekeyCells, body).slice(0, 4008)).toEqual(vectorPayload(0, 4008))

      for (const [n, links] of backward.entries()) {
        let sealed = referenceSeal(exit, n, rekeyCells, vectorPayload(n, 4072))
        expect(bytesToHex(sha256(sealed))).toBe(links[0])
        for (const [hop, relay] of relays.toReversed().entries()) {
          sealed = referenceBackward(relay, n, rekeyCells, sealed)
          expect(bytesToHex(sha256(sealed))).toBe(links[hop + 1])
        }
        if (n === 0) expect(bytesToHex(sealed)).toBe(firstBackward)
      }
    }
  )

  it.each(cells.map(vector => [vector.hops.length, vector] as const))(
    'cells of %i hops: every forward cell is what the reference client seals',
    (_, { rekeyCells, hops, unused, forward }) => {
      const keys = hops.map(dataKeys)
      for (const [n, links] of forward.entries()) {
        const rest = concatBytes(vectorPayload(n, 4008), hexToBytes(unused[n] ?? ''))
        const bodies = referenceClient(keys, n, rekeyCells, rest)
        expect(bodies.map(body => bytesToHex(sha256(body)))).toEqual(links)
      }
    }
  )
})
