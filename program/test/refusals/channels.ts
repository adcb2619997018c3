import {
  type Call,
  calls,
  caseOf,
  channelOf,
  DEPOSIT,
  FORCE_CLOSE_DELAY_SECS,
  keyOf,
  openDefaultChannel,
  PRICE,
  VOUCHER_KEY,
  World
} from '../../kit/index.ts'
import { attempted, type Refusal, refused } from './refusal.ts'

const U64_MAX = 2n ** 64n - 1n

/** Alice's channel to Bob, and then something else. */
function opened(
  error: string,
  when: string,
  next: (world: World, key: calls.ChannelKey) => Call,
  lasts?: bigint
): Refusal {
  return attempted(error, when, () => {
    const world = World.create()
    const expiresAt = lasts === undefined ? 0n : world.runtime.time + lasts
    return world.send(next(world, openDefaultChannel(world, expiresAt)))
  })
}

function voucher(error: string, when: string, pair: calls.Pair): Refusal {
  return attempted(error, `update_voucher: ${when}`, () => {
    const world = World.create()
    const key = openDefaultChannel(world)
    const { bob } = world.people
    world.must(calls.updateVoucher(world, key, VOUCHER_KEY, { seq: 5n, amount: PRICE }, bob))
    return world.send(calls.updateVoucher(world, key, VOUCHER_KEY, pair, bob))
  })
}

export const channels: readonly Refusal[] = [
  refused('open_channel', 'InvalidAmount', 'with nothing', (_world, call) => ({ args: { ...call.args, amount: 0n } })),
  refused('open_channel', 'InvalidExpiry', 'that has expired', (world, call) => ({
    args: { ...call.args, expires_at: world.runtime.time }
  })),
  refused('open_channel', 'InvalidExpiry', 'that expires before time began', (_world, call) => ({
    args: { ...call.args, expires_at: -1n }
  })),
  refused('open_channel', 'Paused', 'while paused', (world, call) => {
    world.must(calls.setPaused(world, true))
    return call
  }),
  refused('open_channel', 'WrongMint', 'with another mint', (world, call) => ({
    accounts: { ...call.accounts, mint: world.people.alice.token }
  })),
  opened('AlreadyInitialized', 'open_channel: over an open one', (world, key) =>
    calls.openChannel(world, key, { amount: 1n, expires_at: 0n, voucher_signer: VOUCHER_KEY.publicKey })
  ),
  refused('top_up', 'InvalidAmount', 'with nothing', () => ({ args: { amount: 0n } })),
  refused('top_up', 'ArithmeticOverflow', 'beyond u64', () => ({ args: { amount: U64_MAX - DEPOSIT + 1n } })),
  refused('top_up', 'Paused', 'while paused', (world, call) => {
    world.must(calls.setPaused(world, true))
    return call
  }),
  refused('top_up', 'NotAuthorized', 'by a stranger', (world, call) => ({
    accounts: { ...call.accounts, sender: world.people.mallory.address, sender_token: world.people.mallory.token },
    signers: [world.people.mallory.key]
  })),
  refused('top_up', 'ChannelClosing', 'while it closes', (world, call) => {
    world.must(calls.requestForceClose(world, channelOf(world)))
    return call
  }),
  opened(
    'ChannelExpired',
    'top_up: once expired',
    (world, key) => {
      world.runtime.advance(100n)
      return calls.topUp(world, key, 1n)
    },
    100n
  ),
  voucher('StaleVoucher', 'the recorded sequence', { seq: 5n, amount: PRICE + 1n }),
  voucher('StaleVoucher', 'an older sequence', { seq: 4n, amount: PRICE + 1n }),
  voucher('VoucherBelowRecorded', 'a newer sequence for less', { seq: 6n, amount: PRICE - 1n }),
  voucher('VoucherExceedsDeposit', 'more than is locked', { seq: 6n, amount: DEPOSIT + 1n }),
  voucher('VoucherExceedsDeposit', 'the largest amount there is', { seq: U64_MAX, amount: U64_MAX }),
  opened(
    'ChannelExpired',
    'update_voucher: once expired',
    (world, key) => {
      world.runtime.advance(100n)
      return calls.updateVoucher(world, key, VOUCHER_KEY, { seq: 1n, amount: 1n }, world.people.bob)
    },
    100n
  ),
  refused('update_voucher', 'MissingEd25519Instruction', 'without the signature', () => ({ before: [] })),
  refused('update_voucher', 'InvalidVoucherSignature', 'signed by another key', (world, call) => ({
    before:
      calls.signVoucher(world, call.accounts.channel ?? world.config, keyOf('mallory'), { seq: 1n, amount: PRICE }) ??
      []
  })),
  refused('close_channel', 'NotAuthorized', 'by another than the receiver', (world, call) => ({
    accounts: { ...call.accounts, receiver: world.people.mallory.address },
    signers: [world.people.mallory.key]
  })),
  refused('close_channel', 'WrongTokenOwner', 'with the refund to the receiver', (world, call) => ({
    accounts: { ...call.accounts, sender_token: world.people.bob.token }
  })),
  refused('close_channel', 'WrongRentPayer', 'with the rent to the receiver', (world, call) => ({
    accounts: { ...call.accounts, sender: world.people.bob.address }
  })),
  refused('close_channel', 'MissingEd25519Instruction', 'by a new pair that nobody signed', () => ({ before: [] })),
  refused('request_force_close', 'NotAuthorized', 'by a stranger', (world, call) => ({
    accounts: { ...call.accounts, sender: world.people.mallory.address },
    signers: [world.people.mallory.key]
  })),
  refused('request_force_close', 'ChannelClosing', 'a second time', (world, call) => {
    world.must(call)
    return call
  }),
  opened('ForceCloseNotRequested', 'force_close: unannounced', (world, key) => calls.forceClose(world, key)),
  opened('ForceCloseTooEarly', 'force_close: a second early', (world, key) => {
    world.must(calls.requestForceClose(world, key))
    world.runtime.advance(FORCE_CLOSE_DELAY_SECS - 1n)
    return calls.forceClose(world, key)
  }),
  refused('force_close', 'NotAuthorized', 'by the receiver', (world, call) => ({
    accounts: { ...call.accounts, sender: world.people.bob.address },
    signers: [world.people.bob.key]
  })),
  refused('force_close', 'WrongTokenOwner', "with the receiver's payout to the sender", (world, call) => ({
    accounts: { ...call.accounts, receiver_token: world.people.alice.token }
  })),
  attempted('OpenedThisSlot', 'close_channel: in the slot that opened it', () => {
    const { world, call } = caseOf('open_channel')
    world.must(call)
    return world.send(calls.closeChannel(world, channelOf(world), { seq: 0n, amount: 0n }))
  })
]
