/**
 * Writes craftnet-handshake.json and craftnet-cell.json: `node test/vectors/make-craftnet.ts`.
 * What goes over a link comes from sdk/net/onion; keys in between come from the reference beside this file.
 */
import { writeFileSync } from 'node:fs'
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import type { RandomBytes } from '../../sdk/async/index.ts'
import { BACKWARD_PAYLOAD_BYTES, FORWARD_PAYLOAD_BYTES } from '../../sdk/net/onion/index.ts'
import { makeCircuit, type TestCircuit } from './craftnet-circuit.ts'
import { type ReferenceHop, referenceHop, referenceOpen } from './craftnet-reference.ts'
import { seededRandom } from './seeded-random.ts'

const HANDSHAKE_LENGTHS = [1, 2, 3, 4, 5]
const CELL_LENGTHS = [1, 3, 5]
/** The protocol's interval is 2^20; three cells show the same rule. */
const REKEY_CELLS = 3
const CELLS = 7

export interface HandshakeVector {
  readonly hops: readonly (Record<Exclude<keyof ReferenceHop, 'onward' | 'command'>, string> & {
    readonly identity: string
    readonly onionPrivateKey: string
    readonly onionPublicKey: string
    readonly clientPrivateKey: string
    readonly hopPrivateKey: string
    readonly command: number
    readonly packet: string
    readonly waitUs: number
    readonly created: string
  })[]
  /** The three unused fields of the exit's slot, and the plaintext behind it before the filler is put over its end. */
  readonly exitUnused: string
  readonly exitPadding: string
  readonly createdPadding: string
}

export interface CellVector {
  readonly rekeyCells: number
  readonly hops: readonly { readonly forwardKey: string; readonly fillerKey: string; readonly backwardKey: string }[]
  /** First forward body as the first hop gets it, first backward body as the client gets it. */
  readonly firstForward: string
  readonly firstBackward: string
  /** For each forward cell the bytes that a path of this length leaves to the client, behind the payload. */
  readonly unused: readonly string[]
  /** SHA-256 of the body on each link: forward from the client on, backward from the exit on. */
  readonly forward: readonly (readonly string[])[]
  readonly backward: readonly (readonly string[])[]
}

export interface Vectors {
  readonly handshake: readonly HandshakeVector[]
  readonly cell: readonly CellVector[]
}

export function makeVectors(): Vectors {
  return { handshake: HANDSHAKE_LENGTHS.map(handshakeVector), cell: CELL_LENGTHS.map(cellVector) }
}

/** Byte j of the payload of cell n is n + 7·j mod 256. */
export function vectorPayload(n: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, j) => (n + 7 * j) & 0xff)
}

function recordedCircuit(length: number, rekeyCells?: number): { circuit: TestCircuit; draws: Uint8Array[] } {
  const random = seededRandom(`craftnet vector ${length}`)
  const draws: Uint8Array[] = []
  const recording: RandomBytes = count => {
    const bytes = random(count)
    draws.push(bytes.slice())
    return bytes
  }
  return { circuit: makeCircuit(length, recording, rekeyCells === undefined ? {} : { rekeyCells }), draws }
}

/** The order of draws: seed and onion key of each hop; e of each hop; exit's unused fields and padding; then exit to first hop: y, and at the exit the created padding. */
function readDraws(draws: readonly Uint8Array[], length: number) {
  const draw = (index: number): Uint8Array => draws[index] ?? new Uint8Array(0)
  const afterClient = 3 * length + 2
  return {
    onionPrivateKey: (hop: number) => draw(2 * hop + 1),
    clientPrivateKey: (hop: number) => draw(2 * length + hop),
    exitUnused: draw(3 * length),
    exitPadding: draw(3 * length + 1),
    hopPrivateKey: (hop: number) => draw(afterClient + (hop === length - 1 ? 0 : length - hop)),
    createdPadding: draw(afterClient + 1)
  }
}

function referenceHops({ circuit, draws }: ReturnType<typeof recordedCircuit>): ReferenceHop[] {
  const read = readDraws(draws, circuit.hops.length)
  return circuit.hops.map((hop, index) =>
    referenceHop(
      circuit.packets[index] ?? new Uint8Array(0),
      hop.identity,
      read.onionPrivateKey(index),
      read.hopPrivateKey(index)
    )
  )
}

function handshakeVector(length: number): HandshakeVector {
  const recorded = recordedCircuit(length)
  const { circuit, draws } = recorded
  const read = readDraws(draws, length)
  return {
    hops: referenceHops(recorded).map(({ onward: _, command, ...keys }, index) => ({
      identity: hex(circuit.hops[index]?.identity),
      onionPrivateKey: hex(read.onionPrivateKey(index)),
      onionPublicKey: hex(circuit.hops[index]?.onionKeys[0].publicKey),
      clientPrivateKey: hex(read.clientPrivateKey(index)),
      hopPrivateKey: hex(read.hopPrivateKey(index)),
      command,
      packet: hex(circuit.packets[index]),
      waitUs: circuit.waitsUs[index] ?? 0,
      created: hex(circuit.createds[index]),
      ...(Object.fromEntries(Object.entries(keys).map(([name, value]) => [name, hex(value)])) as Record<
        keyof typeof keys,
        string
      >)
    })),
    exitUnused: hex(read.exitUnused),
    exitPadding: hex(read.exitPadding),
    createdPadding: hex(read.createdPadding)
  }
}

function cellVector(length: number): CellVector {
  const recorded = recordedCircuit(length, REKEY_CELLS)
  const { circuit } = recorded
  const references = referenceHops(recorded)
  const exit = references.at(-1)
  if (exit === undefined) throw new Error('no exit')
  const hops = references.map(({ forwardKey, fillerKey, backwardKey }) => ({
    forwardKey: hex(forwardKey),
    fillerKey: hex(fillerKey),
    backwardKey: hex(backwardKey)
  }))
  const cells = Array.from({ length: CELLS }, (_, n) => n)
  const forward = cells.map(n => {
    const bodies = [circuit.client.sealForward(vectorPayload(n, FORWARD_PAYLOAD_BYTES))]
    for (const relay of circuit.relays) bodies.push(relay.forward((bodies.at(-1) ?? new Uint8Array(0)).slice()))
    return bodies
  })
  const backward = cells.map(n => {
    const bodies = [circuit.exit.sealBackward(vectorPayload(n, BACKWARD_PAYLOAD_BYTES))]
    for (const relay of circuit.relays.toReversed())
      bodies.push(relay.backward((bodies.at(-1) ?? new Uint8Array(0)).slice()))
    return bodies
  })
  return {
    rekeyCells: REKEY_CELLS,
    hops,
    unused: forward.map((bodies, n) => {
      const plaintext = referenceOpen(exit, n, REKEY_CELLS, bodies.at(-1) ?? new Uint8Array(0))
      return hex(plaintext.slice(FORWARD_PAYLOAD_BYTES, plaintext.length - 16 * (length - 1)))
    }),
    firstForward: hex(forward[0]?.[0]),
    firstBackward: hex(backward[0]?.at(-1)),
    forward: forward.map(bodies => bodies.map(body => hex(sha256(body)))),
    backward: backward.map(bodies => bodies.map(body => hex(sha256(body))))
  }
}

function hex(bytes: Uint8Array | undefined): string {
  if (bytes === undefined) throw new Error('a vector without bytes')
  return bytesToHex(bytes)
}

if (import.meta.main) {
  const { handshake, cell } = makeVectors()
  const write = (name: string, value: unknown): void =>
    writeFileSync(new URL(`./${name}`, import.meta.url), `${JSON.stringify(value, null, 1)}\n`)
  write('craftnet-handshake.json', handshake)
  write('craftnet-cell.json', cell)
}
