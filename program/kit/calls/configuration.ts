/** Calls of the administration. */
import type { PublicKey } from '@solana/web3.js'
import type { Values } from '../values.ts'
import type { Call, Person, World } from '../world.ts'

const NO_UPDATE: Values = {
  epoch_secs: null,
  force_close_delay_secs: null,
  claim_window_secs: null,
  withdrawal_delay_secs: null,
  fee_bps: null,
  quorum: null,
  new_admin: null
}

export function updateConfig(world: World, update: Values, admin = world.people.admin): Call {
  return {
    name: 'update_config',
    accounts: { admin: admin.address, config: world.config },
    args: { update: { ...NO_UPDATE, ...update } },
    signers: [admin.key]
  }
}

export function acceptAdmin(world: World, person: Person): Call {
  return { name: 'accept_admin', accounts: { new_admin: person.address, config: world.config }, signers: [person.key] }
}

export function setTreasury(world: World, treasury: PublicKey, admin = world.people.admin): Call {
  return {
    name: 'set_treasury',
    accounts: { admin: admin.address, config: world.config, treasury },
    signers: [admin.key]
  }
}

export function setPaused(world: World, paused: boolean, admin = world.people.admin): Call {
  return {
    name: paused ? 'pause' : 'unpause',
    accounts: { admin: admin.address, config: world.config },
    signers: [admin.key]
  }
}

export function collectFees(world: World, payer: Person, treasury: PublicKey): Call {
  return {
    name: 'collect_fees',
    accounts: { config: world.config, fee_vault: world.feeVault, treasury },
    signers: [payer.key]
  }
}
