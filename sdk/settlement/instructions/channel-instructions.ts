import { i64, struct, u64 } from '../../codec/index.ts'
import { type Address, addressCodec, type ChannelKey, type SettlementAddresses } from '../address/index.ts'
import { defineInstruction, type Instruction } from './instruction.ts'

const voucherState = struct({ amount: u64, seq: u64 })

export const channelDefinitions = {
  openChannel: defineInstruction(
    'open_channel',
    {
      sender: 'ws',
      config: 'r',
      channel: 'w',
      vault: 'w',
      receiver: 'r',
      senderToken: 'w',
      mint: 'r',
      tokenProgram: 'r',
      systemProgram: 'r'
    },
    struct({ nonce: u64, amount: u64, expiresAt: i64, voucherSigner: addressCodec })
  ),
  topUp: defineInstruction(
    'top_up',
    { sender: 's', config: 'r', channel: 'w', vault: 'w', senderToken: 'w', tokenProgram: 'r' },
    struct({ amount: u64 })
  ),
  updateVoucher: defineInstruction('update_voucher', { channel: 'w', instructions: 'r' }, voucherState),
  closeChannel: defineInstruction(
    'close_channel',
    {
      receiver: 's',
      config: 'r',
      channel: 'w',
      vault: 'w',
      receiverToken: 'w',
      senderToken: 'w',
      feeVault: 'w',
      sender: 'w',
      instructions: 'r',
      tokenProgram: 'r'
    },
    voucherState
  ),
  requestForceClose: defineInstruction('request_force_close', { sender: 's', channel: 'w' }, struct({})),
  forceClose: defineInstruction(
    'force_close',
    {
      sender: 'ws',
      config: 'r',
      channel: 'w',
      vault: 'w',
      receiverToken: 'w',
      senderToken: 'w',
      feeVault: 'w',
      tokenProgram: 'r'
    },
    struct({})
  )
} as const

/** What a sender locks, for whom, and whose vouchers may spend it. */
export interface ChannelOpening extends ChannelKey {
  readonly senderToken: Address
  readonly mint: Address
  /** Base units: the most that vouchers can ever be worth. */
  readonly amount: bigint
  /** Seconds since the Unix epoch; 0n for never. */
  readonly expiresAt: bigint
  /** A session key; the wallet itself would be asked for every voucher. */
  readonly voucherSigner: Address
}

export interface ChannelTokens {
  readonly senderToken: Address
  readonly receiverToken: Address
}

/** The pair that a settlement names: the newest voucher, or the recorded one. */
export interface VoucherState {
  readonly seq: bigint
  /** Base units since the opening. */
  readonly amount: bigint
}

export function openChannel(at: SettlementAddresses, given: ChannelOpening): Instruction {
  const { sender, receiver, senderToken, mint, nonce, amount, expiresAt, voucherSigner } = given
  const accounts = { ...channelAccounts(at, given), sender, receiver, senderToken, mint }
  return channelDefinitions.openChannel.build(at.program, accounts, { nonce, amount, expiresAt, voucherSigner })
}

/** Lock more. @param given.amount base units to add */
export function topUp(
  at: SettlementAddresses,
  given: ChannelKey & { readonly senderToken: Address; readonly amount: bigint }
): Instruction {
  const { sender, senderToken, amount } = given
  return channelDefinitions.topUp.build(at.program, { ...channelAccounts(at, given), sender, senderToken }, { amount })
}

/** Record a newer voucher. The instruction of `voucherCheck` must stand directly before this one. */
export function updateVoucher(at: SettlementAddresses, channel: Address, { seq, amount }: VoucherState): Instruction {
  return channelDefinitions.updateVoucher.build(at.program, { channel }, { amount, seq })
}

/**
 * Settle and close, as the receiver. For any but the recorded voucher, the instruction of `voucherCheck` must stand directly before
 * this one.
 */
export function closeChannel(
  at: SettlementAddresses,
  given: ChannelKey & ChannelTokens & { readonly voucher: VoucherState }
): Instruction {
  const { sender, receiver, senderToken, receiverToken, voucher } = given
  const accounts = { ...settling(at, given), sender, receiver, senderToken, receiverToken }
  return channelDefinitions.closeChannel.build(at.program, accounts, { amount: voucher.amount, seq: voucher.seq })
}

/** Announce, as the sender, to close alone; the receiver has the channel's delay to redeem. */
export function requestForceClose(at: SettlementAddresses, channel: ChannelKey): Instruction {
  const accounts = { sender: channel.sender, channel: at.channel(channel) }
  return channelDefinitions.requestForceClose.build(at.program, accounts, {})
}

/** Close after the delay, or after the expiry: the recorded voucher is paid, the rest comes back. */
export function forceClose(at: SettlementAddresses, given: ChannelKey & ChannelTokens): Instruction {
  const { sender, senderToken, receiverToken } = given
  const accounts = { ...settling(at, given), sender, senderToken, receiverToken }
  return channelDefinitions.forceClose.build(at.program, accounts, {})
}

function channelAccounts(at: SettlementAddresses, key: ChannelKey) {
  const channel = at.channel(key)
  return { config: at.config(), channel, vault: at.vault(channel) }
}

function settling(at: SettlementAddresses, key: ChannelKey) {
  const accounts = channelAccounts(at, key)
  return { ...accounts, feeVault: at.vault(accounts.config) }
}
