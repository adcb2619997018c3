import { ByteReader, ByteWriter } from '../../codec/index.ts'
import { CraftecError } from '../../errors/index.ts'
import { IDENTITY_BYTES, MAC_BYTES, POINT_BYTES, SLOT_BYTES, SLOT_EXIT, SLOT_FORWARD } from './onion-format.ts'

const RESERVED_BYTES = 3

/** What one hop is told: pass the rest to `next`, or be the exit. */
export type Slot =
  | { readonly command: 'forward'; readonly next: Uint8Array; readonly point: Uint8Array; readonly mac: Uint8Array }
  | { readonly command: 'exit' }

/** @param unused random bytes for the fields an exit's slot has no use for: zeros would be a mark */
export function encodeSlot(slot: Slot, unused: (length: number) => Uint8Array): Uint8Array {
  const writer = new ByteWriter(SLOT_BYTES)
  if (slot.command === 'forward') writer.u8(SLOT_FORWARD).bytes(slot.next).bytes(slot.point).bytes(slot.mac)
  else writer.u8(SLOT_EXIT).bytes(unused(IDENTITY_BYTES + POINT_BYTES + MAC_BYTES))
  return writer.zeros(RESERVED_BYTES).finish()
}

/** @throws CraftecError `protocol-violation` */
export function decodeSlot(bytes: Uint8Array): Slot {
  try {
    const reader = new ByteReader(bytes, 'create slot')
    const command = reader.u8()
    if (command !== SLOT_FORWARD && command !== SLOT_EXIT) throw reader.malformed(`unknown command ${command}`)
    const next = reader.bytes(IDENTITY_BYTES).slice()
    const point = reader.bytes(POINT_BYTES).slice()
    const mac = reader.bytes(MAC_BYTES).slice()
    reader.zeros(RESERVED_BYTES)
    reader.end()
    return command === SLOT_FORWARD ? { command: 'forward', next, point, mac } : { command: 'exit' }
  } catch (cause) {
    throw new CraftecError('protocol-violation', 'create slot: authentic, yet not a slot', { cause })
  }
}
