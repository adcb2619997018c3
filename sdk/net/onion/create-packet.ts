import { CraftecError } from '../../errors/index.ts'
import { concat } from './concat.ts'
import { CREATE_PACKET_BYTES, MAC_BYTES, ONION_VERSION, POINT_BYTES, SLOTS_BYTES } from './onion-format.ts'

const POINT_AT = 1
const MAC_AT = POINT_AT + POINT_BYTES
const SLOTS_AT = MAC_AT + MAC_BYTES

/** Header of a circuit request, the same size at every hop. */
export interface CreatePacket {
  /** `E`: the client's fresh key for the hop that reads this. */
  readonly point: Uint8Array
  readonly mac: Uint8Array
  readonly slots: Uint8Array
}

export function encodeCreatePacket(packet: CreatePacket): Uint8Array {
  const bytes = concat(Uint8Array.of(ONION_VERSION), packet.point, packet.mac, packet.slots)
  if (bytes.length !== CREATE_PACKET_BYTES)
    throw new CraftecError('internal', `create packet of ${bytes.length} bytes, expected ${CREATE_PACKET_BYTES}`)
  return bytes
}

/** Views into `bytes`. @throws CraftecError `protocol-violation` */
export function decodeCreatePacket(bytes: Uint8Array): CreatePacket {
  if (bytes.length !== CREATE_PACKET_BYTES)
    throw new CraftecError(
      'protocol-violation',
      `create packet: expected ${CREATE_PACKET_BYTES} bytes, got ${bytes.length}`
    )
  if (bytes[0] !== ONION_VERSION)
    throw new CraftecError('protocol-violation', `create packet: version ${bytes[0]}, expected ${ONION_VERSION}`)
  return {
    point: bytes.subarray(POINT_AT, MAC_AT),
    mac: bytes.subarray(MAC_AT, SLOTS_AT),
    slots: bytes.subarray(SLOTS_AT, SLOTS_AT + SLOTS_BYTES)
  }
}

/** What the mac covers: `version ‖ E ‖ slots`. */
export function macInput(point: Uint8Array, slots: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(ONION_VERSION), point, slots)
}
