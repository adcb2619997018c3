import { CraftecError } from '../../errors/index.ts'
import { checkPaymentKey, type Payment, type PaymentState } from './payment.ts'

/** Remembers payments before they are sent, so that a tab that dies knows afterwards what may be under way. */
export interface PaymentLog {
  get(cluster: string, key: string): Promise<Payment | undefined>
  /**
   * Write down a signed payment; once this resolves it may be sent. An expired or refused one of the same cluster and key is replaced.
   * @throws CraftecError `payment-under-way` when one of this key is open, `already-paid` when it landed: in this tab or another
   */
  add(payment: Payment): Promise<void>
  /** Close an open payment. One that is closed already stays as it is. */
  settle(payment: PaymentName, state: Exclude<PaymentState, 'open'>): Promise<void>
  /** All that may still happen, on whatever cluster, oldest first. */
  open(): Promise<Payment[]>
  /** Forget final payments made before `before` (milliseconds): their keys could then be paid again. */
  forget(before: number): Promise<void>
  close(): void
}

/** One attempt at a payment. */
export type PaymentName = Pick<Payment, 'cluster' | 'key' | 'signature'>

/** @throws CraftecError `payment-under-way` | `already-paid` */
export function checkReplaceable(found: Payment | undefined): void {
  if (found?.state === 'open')
    throw new CraftecError(
      'payment-under-way',
      `"${found.summary}" was signed before and may still happen; wait until it is settled`
    )
  if (found?.state === 'landed')
    throw new CraftecError('already-paid', `"${found.summary}" is paid; use another key to pay again`)
}

/** A log that is gone with the page, for tests and for wallets that never pay. */
export function memoryPaymentLog(): PaymentLog {
  const payments = new Map<string, Payment>()
  const nameOf = (cluster: string, key: string): string => JSON.stringify([cluster, key])
  return {
    get: async (cluster, key) => payments.get(nameOf(cluster, key)),
    add: async payment => {
      checkPaymentKey(payment.key)
      const name = nameOf(payment.cluster, payment.key)
      checkReplaceable(payments.get(name))
      payments.set(name, payment)
    },
    settle: async ({ cluster, key, signature }, state) => {
      const name = nameOf(cluster, key)
      const found = payments.get(name)
      if (found?.signature === signature && found.state === 'open') payments.set(name, { ...found, state })
    },
    open: async () => oldestFirst([...payments.values()].filter(({ state }) => state === 'open')),
    forget: async before => {
      for (const [name, { state, createdAt }] of payments)
        if (state !== 'open' && createdAt < before) payments.delete(name)
    },
    close: () => {}
  }
}

export function oldestFirst(payments: readonly Payment[]): Payment[] {
  return payments.toSorted((left, right) => left.createdAt - right.createdAt)
}
