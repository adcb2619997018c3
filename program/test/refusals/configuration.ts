import { PublicKey } from '@solana/web3.js'
import {
  calls,
  caseOf,
  createMint,
  createTokenAccount,
  DAY,
  initializeConfig,
  keyOf,
  PLAN,
  PRICE,
  TOKEN_2022_PROGRAM,
  type Values,
  World
} from '../../kit/index.ts'
import { attempted, type Refusal, refused } from './refusal.ts'

function setting(error: string, when: string, update: Values): Refusal {
  return refused('update_config', error, when, () => ({ args: calls.updateConfig(World.create(), update).args ?? {} }))
}

function quorum(when: string, threshold: number, names: readonly string[]): Refusal {
  const aggregators = names.map(name => keyOf(name).publicKey)
  return setting('InvalidQuorum', when, { quorum: { threshold, aggregators } })
}

const NINE = Array.from({ length: 9 }, (_, i) => `aggregator ${i}`)

export const configuration: readonly Refusal[] = [
  attempted('AlreadyInitialized', 'initialize_config: a second time', () => {
    const world = World.create()
    return world.send(initializeConfig(world))
  }),
  refused('initialize_config', 'NotUpgradeAuthority', 'by whoever comes first', (world, call) => ({
    accounts: { ...call.accounts, admin: world.people.mallory.address },
    signers: [world.people.mallory.key]
  })),
  refused('initialize_config', 'InvalidAddress', "with another program's data account", (world, call) => ({
    accounts: { ...call.accounts, program_data: world.people.mallory.token }
  })),
  refused('initialize_config', 'InvalidMint', 'with a token account for a mint', (world, call) => ({
    accounts: { ...call.accounts, mint: world.people.admin.token }
  })),
  refused('initialize_config', 'Token2022Unsupported', 'with a Token-2022 mint', (world, call) => {
    const mint = createMint(world.runtime, world.people.admin.key, keyOf('2022 mint'), TOKEN_2022_PROGRAM)
    return { accounts: { ...call.accounts, mint } }
  }),
  refused('initialize_config', 'WrongMint', 'with a treasury of another mint', (world, call) => {
    const { admin } = world.people
    const other = createMint(world.runtime, admin.key, keyOf('other mint'))
    return {
      accounts: { ...call.accounts, treasury: createTokenAccount(world.runtime, admin.key, other, admin.address) }
    }
  }),
  setting('FeeTooHigh', 'a fee above one half', { fee_bps: 5001 }),
  setting('InvalidSetting', 'a delay that leaves the receiver no time', { force_close_delay_secs: 3599n }),
  setting('InvalidSetting', 'a delay that never ends', { force_close_delay_secs: 30n * DAY + 1n }),
  setting('InvalidSetting', 'a negative epoch', { epoch_secs: -1n }),
  setting('InvalidSetting', 'a claim window under a day', { claim_window_secs: DAY - 1n }),
  setting('InvalidSetting', 'a withdrawal delay above thirty days', { withdrawal_delay_secs: 30n * DAY + 1n }),
  quorum('no aggregators', 1, []),
  quorum('nine aggregators', 1, NINE),
  quorum('a threshold of none', 0, ['a']),
  quorum('a threshold above their number', 3, ['a', 'b']),
  quorum('a threshold that no transaction can carry', 6, NINE.slice(0, 8)),
  quorum('one aggregator twice', 2, ['a', 'a']),
  refused('update_config', 'NotAuthorized', 'by a stranger', world => ({
    accounts: { admin: world.people.mallory.address, config: world.config },
    signers: [world.people.mallory.key]
  })),
  attempted('NotAuthorized', 'update_config: by the proposed admin before it accepts', () => {
    const world = World.create()
    world.must(calls.updateConfig(world, { new_admin: world.people.bob.address }))
    return world.send(calls.updateConfig(world, { fee_bps: 1 }, world.people.bob))
  }),
  attempted('NoPendingAdmin', 'accept_admin: unasked', () => {
    const world = World.create()
    return world.send(calls.acceptAdmin(world, world.people.mallory))
  }),
  attempted('NoPendingAdmin', 'accept_admin: after the proposal was taken back', () => {
    const world = World.create()
    world.must(calls.updateConfig(world, { new_admin: world.people.bob.address }))
    world.must(calls.updateConfig(world, { new_admin: PublicKey.default }))
    return world.send(calls.acceptAdmin(world, world.people.bob))
  }),
  refused('accept_admin', 'NotAuthorized', 'by another than the proposed', world =>
    calls.acceptAdmin(world, world.people.mallory)
  ),
  refused('set_treasury', 'NotAuthorized', 'by a stranger', world =>
    calls.setTreasury(world, world.people.mallory.token, world.people.mallory)
  ),
  refused('set_treasury', 'InvalidAddress', 'to the vault that fees are collected from', world =>
    calls.setTreasury(world, world.feeVault)
  ),
  refused('pause', 'NotAuthorized', 'by a stranger', world => calls.setPaused(world, true, world.people.mallory)),
  refused('unpause', 'NotAuthorized', 'by a stranger', world => calls.setPaused(world, false, world.people.mallory)),
  refused('collect_fees', 'InvalidAddress', 'into another account', world =>
    calls.collectFees(world, world.people.mallory, world.people.mallory.token)
  ),
  attempted('InvalidAmount', 'collect_fees: when there are none', () => {
    const world = World.create()
    return world.send(calls.collectFees(world, world.people.mallory, world.people.poster.token))
  }),
  refused('create_plan', 'NotAuthorized', 'by a stranger', world =>
    calls.createPlan(world, PLAN, PRICE, world.people.mallory)
  ),
  attempted('AlreadyInitialized', 'create_plan: a second time', () => {
    const { world, call } = caseOf('create_plan')
    world.must(call)
    return world.send(call)
  }),
  refused('create_plan', 'InvalidPlan', 'for a service that does not exist', world =>
    calls.createPlan(world, { ...PLAN, service: 5 }, PRICE)
  ),
  refused('create_plan', 'InvalidPlan', 'for a tier that does not exist', world =>
    calls.createPlan(world, { ...PLAN, tier: 5 }, PRICE)
  ),
  refused('create_plan', 'InvalidPlan', 'for the tier that tunnels lack', world =>
    calls.createPlan(world, { ...PLAN, service: 0, tier: 4 }, PRICE)
  ),
  refused('create_plan', 'InvalidPlan', 'for a period that does not exist', world =>
    calls.createPlan(world, { ...PLAN, billing_period: 2 }, PRICE)
  ),
  refused('create_plan', 'InvalidPlan', 'without a price', world => calls.createPlan(world, PLAN, 0n)),
  refused('create_plan', 'InvalidPlan', 'with a price for free storage', world =>
    calls.createPlan(world, { ...PLAN, tier: 0 }, PRICE)
  ),
  refused('update_plan', 'InvalidPlan', 'to no price', world => calls.updatePlan(world, PLAN, 0n, true)),
  refused('delete_plan', 'WrongRentPayer', 'with the rent to another', (world, call) => ({
    accounts: { ...call.accounts, rent_payer: world.people.mallory.address }
  }))
]
