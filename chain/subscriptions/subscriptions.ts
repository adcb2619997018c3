/** Who wants to hear what: turns events of the ledger into the notifications of one WebSocket connection. */
import type { Address } from '@solana/kit'
import type { Ledger, LedgerAccount, LedgerEvent } from '../ledger/index.ts'
import { inContext, RpcError, type Subscription, type SubscriptionHost, stringifyAnswer } from '../rpc/index.ts'

/** Web3.js sees an account that is gone as one without anything, as Agave tells it. */
const SYSTEM_PROGRAM = '11111111111111111111111111111111' as Address

export interface SubscriptionsOptions {
  readonly ledger: Ledger
  readonly max: number
  readonly send: (text: string) => void
  /** Ids are told apart across connections, so that one never names another's subscription. */
  readonly nextId: () => number
}

export class Subscriptions implements SubscriptionHost {
  private readonly active = new Map<number, Subscription>()
  private readonly ledger: Ledger
  private readonly max: number
  private readonly send: (text: string) => void
  private readonly nextId: () => number
  private readonly unlisten: () => void

  constructor({ ledger, max, send, nextId }: SubscriptionsOptions) {
    this.ledger = ledger
    this.max = max
    this.send = send
    this.nextId = nextId
    this.unlisten = ledger.listen(event => this.onEvent(event))
  }

  get size(): number {
    return this.active.size
  }

  add(subscription: Subscription): number {
    if (this.active.size >= this.max) {
      throw new RpcError('limitExceeded', `at most ${this.max} subscriptions on a connection`)
    }
    const id = this.nextId()
    this.active.set(id, subscription)
    // Whoever asks about a transaction that is already there must hear of it, but after the answer that carries the id.
    if (subscription.kind === 'signature') setImmediate(() => this.tellKnownSignature(id, subscription.signature))
    return id
  }

  remove(id: number): boolean {
    return this.active.delete(id)
  }

  close(): void {
    this.unlisten()
    this.active.clear()
  }

  private tellKnownSignature(id: number, signature: string): void {
    const record = this.ledger.transaction(signature)
    if (record !== undefined && this.active.delete(id))
      this.notify(id, 'signature', this.inContext({ err: record.error }))
  }

  private onEvent(event: LedgerEvent): void {
    for (const [id, subscription] of this.active) {
      if (event.type === 'block') this.onBlock(id, subscription, event)
      if (event.type === 'transaction') this.onTransaction(id, subscription, event)
      if (event.type !== 'block') for (const address of event.changed) this.onAccount(id, subscription, address)
    }
  }

  private onBlock(
    id: number,
    { kind }: Subscription,
    { block, parentSlot }: Extract<LedgerEvent, { type: 'block' }>
  ): void {
    // On a cluster the root trails the tip; here all is final at once.
    if (kind === 'slot') this.notify(id, kind, { parent: parentSlot, root: block.slot, slot: block.slot })
    if (kind === 'root') this.notify(id, kind, block.slot)
  }

  private onTransaction(
    id: number,
    subscription: Subscription,
    { record }: Extract<LedgerEvent, { type: 'transaction' }>
  ): void {
    const { error, logs, accountKeys, transaction } = record
    if (subscription.kind === 'signature' && subscription.signature === transaction.signature) {
      this.active.delete(id)
      this.notify(id, 'signature', this.inContext({ err: error }))
    }
    if (subscription.kind !== 'logs') return
    const { mentions } = subscription
    if (mentions !== undefined && !accountKeys.some(key => key === mentions)) return
    this.notify(id, 'logs', this.inContext({ signature: transaction.signature, err: error, logs }))
  }

  private onAccount(id: number, subscription: Subscription, address: Address): void {
    if (subscription.kind === 'account' && subscription.address === address) {
      const account = this.ledger.account(address) ?? nothingAt(address)
      this.notify(id, 'account', this.inContext(subscription.encode(account)))
    }
    if (subscription.kind !== 'program') return
    const account = this.ledger.account(address)
    if (account?.owner !== subscription.program || !subscription.matches(account)) return
    this.notify(id, 'program', this.inContext({ pubkey: address, account: subscription.encode(account) }))
  }

  private inContext(value: unknown): object {
    return inContext(this.ledger, value)
  }

  private notify(subscription: number, kind: Subscription['kind'], result: unknown): void {
    this.send(stringifyAnswer({ jsonrpc: '2.0', method: `${kind}Notification`, params: { result, subscription } }))
  }
}

function nothingAt(address: Address): LedgerAccount {
  return { address, lamports: 0n, owner: SYSTEM_PROGRAM, executable: false, data: new Uint8Array() }
}
