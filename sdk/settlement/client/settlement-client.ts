import { type Clock, type RandomBytes, systemClock, systemRandom } from '../../async/index.ts'
import { CraftecError } from '../../errors/index.ts'
import {
  type Address,
  associatedTokenAddress,
  type PlanKey,
  SETTLEMENT_PROGRAM,
  SettlementAddresses
} from '../address/index.ts'
import {
  type Claim,
  cancel,
  claim,
  closeClaimReceipt,
  closeSubscription,
  renew,
  type SubscriptionParty,
  subscribe
} from '../instructions/index.ts'
import { compareMoney, formatMoney, type Money, type Token } from '../money/index.ts'
import { openPaymentLog, type Payment, type PaymentLog } from '../payment/index.ts'
import { type ChainRpc, connectChain } from '../rpc/index.ts'
import { openSessionStore, type SessionStore } from '../session/index.ts'
import type { ConnectedWallet } from '../wallet/index.ts'
import { CreatorPoolClient, type PoolFunding } from './creator-pool-client.ts'
import { freshKey, type PayContext, type PaymentReport, type PayOptions, pay, settleOpenPayments } from './pay.ts'
import { SessionClient } from './session-client.ts'
import { type PlanOffer, SettlementReader } from './settlement-reader.ts'

export interface SettlementOptions {
  /**
   * JSON-RPC endpoints of one cluster, best first. Two of different operators keep each other honest: a single one that lies can
   * hide that something was paid.
   */
  readonly endpoints: readonly string[]
  /** Genesis hash of the cluster, in base58. Default: whatever the endpoints have, and agree about. */
  readonly genesisHash?: string
  /** The deployment. Default: {@link SETTLEMENT_PROGRAM}. */
  readonly program?: Address
  /**
   * What is paid in, if it is known beforehand: what the chain says is compared with it. Decimals decide how amounts look to whoever
   * signs, so a page for real money should give it. Default: what the program's configuration and its mint say.
   */
  readonly token?: Token
  /** How the token is called in texts, unless `token` says. Default `USDC`. */
  readonly symbol?: string
  /** Prefix of the IndexedDB databases: the payment log and the sessions. Default `craftec`. */
  readonly databaseName?: string
  readonly clock?: Clock
  /** In place of the endpoints and the database, for tests and other runtimes. */
  readonly rpc?: ChainRpc
  readonly log?: PaymentLog
  readonly sessions?: SessionStore
  readonly random?: RandomBytes
}

/** What a purchase changes; the wallet pays, the chain decides. */
export interface SubscribeRequest {
  readonly plan: PlanKey
  /** 32 bytes that tell the subscriber's subscriptions apart. */
  readonly poolId: Uint8Array
  /** The price that the user saw. If the plan's is another by now, nothing is signed. */
  readonly price?: Money
}

/**
 * Pays, and looks up what was paid, through a wallet that the user connected.
 * @example
 * import { connectWallet, createSettlement, findWallets } from '@craftec/web/settlement'
 * const settlement = await createSettlement({ endpoints: ['https://rpc.example.org'] })
 * const { offers: [offer] } = await findWallets('mainnet')
 * if (offer) {
 *   const wallet = await connectWallet(offer, { cluster: 'mainnet' })
 *   const [plan] = await settlement.reader.plans()
 *   if (plan) await settlement.subscribe(wallet, { plan, poolId: new Uint8Array(32), price: plan.price })
 * }
 * settlement.close()
 */
export class Settlement {
  readonly reader: SettlementReader
  readonly at: SettlementAddresses
  readonly sessions: SessionClient
  readonly pools: CreatorPoolClient
  readonly #context: PayContext
  readonly #store: SessionStore

  constructor(context: PayContext, reader: SettlementReader, store: SessionStore, random: RandomBytes) {
    this.#context = context
    this.#store = store
    this.at = reader.at
    this.reader = reader
    this.sessions = new SessionClient(context, reader, store, random)
    this.pools = new CreatorPoolClient(context, reader)
  }

  /**
   * Find out what became of payments that an earlier page signed. Call it at the start; each is told as it becomes known, and as
   * `unknown` if that takes longer than five minutes. A payment that no block took is not made again by itself: that is for the user to decide.
   */
  settleOpenPayments(
    onReport: (payment: Payment, report: PaymentReport) => void,
    options: { readonly signal?: AbortSignal | undefined } = {}
  ): Promise<void> {
    return settleOpenPayments(this.#context, onReport, options.signal)
  }

  /** Buy one period. @returns base58 signature @throws as `pay` of this package; `invalid-argument` when the price is not the one that was shown */
  async subscribe(wallet: ConnectedWallet, request: SubscribeRequest, options: PayOptions = {}): Promise<string> {
    const offer = await this.#offer(request, options)
    const party = await this.#party(wallet, request.poolId, options)
    const address = this.at.subscription(wallet.address, request.poolId)
    const { mint } = offer.price.token
    return this.#pay(wallet, options, {
      key: await freshKey(this.#context, `subscribe:${address}`, options),
      summary: `Subscribe to ${offer.name}: ${formatMoney(offer.price)}`,
      instructions: [subscribe(this.at, { ...party, plan: offer.address, price: offer.price.units, mint })]
    })
  }

  /** Buy the period after the running one. @throws CraftecError `account-invalid` when there is no subscription; as {@link subscribe} */
  async renew(wallet: ConnectedWallet, request: SubscribeRequest, options: PayOptions = {}): Promise<string> {
    const offer = await this.#offer(request, options)
    const { poolId } = request
    const [party, { expiresAt, ledger }] = await Promise.all([
      this.#party(wallet, poolId, options),
      this.#subscription(wallet, poolId, options)
    ])
    const address = this.at.subscription(wallet.address, poolId)
    return this.#pay(wallet, options, {
      key: `renew:${address}:${ledger.openedSlot}:${expiresAt}`,
      summary: `Renew ${offer.name}: ${formatMoney(offer.price)}`,
      instructions: [renew(this.at, { ...party, plan: offer.address, price: offer.price.units })]
    })
  }

  /** Have the period ahead paid back. */
  async cancel(wallet: ConnectedWallet, poolId: Uint8Array, options: PayOptions = {}): Promise<string> {
    const [party, { expiresAt, ledger }] = await Promise.all([
      this.#party(wallet, poolId, options),
      this.#subscription(wallet, poolId, options)
    ])
    const address = this.at.subscription(wallet.address, poolId)
    return this.#pay(wallet, options, {
      key: `cancel:${address}:${ledger.openedSlot}:${expiresAt}`,
      summary: 'Take the next period of the subscription back; it is refunded in full',
      instructions: [cancel(this.at, party)]
    })
  }

  /** Close a subscription that has ended: what nobody claimed, and the rent, come back. */
  async closeSubscription(wallet: ConnectedWallet, poolId: Uint8Array, options: PayOptions = {}): Promise<string> {
    const [party, { ledger }] = await Promise.all([
      this.#party(wallet, poolId, options),
      this.#subscription(wallet, poolId, options)
    ])
    return this.#pay(wallet, options, {
      key: `close-subscription:${this.at.subscription(wallet.address, poolId)}:${ledger.openedSlot}`,
      summary: 'Close the subscription that has ended; what is left of it comes back',
      instructions: [closeSubscription(this.at, party)]
    })
  }

  /** Add to a creator's pool: `pools.fund` under the name that the reference has for it. */
  fundCreatorPool(wallet: ConnectedWallet, funding: PoolFunding, options: PayOptions = {}): Promise<string> {
    return this.pools.fund(wallet, funding, options)
  }

  /** Take one's share of a distribution. */
  async claim(
    wallet: ConnectedWallet,
    entry: Omit<Claim, 'operator' | 'operatorToken'>,
    options: PayOptions = {}
  ): Promise<string> {
    const { mint } = await this.reader.token(options)
    const operator = wallet.address
    return this.#pay(wallet, options, {
      key: `claim:${entry.distribution}:${entry.index}`,
      summary: `Claim entry ${entry.index} of the distribution ${entry.distribution}`,
      instructions: [claim(this.at, { ...entry, operator, operatorToken: associatedTokenAddress(operator, mint) })]
    })
  }

  /** Close the receipt of a claim whose distribution is closed; its rent comes back. */
  closeClaimReceipt(
    wallet: ConnectedWallet,
    { distribution, index }: Pick<Claim, 'distribution' | 'index'>,
    options: PayOptions = {}
  ): Promise<string> {
    return this.#pay(wallet, options, {
      key: `close-receipt:${distribution}:${index}`,
      summary: `Close the receipt of entry ${index} of the distribution ${distribution}`,
      instructions: [closeClaimReceipt(this.at, { operator: wallet.address, distribution, index })]
    })
  }

  close(): void {
    this.#context.log.close()
    this.#store.close()
  }

  #pay(wallet: ConnectedWallet, options: PayOptions, request: Parameters<typeof pay>[2]): Promise<string> {
    return pay(this.#context, wallet, request, options)
  }

  async #offer({ plan, price }: SubscribeRequest, options: PayOptions): Promise<PlanOffer> {
    const offer = await this.reader.plan(plan, options)
    if (price !== undefined && compareMoney(price, offer.price) !== 0)
      throw new CraftecError(
        'invalid-argument',
        `the plan costs ${formatMoney(offer.price)} by now, not ${formatMoney(price)}; show the new price first`
      )
    return offer
  }

  async #party(wallet: ConnectedWallet, poolId: Uint8Array, options: PayOptions): Promise<SubscriptionParty> {
    const { mint } = await this.reader.token(options)
    return { subscriber: wallet.address, poolId, subscriberToken: associatedTokenAddress(wallet.address, mint) }
  }

  async #subscription(wallet: ConnectedWallet, poolId: Uint8Array, options: PayOptions) {
    const found = await this.reader.subscription(wallet.address, poolId, options)
    if (found === undefined) throw new CraftecError('account-invalid', 'there is no such subscription')
    return found
  }
}

/**
 * Nothing is asked of the network before it is needed.
 * @throws CraftecError `invalid-argument` | `storage-unavailable`
 */
export async function createSettlement(options: SettlementOptions): Promise<Settlement> {
  const { clock = systemClock, program = SETTLEMENT_PROGRAM, symbol = 'USDC' } = options
  const rpc = options.rpc ?? connectChain({ endpoints: options.endpoints, genesisHash: options.genesisHash, clock })
  const { databaseName = 'craftec', random = systemRandom } = options
  const log = options.log ?? (await openPaymentLog(`${databaseName}-payments`))
  const sessions = options.sessions ?? (await openSessionStore(`${databaseName}-sessions`))
  const reader = new SettlementReader(rpc, new SettlementAddresses(program), options.token ?? { symbol })
  return new Settlement({ rpc, log, clock, program }, reader, sessions, random)
}
