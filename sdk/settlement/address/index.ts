export {
  type Address,
  addressBytes,
  addressCodec,
  addressFromBytes,
  COMPUTE_BUDGET_PROGRAM,
  ED25519_PROGRAM,
  INSTRUCTIONS_SYSVAR,
  NO_ADDRESS,
  parseAddress,
  SYSTEM_PROGRAM,
  TOKEN_PROGRAM
} from './address.ts'
export { associatedTokenAddress, findProgramAddress, type ProgramAddress } from './program-address.ts'
export {
  type ChannelKey,
  type DistributionKey,
  type PlanKey,
  SETTLEMENT_PROGRAM,
  SettlementAddresses
} from './settlement-addresses.ts'
