export { type AccountCodec, accountCodec, type RawAccount } from './account-codec.ts'
export { type ClaimReceiptAccount, claimReceiptAccount } from './claim-receipt-account.ts'
export { aggregatorsOf, type ConfigAccount, configAccount, MAX_AGGREGATORS } from './config-account.ts'
export { type ContentFundAccount, contentFundAccount } from './content-fund-account.ts'
export { type CreatorPoolAccount, creatorPoolAccount } from './creator-pool-account.ts'
export {
  DISTRIBUTION_MODES,
  type DistributionAccount,
  distributionAccount,
  isClaimed
} from './distribution-account.ts'
export { type PaymentChannelAccount, paymentChannelAccount } from './payment-channel-account.ts'
export { BILLING_PERIODS, type PlanAccount, planAccount, SERVICES } from './plan-account.ts'
export type { PoolLedger } from './pool-ledger.ts'
export { type SubscriptionAccount, subscriptionAccount } from './subscription-account.ts'
export { mintDecimals, tokenAmount } from './token-accounts.ts'
