/** Vouchers: what a session key signs, off the chain, to pay (docs/protocol/settlement.md, "Signed messages"). */
import { type BorshCodec, decodeBorsh, encodeBorsh, fixedBytes, struct, u64 } from '../../codec/index.ts'
import { CraftecError } from '../../errors/index.ts'
import { type Address, addressCodec } from '../address/index.ts'
import { magic } from './magic.ts'

/** All that a voucher is bound to: a copy of it counts nowhere else, and at no other time. */
export interface Voucher {
  readonly program: Address
  readonly channel: Address
  /** Slot of the channel's opening: vouchers of an earlier opening at the same address are worthless. */
  readonly openedSlot: bigint
  /** Above that of every earlier voucher. */
  readonly seq: bigint
  /** Base units since the opening, all vouchers together. */
  readonly amount: bigint
}

export interface SignedVoucher {
  readonly voucher: Voucher
  /** Ed25519, 64 bytes, by the channel's `voucherSigner`. */
  readonly signature: Uint8Array
}

export const VOUCHER_BYTES = 104

const fields: BorshCodec<Voucher> = struct({
  magic: magic('craftec/voucher1'),
  program: addressCodec,
  channel: addressCodec,
  openedSlot: u64,
  seq: u64,
  amount: u64
})

const signed: BorshCodec<SignedVoucher> = struct({ voucher: fields, signature: fixedBytes(64) })

/**
 * The bytes to sign.
 * @throws CraftecError `invalid-argument`
 * @example
 * import { encodeVoucher, SettlementAddresses, type ChannelKey } from '@craftec/web/settlement'
 * async function pay(at: SettlementAddresses, key: ChannelKey, session: CryptoKey, openedSlot: bigint) {
 *   const voucher = { program: at.program, channel: at.channel(key), openedSlot, seq: 1n, amount: 250_000n }
 *   const signature = await crypto.subtle.sign('Ed25519', session, Uint8Array.from(encodeVoucher(voucher)))
 *   return { voucher, signature: new Uint8Array(signature) }
 * }
 */
export function encodeVoucher(voucher: Voucher): Uint8Array {
  return encodeBorsh(fields, voucher)
}

/** @throws CraftecError `malformed` */
export function decodeVoucher(bytes: Uint8Array): Voucher {
  return decodeBorsh(fields, bytes, 'voucher')
}

/** The voucher and its signature, 168 bytes: how it travels and is kept. @throws CraftecError `invalid-argument` */
export function encodeSignedVoucher(voucher: SignedVoucher): Uint8Array {
  return encodeBorsh(signed, voucher)
}

/** Reads it; whether the signature is good is for the caller to find out. @throws CraftecError `malformed` */
export function decodeSignedVoucher(bytes: Uint8Array): SignedVoucher {
  return decodeBorsh(signed, bytes, 'signed voucher')
}

/** What the chain has recorded of a channel, and what can be spent through it. */
export interface VoucherRules {
  readonly program: Address
  readonly channel: Address
  readonly openedSlot: bigint
  /** Base units: no voucher can be worth more. */
  readonly deposited: bigint
  /** The newest voucher known, on the chain or here. */
  readonly lastSeq: bigint
  readonly lastAmount: bigint
}

/**
 * What the program would say to a voucher before it looks at the signature.
 * @throws CraftecError `protocol-violation` for one that is bound elsewhere, not newer, worth less than the last, or more than is there
 */
export function checkVoucher(voucher: Voucher, rules: VoucherRules): void {
  const wrong = (why: string): CraftecError => new CraftecError('protocol-violation', `voucher: ${why}`)
  const bound =
    voucher.program === rules.program && voucher.channel === rules.channel && voucher.openedSlot === rules.openedSlot
  if (!bound) throw wrong('made for another channel, or for another opening of it')
  if (voucher.seq <= rules.lastSeq) throw wrong('its sequence is not above the last')
  if (voucher.amount < rules.lastAmount) throw wrong('it is worth less than the last')
  if (voucher.amount > rules.deposited) throw wrong('it is worth more than is locked')
}
