export { openPaymentLog } from './indexed-db-payment-log.ts'
export { nextStep, type PaymentLook, type PaymentStep, type PaymentWatch, watchPayment } from './next-step.ts'
export type { Payment, PaymentDoubt, PaymentSight, PaymentState } from './payment.ts'
export { memoryPaymentLog, type PaymentLog, type PaymentName } from './payment-log.ts'
export {
  type PaymentNode,
  type PaymentOutcome,
  type PaymentTrace,
  type SettleOptions,
  settlePayment
} from './settle-payment.ts'
