/** Calls about payment channels, and the vouchers they need. */
import type { Keypair, PublicKey } from '@solana/web3.js'
import { ed25519Instruction, voucherMessage } from '../messages.ts'
import type { Call, Person, World } from '../world.ts'

export interface ChannelKey {
  readonly sender: Person
  readonly receiver: Person
  readonly nonce: bigint
}

export function channelAddress(world: World, { sender, receiver, nonce }: ChannelKey): PublicKey {
  return world.addresses.channel(sender.address, receiver.address, nonce)
}

export interface ChannelTerms {
  readonly amount: bigint
  readonly expires_at: bigint
  readonly voucher_signer: PublicKey
}

export function openChannel(world: World, key: ChannelKey, terms: ChannelTerms): Call {
  const channel = channelAddress(world, key)
  return {
    name: 'open_channel',
    accounts: {
      sender: key.sender.address,
      config: world.config,
      channel,
      vault: world.addresses.vault(channel),
      receiver: key.receiver.address,
      sender_token: key.sender.token,
      mint: world.mint
    },
    args: { nonce: key.nonce, ...terms },
    signers: [key.sender.key]
  }
}

export function topUp(world: World, key: ChannelKey, amount: bigint): Call {
  const channel = channelAddress(world, key)
  return {
    name: 'top_up',
    accounts: {
      sender: key.sender.address,
      config: world.config,
      channel,
      vault: world.addresses.vault(channel),
      sender_token: key.sender.token
    },
    args: { amount },
    signers: [key.sender.key]
  }
}

export interface Pair {
  readonly seq: bigint
  readonly amount: bigint
}

/** The Ed25519 instruction of a voucher for the channel as it is open now. */
export function signVoucher(world: World, channel: PublicKey, voucherKey: Keypair, pair: Pair): Call['before'] {
  const openedSlot = world.read('PaymentChannel', channel).opened_slot as bigint
  const message = voucherMessage({ program: world.program, channel, openedSlot, ...pair })
  return [ed25519Instruction([voucherKey], message)]
}

export function updateVoucher(world: World, key: ChannelKey, voucherKey: Keypair, pair: Pair, payer: Person): Call {
  const channel = channelAddress(world, key)
  return {
    name: 'update_voucher',
    accounts: { channel },
    args: { ...pair },
    signers: [payer.key],
    before: signVoucher(world, channel, voucherKey, pair) ?? []
  }
}

/** @param voucherKey none settles the recorded pair, which needs no signature */
export function closeChannel(world: World, key: ChannelKey, pair: Pair, voucherKey?: Keypair): Call {
  const channel = channelAddress(world, key)
  return {
    name: 'close_channel',
    accounts: { ...settlementAccounts(world, key), receiver: key.receiver.address },
    args: { ...pair },
    signers: [key.receiver.key],
    before: (voucherKey === undefined ? undefined : signVoucher(world, channel, voucherKey, pair)) ?? []
  }
}

export function requestForceClose(world: World, key: ChannelKey): Call {
  return {
    name: 'request_force_close',
    accounts: { sender: key.sender.address, channel: channelAddress(world, key) },
    signers: [key.sender.key]
  }
}

export function forceClose(world: World, key: ChannelKey): Call {
  return { name: 'force_close', accounts: settlementAccounts(world, key), signers: [key.sender.key] }
}

function settlementAccounts(world: World, key: ChannelKey): Record<string, PublicKey> {
  const channel = channelAddress(world, key)
  return {
    config: world.config,
    channel,
    vault: world.addresses.vault(channel),
    receiver_token: key.receiver.token,
    sender_token: key.sender.token,
    fee_vault: world.feeVault,
    sender: key.sender.address
  }
}
