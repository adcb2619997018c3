export { type PaymentReview, type PaymentStage, type PayOptions, pay } from './pay.ts'
export { SessionClient, type SessionRequest } from './session-client.ts'
export { createSettlement, Settlement, type SettlementOptions, type SubscribeRequest } from './settlement-client.ts'
export { type FoundChannel, type PlanOffer, SettlementReader } from './settlement-reader.ts'
