import { type DBSchema, type IDBPDatabase, openDB } from 'idb'
import { CraftecError } from '../../errors/index.ts'
import { checkPaymentKey, type Payment } from './payment.ts'
import { checkReplaceable, oldestFirst, type PaymentLog } from './payment-log.ts'

interface PaymentSchema extends DBSchema {
  payments: { key: string; value: Payment }
}

const SCHEMA_VERSION = 1
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
      upgrade: opened => void opened.createObjectStore('payments', { keyPath: 'key' }),
      blocking: (_current, _blocked, event) => (event.target as IDBDatabase).close()
    })
  } catch (cause) {
    throw new CraftecError(
      'storage-unavailable',
      'no IndexedDB here, as in some private windows; without it a payment could be made twice after a reload',
      { cause }
    )
  }
  /** Change the payment of one key within one transaction: other tabs see it before or after, never between. */
  const change = async (key: string, next: (found: Payment | undefined) => Payment | undefined): Promise<void> => {
    const transaction = database.transaction('payments', 'readwrite', DURABLE)
    const found = await transaction.store.get(key)
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
    get: key => database.get('payments', key),
    add: payment => {
      checkPaymentKey(payment.key)
      return change(payment.key, found => {
        checkReplaceable(found)
        return payment
      })
    },
    settle: (key, signature, state) =>
      change(key, found =>
        found?.signature === signature && found.state === 'open' ? { ...found, state } : undefined
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
