/** For those who run the program, post distributions, or show what others do: a door of its own, so that users do not load it. */
export {
  acceptAdmin,
  type ConfigParams,
  type ConfigUpdate,
  collectFees,
  initializeConfig,
  pause,
  setTreasury,
  unpause,
  updateConfig
} from './config-instructions.ts'
export {
  type DecodedInstruction,
  decodeInstruction,
  type InstructionName,
  instructionDefinitions
} from './decode-instruction.ts'
export { closeDistribution, type DistributionTerms, postDistribution } from './distribution-instructions.ts'
export {
  type DistributionMessage,
  decodeDistributionMessage,
  encodeDistributionMessage
} from './distribution-message.ts'
export { buildMerkleTree, type MerkleTree } from './merkle-tree.ts'
export { createPlan, deletePlan, updatePlan } from './plan-instructions.ts'
export { quorumCheck } from './quorum-check.ts'
