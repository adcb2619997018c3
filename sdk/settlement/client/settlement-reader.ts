/** What the chain says: configuration, plans, balances, subscriptions, channels. Every account is checked; nothing missing becomes a zero. */

import { CraftecError } from '../../errors/index.ts'
import {
  type AccountCodec,
  BILLING_PERIODS,
  type ConfigAccount,
  type ContentFundAccount,
  type CreatorPoolAccount,
  configAccount,
  contentFundAccount,
  creatorPoolAccount,
  mintDecimals,
  type PaymentChannelAccount,
  paymentChannelAccount,
  planAccount,
  type RawAccount,
  SERVICES,
  type SubscriptionAccount,
  subscriptionAccount,
  tokenAmount
} from '../accounts/index.ts'
import {
  type Address,
  addressBytes,
  associatedTokenAddress,
  type PlanKey,
  type SettlementAddresses
} from '../address/index.ts'
import { type Money, money, type Token } from '../money/index.ts'
import type { CallOptions, ChainRpc } from '../rpc/index.ts'

/** A plan as a buyer sees it. */
export interface PlanOffer extends PlanKey {
  readonly address: Address
  readonly name: string
  readonly price: Money
  /** Seconds that one period lasts. */
  readonly periodSecs: number
  /** False: it runs out, and nobody can buy it any more. */
  readonly active: boolean
}

export interface FoundChannel {
  readonly address: Address
  readonly channel: PaymentChannelAccount
}

const DAY_SECS = 86_400
const PERIOD_DAYS = [30, 365]
const DATA_TIERS = ['free', 'lite', 'standard', 'pro', 'enterprise']
const DATA_SERVICE = SERVICES.indexOf('data')
/** Of a payment channel: discriminator 8, version and flags 8, then the sender. */
const CHANNEL_SENDER_AT = 16

export class SettlementReader {
  readonly at: SettlementAddresses
  readonly #rpc: ChainRpc
  readonly #expected: Partial<Token> & Pick<Token, 'symbol'>
  #token: Promise<Token> | undefined

  /** @param expected the token, or as much of it as is known beforehand */
  constructor(rpc: ChainRpc, at: SettlementAddresses, expected: Partial<Token> & Pick<Token, 'symbol'>) {
    this.#rpc = rpc
    this.at = at
    this.#expected = expected
  }

  /** @throws CraftecError `account-invalid` when the program is not configured there; `rpc-…`, as everything here */
  async config(options?: CallOptions): Promise<ConfigAccount> {
    const config = await this.#read(configAccount, this.at.config(), options)
    if (config === undefined) throw missing('the settlement program is not set up on this cluster')
    return config
  }

  /**
   * What is paid in. Read once: a configuration keeps its mint for ever.
   * @throws CraftecError `account-invalid` when it is not the token that was expected
   */
  token(options?: CallOptions): Promise<Token> {
    this.#token ??= this.#readToken(options).catch(error => {
      this.#token = undefined
      throw error
    })
    return this.#token
  }

  async #readToken(options?: CallOptions): Promise<Token> {
    const { mint } = await this.config(options)
    const [account] = await this.#rpc.accounts([mint], options)
    if (account === undefined) throw missing('the mint does not exist')
    const decimals = mintDecimals(account)
    const { symbol, ...expected } = this.#expected
    if ((expected.mint ?? mint) !== mint || (expected.decimals ?? decimals) !== decimals)
      throw missing('the program is paid in another token than was expected')
    return { mint, decimals, symbol }
  }

  /** All plans, cheapest first within a service. */
  async plans(options?: CallOptions): Promise<PlanOffer[]> {
    const token = await this.token(options)
    const filters = { size: planAccount.sizeBytes, bytes: [{ at: 0, bytes: planAccount.discriminator() }] }
    const found = await this.#rpc.programAccounts(this.at.program, filters, options)
    const offers = found.map(({ address, account }) => this.#offer(address, account, token))
    return offers.sort((a, b) => a.service - b.service || a.billingPeriod - b.billingPeriod || a.tier - b.tier)
  }

  /** @throws CraftecError `account-invalid` when there is no such plan */
  async plan(key: PlanKey, options?: CallOptions): Promise<PlanOffer> {
    const address = this.at.plan(key)
    const token = await this.token(options)
    const [account] = await this.#rpc.accounts([address], options)
    if (account === undefined) throw missing('no such plan is offered')
    return this.#offer(address, account, token)
  }

  /** Undefined when the owner has no token account: that is not the same as an empty one. */
  async balance(owner: Address, options?: CallOptions): Promise<Money | undefined> {
    const token = await this.token(options)
    const { mint } = token
    const [account] = await this.#rpc.accounts([associatedTokenAddress(owner, mint)], options)
    return account && money(tokenAmount(account, { owner, mint }), token)
  }

  /** @param poolId 32 bytes */
  subscription(
    subscriber: Address,
    poolId: Uint8Array,
    options?: CallOptions
  ): Promise<SubscriptionAccount | undefined> {
    return this.#read(subscriptionAccount, this.at.subscription(subscriber, poolId), options)
  }

  creatorPool(creator: Address, options?: CallOptions): Promise<CreatorPoolAccount | undefined> {
    return this.#read(creatorPoolAccount, this.at.creatorPool(creator), options)
  }

  /** @param contentId 32 bytes */
  contentFund(creator: Address, contentId: Uint8Array, options?: CallOptions): Promise<ContentFundAccount | undefined> {
    return this.#read(contentFundAccount, this.at.contentFund(this.at.creatorPool(creator), contentId), options)
  }

  channel(address: Address, options?: CallOptions): Promise<PaymentChannelAccount | undefined> {
    return this.#read(paymentChannelAccount, address, options)
  }

  /** All open channels of a sender: what is locked in them can be had back, also when the keys that spent it are gone. */
  async channelsOf(sender: Address, options?: CallOptions): Promise<FoundChannel[]> {
    const found = await this.#rpc.programAccounts(
      this.at.program,
      {
        size: paymentChannelAccount.sizeBytes,
        bytes: [
          { at: 0, bytes: paymentChannelAccount.discriminator() },
          { at: CHANNEL_SENDER_AT, bytes: addressBytes(sender) }
        ]
      },
      options
    )
    const channels = found.map(({ address, account }) => ({
      address,
      channel: paymentChannelAccount.decode(this.at.program, account)
    }))
    // a node that ignores filters, or lies, must not make a wallet ask for other people's channels
    return channels.filter(({ address, channel }) => channel.sender === sender && address === this.at.channel(channel))
  }

  async #read<Account>(
    codec: AccountCodec<Account>,
    address: Address,
    options?: CallOptions
  ): Promise<Account | undefined> {
    const [account] = await this.#rpc.accounts([address], options)
    return account && codec.decode(this.at.program, account)
  }

  #offer(address: Address, account: RawAccount, token: Token): PlanOffer {
    const { service, tier, billingPeriod, price, active } = planAccount.decode(this.at.program, account)
    const key = { service, tier, billingPeriod }
    if (this.at.plan(key) !== address) throw missing('a plan at an address that is not its own')
    const days = PERIOD_DAYS[billingPeriod]
    if (days === undefined) throw missing('a plan with an unknown billing period')
    const name = `${SERVICES[service] ?? service} ${service === DATA_SERVICE ? DATA_TIERS[tier] : tier}, ${BILLING_PERIODS[billingPeriod]}`
    return { ...key, address, name, price: money(price, token), periodSecs: days * DAY_SECS, active }
  }
}

function missing(why: string): CraftecError {
  return new CraftecError('account-invalid', `${why}; check the program id and the cluster`)
}
