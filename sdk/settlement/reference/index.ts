export {
  CRAFTNET_SETTLEMENT_PROGRAM,
  type CraftnetConfig,
  type CraftnetPricingPlan,
  type CraftnetSubscription,
  craftnetConfig,
  craftnetInstructions,
  craftnetPricingPlan,
  craftnetSubscription
} from './craftnet-settlement.ts'
export {
  GENERIC_SETTLEMENT_PROGRAM,
  type GenericConfig,
  type GenericCreatorPool,
  type GenericPaymentChannel,
  genericConfig,
  genericCreatorPool,
  genericInstructions,
  genericPaymentChannel
} from './generic-settlement.ts'
export { type AccountReader, decodeForeignInstruction, type ForeignInstruction } from './read-only.ts'
