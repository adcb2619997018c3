export { openPaymentLog } from './indexed-db-payment-log.ts'
export { nextStep, type Payment, type PaymentSight, type PaymentState } from './payment.ts'
export { memoryPaymentLog, type PaymentLog } from './payment-log.ts'
export { type PaymentNode, type PaymentOutcome, type SettleOptions, settlePayment } from './settle-payment.ts'
