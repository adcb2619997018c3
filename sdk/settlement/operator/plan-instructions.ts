import { bool, struct, u8, u64 } from '../../codec/index.ts'
import type { Address, PlanKey, SettlementAddresses } from '../address/index.ts'
import { defineInstruction, type Instruction } from '../instructions/index.ts'

export const planDefinitions = {
  createPlan: defineInstruction(
    'create_plan',
    { admin: 'ws', config: 'r', plan: 'w', systemProgram: 'r' },
    struct({ price: u64, service: u8, tier: u8, billingPeriod: u8 })
  ),
  updatePlan: defineInstruction(
    'update_plan',
    { admin: 's', config: 'r', plan: 'w' },
    struct({ price: u64, active: bool })
  ),
  deletePlan: defineInstruction('delete_plan', { admin: 's', config: 'r', plan: 'w', rentPayer: 'w' }, struct({}))
} as const

/** @param given.price base units for one period */
export function createPlan(
  at: SettlementAddresses,
  given: PlanKey & { readonly admin: Address; readonly price: bigint }
): Instruction {
  const { admin, price, service, tier, billingPeriod } = given
  const accounts = { admin, config: at.config(), plan: at.plan(given) }
  return planDefinitions.createPlan.build(at.program, accounts, { price, service, tier, billingPeriod })
}

/** @param given.active whether it is sold from now on */
export function updatePlan(
  at: SettlementAddresses,
  given: { readonly admin: Address; readonly plan: Address; readonly price: bigint; readonly active: boolean }
): Instruction {
  const { admin, plan, price, active } = given
  return planDefinitions.updatePlan.build(at.program, { admin, config: at.config(), plan }, { price, active })
}

/** @param given.rentPayer as the plan's account names it: the rent returns there */
export function deletePlan(
  at: SettlementAddresses,
  given: { readonly admin: Address; readonly plan: Address; readonly rentPayer: Address }
): Instruction {
  return planDefinitions.deletePlan.build(at.program, { ...given, config: at.config() }, {})
}
