import { type BorshValue, i64, struct, u8, u16, u64 } from '../../codec/index.ts'
import { addressCodec } from '../address/index.ts'
import { reserved } from '../reserved.ts'
import { type AccountCodec, accountCodec } from './account-codec.ts'
import { version } from './version.ts'

const fields = struct({
  version,
  bump: u8,
  vaultBump: u8,
  reservedByte: reserved(1),
  /** The fee when it was opened; later changes do not touch it. */
  feeBps: u16,
  reserved: reserved(2),
  sender: addressCodec,
  receiver: addressCodec,
  /** Whose vouchers count: a session key, not the wallet. */
  voucherSigner: addressCodec,
  nonce: u64,
  /** Tells this opening from any other at the same address. */
  openedSlot: u64,
  /** Base units locked in all: no voucher can be worth more. */
  deposited: u64,
  /** The newest voucher that was recorded; 0 before the first. */
  voucherSeq: u64,
  voucherAmount: u64,
  /** 0: never. Afterwards no new voucher counts. */
  expiresAt: i64,
  forceCloseDelaySecs: i64,
  /** When the sender may close alone; 0 while it has not asked to. */
  closesAt: i64
})

export type PaymentChannelAccount = BorshValue<typeof fields>

export const paymentChannelAccount: AccountCodec<PaymentChannelAccount> = accountCodec({
  name: 'PaymentChannel',
  sizeBytes: 176,
  fields
})
