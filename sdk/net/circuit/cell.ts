/**
 * Cells of an onion link: docs/protocol/craftnet.md §3. Every frame has the same size, so that its length says nothing
 * about its purpose. Encoders write into a frame the caller owns: a link needs one frame, however many cells it sends.
 */
import type { RandomBytes } from '../../async/index.ts'
import { CraftecError } from '../../errors/index.ts'
import { BODY_BYTES, CELL_BYTES, CELL_HEADER_BYTES, CREATE_PACKET_BYTES, CREATED_PACKET_BYTES } from '../onion/index.ts'

export const ONION_PROTOCOL = '/craftec/onion/1'
/** RELAY cells in flight per circuit, link and direction. */
export const CIRCUIT_WINDOW_CELLS = 128
/** Credit is given in steps of a quarter of the window: rarer steps would shorten the window, more frequent ones cost cells. */
export const CREDIT_STEP_CELLS = CIRCUIT_WINDOW_CELLS / 4
export const MAX_CREDITS_PER_CELL = 500

export const COMMAND = { padding: 0, create: 1, created: 2, relay: 3, destroy: 4, credit: 5 } as const

export type LinkCell =
  | { readonly command: 'padding' }
  | { readonly command: 'create'; readonly circuitId: number; readonly packet: Uint8Array }
  | { readonly command: 'created'; readonly circuitId: number; readonly packet: Uint8Array }
  | { readonly command: 'relay'; readonly circuitId: number; readonly body: Uint8Array }
  | { readonly command: 'destroy'; readonly circuitId: number; readonly reason: number }
  | { readonly command: 'credit'; readonly credits: readonly CellCredit[] }

export interface CellCredit {
  readonly circuitId: number
  readonly cells: number
}

/**
 * Read one frame of an onion link. Packets and bodies are views into `frame`.
 * @throws CraftecError `protocol-violation`: the sender does not speak the protocol and its link must end
 */
export function decodeCell(frame: Uint8Array): LinkCell {
  if (frame.length !== CELL_BYTES) throw violation(`a cell has ${CELL_BYTES} bytes, got ${frame.length}`)
  const view = new DataView(frame.buffer, frame.byteOffset, CELL_BYTES)
  const circuitId = view.getUint32(0)
  const command = view.getUint8(4)
  if (view.getUint8(5) !== 0 || view.getUint16(6) !== 0) throw violation('reserved bytes of a cell are not zero')
  if ((command === COMMAND.padding || command === COMMAND.credit) !== (circuitId === 0))
    throw violation(`command ${command} on circuit id ${circuitId}`)
  switch (command) {
    case COMMAND.padding:
      return { command: 'padding' }
    case COMMAND.create:
      return { command: 'create', circuitId, packet: packetOf(frame, CREATE_PACKET_BYTES) }
    case COMMAND.created:
      return { command: 'created', circuitId, packet: packetOf(frame, CREATED_PACKET_BYTES) }
    case COMMAND.relay:
      return { command: 'relay', circuitId, body: frame.subarray(CELL_HEADER_BYTES) }
    case COMMAND.destroy:
      return { command: 'destroy', circuitId, reason: view.getUint8(CELL_HEADER_BYTES) }
    case COMMAND.credit:
      return { command: 'credit', credits: decodeCredits(view) }
    default:
      throw violation(`unknown command ${command}`)
  }
}

function packetOf(frame: Uint8Array, length: number): Uint8Array {
  return frame.subarray(CELL_HEADER_BYTES, CELL_HEADER_BYTES + length)
}

function decodeCredits(view: DataView): CellCredit[] {
  const count = view.getUint16(CELL_HEADER_BYTES)
  if (count > MAX_CREDITS_PER_CELL) throw violation(`${count} credits in one cell, at most ${MAX_CREDITS_PER_CELL} fit`)
  const credits: CellCredit[] = []
  for (let at = CELL_HEADER_BYTES + 2; credits.length < count; at += 6)
    credits.push({ circuitId: view.getUint32(at), cells: view.getUint16(at + 4) })
  return credits
}

/** Write a CREATE or CREATED cell; what the packet leaves is filled with random bytes. */
export function encodeHandshake(
  frame: Uint8Array,
  command: 'create' | 'created',
  circuitId: number,
  packet: Uint8Array,
  random: RandomBytes
): void {
  const expected = command === 'create' ? CREATE_PACKET_BYTES : CREATED_PACKET_BYTES
  if (packet.length !== expected)
    throw new CraftecError('internal', `a ${command} packet has ${expected} bytes, got ${packet.length}`)
  writeHeader(frame, circuitId, COMMAND[command])
  frame.set(packet, CELL_HEADER_BYTES)
  frame.set(random(BODY_BYTES - expected), CELL_HEADER_BYTES + expected)
}

/** Where a RELAY cell's body goes in `frame`; write it, then the header with {@link encodeRelay}. */
export function relayBody(frame: Uint8Array): Uint8Array {
  return frame.subarray(CELL_HEADER_BYTES)
}

export function encodeRelay(frame: Uint8Array, circuitId: number): void {
  writeHeader(frame, circuitId, COMMAND.relay)
}

export function encodeDestroy(frame: Uint8Array, circuitId: number, reason: number, random: RandomBytes): void {
  writeHeader(frame, circuitId, COMMAND.destroy)
  frame[CELL_HEADER_BYTES] = reason
  frame.set(random(BODY_BYTES - 1), CELL_HEADER_BYTES + 1)
}

export function encodeCredit(frame: Uint8Array, credits: readonly CellCredit[]): void {
  if (credits.length > MAX_CREDITS_PER_CELL)
    throw new CraftecError('internal', `at most ${MAX_CREDITS_PER_CELL} credits fit in a cell, got ${credits.length}`)
  writeHeader(frame, 0, COMMAND.credit)
  frame.fill(0, CELL_HEADER_BYTES)
  const view = new DataView(frame.buffer, frame.byteOffset, CELL_BYTES)
  view.setUint16(CELL_HEADER_BYTES, credits.length)
  credits.forEach((credit, index) => {
    const at = CELL_HEADER_BYTES + 2 + index * 6
    view.setUint32(at, credit.circuitId)
    view.setUint16(at + 4, credit.cells)
  })
}

export function encodePadding(frame: Uint8Array, random: RandomBytes): void {
  writeHeader(frame, 0, COMMAND.padding)
  frame.set(random(BODY_BYTES), CELL_HEADER_BYTES)
}

function writeHeader(frame: Uint8Array, circuitId: number, command: number): void {
  const view = new DataView(frame.buffer, frame.byteOffset, CELL_BYTES)
  view.setUint32(0, circuitId)
  view.setUint32(4, command << 24)
}

function violation(message: string): CraftecError {
  return new CraftecError('protocol-violation', `onion link: ${message}`)
}
