import { type DBSchema, type IDBPDatabase, openDB } from 'idb'
import { CraftecError } from '../../errors/index.ts'
import { checkPaymentKey, type Payment } from './payment.ts'
import { checkReplaceable, oldestFirst, type PaymentLog } from './payment-log.ts'

interface PaymentSchema extends DBSchema {
  payments: { key: [cluster: string, key: string]; value: Payment }
}

const SCHEMA_VERSION = 2
/** The bytes must be on the disk before they are sent: a power failure may not make the log forget a payment. */
const DURABLE = { durability: 'strict' } as const

/**
 * The log in IndexedDB, one for all tabs of a site: of two tabs that make the same payment, the database lets one through.
 * @param name of the database
 * @throws CraftecError `storage-unavailable` where there is none: paying without a log could pay twice
 */
export async function openPaymentLog(name: string): Promise<PaymentLog> {
  let database: IDBPDatabase<PaymentSchema>
  try {
    database = await openDB<PaymentSchema>(name, SCHEMA_VERSION, {
      upgrade: (opened, from) => {
        // version 1 was never released; it did not say of which cluster a payment was, so nobody could tell what became of it
        if (from === 1) opened.deleteObjectStore('payments')
        opened.createObjectStore('payments', { keyPath: ['cluster', 'key'] })
      },
      blocking: (_current, _blocked, event) => (event.target as IDBDatabase).close()
    })
  } catch (cause) {
    throw new CraftecError(
      'storage-unavailable',
      'no IndexedDB here, as in some private windows; without it a payment could be made twice after a reload',
      { cause }
    )
  }
  /** Change one payment within one transaction: other tabs see it before or after, never between. */
  const change = async (
    { cluster, key }: Pick<Payment, 'cluster' | 'key'>,
    next: (found: Payment | undefined) => Payment | undefined
  ): Promise<void> => {
    const transaction = database.transaction('payments', 'readwrite', DURABLE)
    const found = await transaction.store.get([cluster, key])
    let payment: Payment | undefined
    try {
      payment = next(found)
    } catch (error) {
      transaction.abort()
      await transaction.done.catch(() => {})
      throw error
    }
    if (payment !== undefined) await transaction.store.put(payment)
    await transaction.done
  }
  const all = (): Promise<Payment[]> => database.getAll('payments')
  return {
    get: (cluster, key) => database.get('payments', [cluster, key]),
    add: async payment => {
      checkPaymentKey(payment.key)
      await change(payment, found => {
        checkReplaceable(found)
        return payment
      })
    },
    settle: (payment, state) =>
      change(payment, found =>
        found?.signature === payment.signature && found.state === 'open' ? { ...found, state } : undefined
      ),
    open: async () => oldestFirst((await all()).filter(({ state }) => state === 'open')),
    forget: async before => {
      const transaction = database.transaction('payments', 'readwrite')
      for await (const cursor of transaction.store)
        if (cursor.value.state !== 'open' && cursor.value.createdAt < before) await cursor.delete()
      await transaction.done
    },
    close: () => database.close()
  }
}
