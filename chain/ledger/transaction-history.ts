import type { Address } from '@solana/kit'
import type { TransactionRecord } from './transaction-record.ts'

/**
 * The last transactions, by signature and by account. Beyond `capacity` the oldest are forgotten, but never while their blockhash
 * is valid: remembering them is what keeps a transaction from running twice.
 */
export class TransactionHistory {
  private readonly bySignature = new Map<string, TransactionRecord>()
  private readonly byAddress = new Map<Address, Set<string>>()
  private readonly capacity: number
  private count: bigint

  /** @param count transactions ever added, those forgotten included */
  constructor(capacity: number, records: readonly TransactionRecord[] = [], count = 0n) {
    this.capacity = capacity
    this.count = count - BigInt(records.length)
    for (const record of records) this.add(record, record.slot)
  }

  get totalCount(): bigint {
    return this.count
  }

  /** @param replayableFrom a transaction of this slot or a later one could still be sent again */
  add(record: TransactionRecord, replayableFrom: bigint): void {
    const { signature } = record.transaction
    this.count += 1n
    this.bySignature.set(signature, record)
    for (const key of record.accountKeys) {
      const signatures = this.byAddress.get(key)
      if (signatures === undefined) this.byAddress.set(key, new Set([signature]))
      else signatures.add(signature)
    }
    for (const oldest of this.bySignature.values()) {
      if (this.bySignature.size <= this.capacity || oldest.slot >= replayableFrom) return
      this.forget(oldest)
    }
  }

  get(signature: string): TransactionRecord | undefined {
    return this.bySignature.get(signature)
  }

  /** Newest first. */
  ofAddress(address: Address): readonly TransactionRecord[] {
    const signatures = [...(this.byAddress.get(address) ?? [])].reverse()
    return signatures.flatMap(signature => this.bySignature.get(signature) ?? [])
  }

  /** Oldest first. */
  all(): readonly TransactionRecord[] {
    return [...this.bySignature.values()]
  }

  private forget(record: TransactionRecord): void {
    const { signature } = record.transaction
    this.bySignature.delete(signature)
    for (const key of record.accountKeys) {
      const signatures = this.byAddress.get(key)
      signatures?.delete(signature)
      if (signatures?.size === 0) this.byAddress.delete(key)
    }
  }
}
