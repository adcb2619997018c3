export {
  type ChannelOpening,
  type ChannelTokens,
  channelDefinitions,
  closeChannel,
  forceClose,
  openChannel,
  requestForceClose,
  topUp,
  updateVoucher,
  type VoucherState
} from './channel-instructions.ts'

export { type Claim, claim, claimDefinitions, closeClaimReceipt } from './claim-instructions.ts'
export { computeBudget } from './compute-budget.ts'
export {
  type ContentFunding,
  closeContentFund,
  closeCreatorPool,
  createCreatorPool,
  creatorPoolDefinitions,
  fundContent,
  fundCreatorPool,
  requestWithdrawal,
  withdraw
} from './creator-pool-instructions.ts'
export { type AccountMeta, defineInstruction, type Instruction } from './instruction.ts'
export { type KeyedSignature, signatureCheck, voucherCheck } from './signature-check.ts'
export {
  cancel,
  closeSubscription,
  type Purchase,
  renew,
  type SubscriptionParty,
  subscribe,
  subscriptionDefinitions
} from './subscription-instructions.ts'
