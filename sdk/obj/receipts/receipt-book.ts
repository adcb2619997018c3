import { encodeHex } from '../../codec/index.ts'
import {
  decodeStorageReceipt,
  ENCODED_RECEIPT_BYTES,
  encodeStorageReceipt,
  receiptKey,
  type SignedStorageReceipt
} from '../audit/index.ts'
import { equalBytes } from '../hashing/index.ts'
import { epochOf } from '../health/index.ts'
import type { PieceStore } from '../store/index.ts'

/** `issued`: made by this node about others. `earned`: made by others about this node. */
export type ReceiptSide = 'issued' | 'earned'

/** What is to be void: receipts about a node, of one content or of all. */
export interface VoidReceipts {
  /** Ed25519 public key. */
  readonly storageNode: Uint8Array
  readonly contentId?: Uint8Array
}

/** One row of the store, which takes at most 1 MiB. */
const MAX_PER_EPOCH = 4096
/** Of one challenger about this node: whoever likes to sign must not take the room of all others. */
const MAX_PER_CHALLENGER = 1024
/** Two days: who is paid for storage collects receipts more often than that. */
const MAX_EPOCHS = 96
const EPOCH_DIGITS = 10

/**
 * Storage receipts of a node, by the epoch they were made in: in the store, 1 MB an epoch and 96 epochs at most, so that neither a crash nor
 * a restart loses what somebody is paid for. Changes are made one after another.
 */
export class ReceiptBook {
  readonly #store: Pick<PieceStore, 'value' | 'setValue' | 'values'>
  readonly #side: ReceiptSide
  readonly #prefix: string
  #turn: Promise<unknown> = Promise.resolve()
  #known: Promise<Set<number>> | undefined

  constructor(store: Pick<PieceStore, 'value' | 'setValue' | 'values'>, side: ReceiptSide) {
    this.#store = store
    this.#side = side
    this.#prefix = `receipts/${side}/`
  }

  /**
   * Keep receipts; their signatures were verified. What is known is left out; in a full epoch whoever
   * signed most gives way to whoever signed less.
   * @param nowMs milliseconds since the Unix epoch: what is older than 96 epochs goes
   * @returns how many are new
   * @throws CraftecError as the store does
   */
  add(receipts: readonly SignedStorageReceipt[], nowMs: number): Promise<number> {
    return this.#inTurn(async () => {
      let added = 0
      for (const [epoch, group] of byEpoch(receipts)) {
        if (epoch <= epochOf(nowMs) - MAX_EPOCHS) continue
        const kept = await this.#read(epoch)
        const known = new Set(kept.map(receipt => encodeHex(receiptKey(receipt))))
        const signed = new Map<string, number>()
        for (const { challenger } of kept) count(signed, encodeHex(challenger))
        const fresh = new Set<SignedStorageReceipt>()
        const all = [...kept]
        for (const receipt of group) {
          const [key, challenger] = [encodeHex(receiptKey(receipt)), encodeHex(receipt.challenger)]
          const share = signed.get(challenger) ?? 0
          if (known.has(key) || (this.#side === 'earned' && share >= MAX_PER_CHALLENGER)) continue
          if (all.length >= MAX_PER_EPOCH) {
            const at = this.#side === 'earned' ? lastOfLargest(all, signed, share + 1) : -1
            const [gone] = at < 0 ? [] : all.splice(at, 1)
            if (!gone) continue
            count(signed, encodeHex(gone.challenger), -1)
            known.delete(encodeHex(receiptKey(gone)))
            fresh.delete(gone)
          }
          all.push(receipt)
          fresh.add(receipt)
          known.add(key)
          count(signed, challenger)
        }
        if (fresh.size > 0) await this.#write(epoch, all)
        added += fresh.size
      }
      await this.#forget(epochOf(nowMs) - MAX_EPOCHS)
      return added
    })
  }

  /** Take receipts out of the book, because their node was shown to have lied. @returns how many there were */
  void({ storageNode, contentId }: VoidReceipts): Promise<number> {
    return this.#inTurn(async () => {
      let gone = 0
      for (const epoch of [...(await this.#epochs())]) {
        const kept = await this.#read(epoch)
        const left = kept.filter(
          receipt =>
            !equalBytes(receipt.storageNode, storageNode) ||
            (contentId !== undefined && !equalBytes(receipt.contentId, contentId))
        )
        if (left.length < kept.length) await this.#write(epoch, left)
        gone += kept.length - left.length
      }
      return gone
    })
  }

  /**
   * Every receipt, oldest epoch first, 244 bytes each: what an aggregator of payments takes.
   * @param sinceEpoch the first epoch that is wanted, see `epochOf`
   */
  async *export({
    sinceEpoch = 0
  }: {
    readonly sinceEpoch?: number
  } = {}): AsyncGenerator<Uint8Array, void, undefined> {
    const epochs = await this.#inTurn(async () => [...(await this.#epochs())])
    for (const epoch of epochs.sort((a, b) => a - b)) {
      if (epoch < sinceEpoch) continue
      for (const receipt of await this.#inTurn(() => this.#read(epoch))) yield encodeStorageReceipt(receipt)
    }
  }

  async #read(epoch: number): Promise<SignedStorageReceipt[]> {
    const row = (await this.#store.value(this.#key(epoch))) ?? new Uint8Array(0)
    return Array.from({ length: row.length / ENCODED_RECEIPT_BYTES }, (_, index) =>
      decodeStorageReceipt(row.subarray(index * ENCODED_RECEIPT_BYTES, (index + 1) * ENCODED_RECEIPT_BYTES))
    )
  }

  async #write(epoch: number, receipts: readonly SignedStorageReceipt[]): Promise<void> {
    const row = new Uint8Array(receipts.length * ENCODED_RECEIPT_BYTES)
    for (const [index, receipt] of receipts.entries())
      row.set(encodeStorageReceipt(receipt), index * ENCODED_RECEIPT_BYTES)
    const epochs = await this.#epochs()
    await this.#store.setValue(this.#key(epoch), receipts.length === 0 ? undefined : row)
    if (receipts.length === 0) epochs.delete(epoch)
    else epochs.add(epoch)
  }

  async #forget(upTo: number): Promise<void> {
    for (const epoch of [...(await this.#epochs())]) if (epoch <= upTo) await this.#write(epoch, [])
  }

  /** Read once: the store has no way to list keys without their rows. */
  async #epochs(): Promise<Set<number>> {
    this.#known ??= this.#store
      .values(this.#prefix)
      .then(rows => new Set(rows.map(({ key }) => Number(key.slice(this.#prefix.length)))))
    this.#known.catch(() => {
      this.#known = undefined
    })
    return this.#known
  }

  #key(epoch: number): string {
    return this.#prefix + String(epoch).padStart(EPOCH_DIGITS, '0')
  }

  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(task)
    this.#turn = turn.catch(() => {})
    return turn
  }
}

function byEpoch(receipts: readonly SignedStorageReceipt[]): Map<number, SignedStorageReceipt[]> {
  const groups = new Map<number, SignedStorageReceipt[]>()
  for (const receipt of receipts) {
    const epoch = epochOf(receipt.timestamp * 1000)
    groups.set(epoch, [...(groups.get(epoch) ?? []), receipt])
  }
  return groups
}

/**
 * Where to make room: the latest receipt of whoever signed most, if that is more than `atLeast`. A few who sign much give way to many who
 * sign little, and never the other way round.
 */
function lastOfLargest(
  receipts: readonly SignedStorageReceipt[],
  signed: ReadonlyMap<string, number>,
  atLeast: number
): number {
  let [largest, most] = ['', atLeast]
  for (const [challenger, share] of signed) if (share > most) [largest, most] = [challenger, share]
  return largest === '' ? -1 : receipts.findLastIndex(({ challenger }) => encodeHex(challenger) === largest)
}

function count(counts: Map<string, number>, name: string, change = 1): void {
  counts.set(name, (counts.get(name) ?? 0) + change)
}
