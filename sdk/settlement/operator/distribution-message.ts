import { type BorshCodec, decodeBorsh, encodeBorsh, fixedBytes, struct, u8, u32, u64 } from '../../codec/index.ts'
import { type Address, addressCodec } from '../address/index.ts'
import { magic } from '../messages/index.ts'
import { reserved } from '../reserved.ts'

/** What a quorum of aggregators signs before a distribution can be posted. */
export interface DistributionMessage {
  readonly program: Address
  readonly pool: Address
  /** Slot of the pool's opening. */
  readonly openedSlot: bigint
  /** The pool's counter before the posting. */
  readonly epoch: bigint
  /** Base units. */
  readonly amount: bigint
  readonly totalWeight: bigint
  readonly root: Uint8Array
  readonly entries: number
  /** 0 bitmap, 1 receipts. */
  readonly mode: number
}

const fields: BorshCodec<DistributionMessage> = struct({
  magic: magic('craftec/payouts1'),
  program: addressCodec,
  pool: addressCodec,
  openedSlot: u64,
  epoch: u64,
  amount: u64,
  totalWeight: u64,
  root: fixedBytes(32),
  entries: u32,
  mode: u8,
  reserved: reserved(3)
})

/** The 152 bytes to sign. @throws CraftecError `invalid-argument` */
export function encodeDistributionMessage(message: DistributionMessage): Uint8Array {
  return encodeBorsh(fields, message)
}

/** @throws CraftecError `malformed` */
export function decodeDistributionMessage(bytes: Uint8Array): DistributionMessage {
  return decodeBorsh(fields, bytes, 'distribution message')
}
