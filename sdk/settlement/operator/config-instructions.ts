import { type BorshValue, i64, option, struct, u8, u16, vec } from '../../codec/index.ts'
import { MAX_AGGREGATORS } from '../accounts/index.ts'
import { type Address, addressCodec, type SettlementAddresses } from '../address/index.ts'
import { defineInstruction, type Instruction } from '../instructions/index.ts'

const quorum = struct({ threshold: u8, aggregators: vec(addressCodec, MAX_AGGREGATORS) })

const configParams = struct({
  epochSecs: i64,
  forceCloseDelaySecs: i64,
  claimWindowSecs: i64,
  withdrawalDelaySecs: i64,
  feeBps: u16,
  quorum
})

const configUpdate = struct({
  epochSecs: option(i64),
  forceCloseDelaySecs: option(i64),
  claimWindowSecs: option(i64),
  withdrawalDelaySecs: option(i64),
  feeBps: option(u16),
  quorum: option(quorum),
  newAdmin: option(addressCodec)
})

export type ConfigParams = BorshValue<typeof configParams>
export type ConfigUpdate = Partial<BorshValue<typeof configUpdate>>

const nothing = struct({})
const byAdmin = { admin: 's', config: 'w' } as const

export const configDefinitions = {
  initializeConfig: defineInstruction(
    'initialize_config',
    {
      admin: 'ws',
      config: 'w',
      mint: 'r',
      feeVault: 'w',
      treasury: 'r',
      programData: 'r',
      tokenProgram: 'r',
      systemProgram: 'r'
    },
    struct({ params: configParams })
  ),
  updateConfig: defineInstruction('update_config', byAdmin, struct({ update: configUpdate })),
  acceptAdmin: defineInstruction('accept_admin', { newAdmin: 's', config: 'w' }, nothing),
  setTreasury: defineInstruction('set_treasury', { ...byAdmin, treasury: 'r' }, nothing),
  pause: defineInstruction('pause', byAdmin, nothing),
  unpause: defineInstruction('unpause', byAdmin, nothing),
  collectFees: defineInstruction(
    'collect_fees',
    { config: 'r', feeVault: 'w', treasury: 'w', tokenProgram: 'r' },
    nothing
  )
} as const

/** Set the program up, once; only its upgrade authority may. */
export function initializeConfig(
  at: SettlementAddresses,
  given: { readonly admin: Address; readonly mint: Address; readonly treasury: Address; readonly params: ConfigParams }
): Instruction {
  const { admin, mint, treasury, params } = given
  const config = at.config()
  const accounts = { admin, config, mint, feeVault: at.vault(config), treasury, programData: at.programData() }
  return configDefinitions.initializeConfig.build(at.program, accounts, { params })
}

/** Change what is named; `newAdmin` only proposes, see {@link acceptAdmin}. */
export function updateConfig(at: SettlementAddresses, admin: Address, update: ConfigUpdate): Instruction {
  const all = {
    epochSecs: undefined,
    forceCloseDelaySecs: undefined,
    claimWindowSecs: undefined,
    withdrawalDelaySecs: undefined,
    feeBps: undefined,
    quorum: undefined,
    newAdmin: undefined,
    ...update
  }
  return configDefinitions.updateConfig.build(at.program, { admin, config: at.config() }, { update: all })
}

/** Take over as the admin that was proposed. */
export function acceptAdmin(at: SettlementAddresses, newAdmin: Address): Instruction {
  return configDefinitions.acceptAdmin.build(at.program, { newAdmin, config: at.config() }, {})
}

/** Choose the token account that {@link collectFees} pays. */
export function setTreasury(at: SettlementAddresses, admin: Address, treasury: Address): Instruction {
  return configDefinitions.setTreasury.build(at.program, { admin, config: at.config(), treasury }, {})
}

/** Stop what takes money in. */
export function pause(at: SettlementAddresses, admin: Address): Instruction {
  return configDefinitions.pause.build(at.program, { admin, config: at.config() }, {})
}

export function unpause(at: SettlementAddresses, admin: Address): Instruction {
  return configDefinitions.unpause.build(at.program, { admin, config: at.config() }, {})
}

/** Move the fees to the treasury; anyone may. */
export function collectFees(at: SettlementAddresses, treasury: Address): Instruction {
  const config = at.config()
  return configDefinitions.collectFees.build(at.program, { config, feeVault: at.vault(config), treasury }, {})
}
