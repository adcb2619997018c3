export {
  type AccountCodec,
  aggregatorsOf,
  BILLING_PERIODS,
  type ClaimReceiptAccount,
  type ConfigAccount,
  type ContentFundAccount,
  type CreatorPoolAccount,
  claimReceiptAccount,
  configAccount,
  contentFundAccount,
  creatorPoolAccount,
  DISTRIBUTION_MODES,
  type DistributionAccount,
  distributionAccount,
  isClaimed,
  MAX_AGGREGATORS,
  type PaymentChannelAccount,
  type PlanAccount,
  type PoolLedger,
  paymentChannelAccount,
  planAccount,
  type RawAccount,
  SERVICES,
  type SubscriptionAccount,
  subscriptionAccount
} from './accounts/index.ts'
export {
  type Address,
  addressBytes,
  addressFromBytes,
  associatedTokenAddress,
  type ChannelKey,
  type DistributionKey,
  ED25519_PROGRAM,
  findProgramAddress,
  INSTRUCTIONS_SYSVAR,
  NO_ADDRESS,
  type PlanKey,
  type ProgramAddress,
  parseAddress,
  SETTLEMENT_PROGRAM,
  SettlementAddresses,
  SYSTEM_PROGRAM,
  TOKEN_PROGRAM
} from './address/index.ts'
export type {
  ContentFundingRequest,
  CreatorPoolClient,
  FoundChannel,
  PaymentReport,
  PaymentReview,
  PaymentStage,
  PayOptions,
  PlanOffer,
  PoolFunding,
  SessionClient,
  SessionRequest,
  Settlement,
  SettlementOptions,
  SettlementReader,
  SubscribeRequest
} from './client/index.ts'
export {
  decodeEvents,
  type EventName,
  type SettlementEvent
} from './events/index.ts'
export {
  type AccountMeta,
  type ChannelOpening,
  type ChannelTokens,
  type Claim,
  type ContentFunding,
  cancel,
  claim,
  closeChannel,
  closeClaimReceipt,
  closeContentFund,
  closeCreatorPool,
  closeSubscription,
  createCreatorPool,
  forceClose,
  fundContent,
  fundCreatorPool,
  type Instruction,
  type KeyedSignature,
  openChannel,
  type Purchase,
  renew,
  requestForceClose,
  requestWithdrawal,
  type SubscriptionParty,
  subscribe,
  topUp,
  updateVoucher,
  type VoucherState,
  voucherCheck,
  withdraw
} from './instructions/index.ts'
export {
  type MerkleClaim,
  type MerkleEntry,
  verifyMerkleProof
} from './merkle/index.ts'
export {
  checkVoucher,
  decodeSignedVoucher,
  decodeVoucher,
  encodeSignedVoucher,
  encodeVoucher,
  type SignedVoucher,
  VOUCHER_BYTES,
  type Voucher,
  type VoucherRules
} from './messages/index.ts'
export {
  addMoney,
  compareMoney,
  feeOf,
  formatMoney,
  type Money,
  money,
  parseMoney,
  shareOf,
  subtractMoney,
  type Token
} from './money/index.ts'
export { connectWallet, createSettlement, findWallets } from './open.ts'
export type { Payment, PaymentDoubt, PaymentLog, PaymentName, PaymentOutcome, PaymentState } from './payment/index.ts'
export {
  explainRefusal,
  type Refusal,
  type RefusalContext,
  refusalError
} from './refusals/index.ts'
export type { CallOptions, ChainRpc, ChainRpcOptions } from './rpc/index.ts'
export type { SessionStore, SpendingSession } from './session/index.ts'
export type { Cluster, ConnectedWallet, WalletOffer } from './wallet/index.ts'
