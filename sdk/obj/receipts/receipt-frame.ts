/** Messages of `/craftec/obj-receipts/1`, docs/protocol/craftobj.md: receipts handed to whom they are about, one answer. */
import { ByteReader, ByteWriter } from '../../codec/index.ts'
import { ENCODED_RECEIPT_BYTES } from '../audit/index.ts'

export const RECEIPTS_PROTOCOL = '/craftec/obj-receipts/1'
export const MAX_FRAME_RECEIPTS = 64
export const MAX_RECEIPTS_FRAME_BYTES = 2 + MAX_FRAME_RECEIPTS * ENCODED_RECEIPT_BYTES

const KIND = { give: 1, taken: 2 } as const

/** @param receipts encoded, 1..64 */
export function encodeGive(receipts: readonly Uint8Array[]): Uint8Array {
  const writer = new ByteWriter(2 + receipts.length * ENCODED_RECEIPT_BYTES).u8(KIND.give).u8(receipts.length)
  for (const receipt of receipts) writer.bytes(receipt)
  return writer.finish()
}

/** Byte arrays are views on `frame`. @throws CraftecError `malformed` */
export function decodeGive(frame: Uint8Array): Uint8Array[] {
  const reader = new ByteReader(frame, 'storage receipts')
  const kind = reader.u8()
  if (kind !== KIND.give) throw reader.malformed(`kind ${kind} gives nothing`)
  const count = reader.u8()
  if (count < 1 || count > MAX_FRAME_RECEIPTS) throw reader.malformed(`${count} receipts`)
  const receipts = Array.from({ length: count }, () => reader.bytes(ENCODED_RECEIPT_BYTES))
  reader.end()
  return receipts
}

/** @param taken how many were new and valid */
export function encodeTaken(taken: number): Uint8Array {
  return new ByteWriter(2).u8(KIND.taken).u8(taken).finish()
}

/** @throws CraftecError `malformed` */
export function decodeTaken(frame: Uint8Array): number {
  const reader = new ByteReader(frame, 'receipts answer')
  const kind = reader.u8()
  if (kind !== KIND.taken) throw reader.malformed(`kind ${kind} is no answer`)
  const taken = reader.u8()
  if (taken > MAX_FRAME_RECEIPTS) throw reader.malformed(`${taken} receipts taken`)
  reader.end()
  return taken
}
