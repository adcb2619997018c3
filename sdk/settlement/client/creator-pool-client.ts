/** A creator's own pool: what pays the holders of their content. Anyone may add to it; only the creator takes out what is not promised. */
import { type Address, associatedTokenAddress, type SettlementAddresses } from '../address/index.ts'
import {
  closeContentFund,
  closeCreatorPool,
  createCreatorPool,
  fundContent,
  fundCreatorPool,
  type Instruction,
  requestWithdrawal,
  withdraw
} from '../instructions/index.ts'
import { compareMoney, formatMoney, type Money } from '../money/index.ts'
import type { ConnectedWallet } from '../wallet/index.ts'
import { freshKey, type PayContext, type PayOptions, pay } from './pay.ts'
import type { SettlementReader } from './settlement-reader.ts'

/** A deposit into anyone's pool. */
export interface PoolFunding {
  readonly creator: Address
  readonly amount: Money
  /** The same for every attempt at this deposit: an order number, or what the page made when the form was opened. */
  readonly key: string
}

/** A deposit into one's own pool that says which content it is for. */
export interface ContentFundingRequest {
  /** 32 bytes. */
  readonly contentId: Uint8Array
  readonly amount: Money
  /** Seconds since the Unix epoch. */
  readonly expiresAt: bigint
  /** 0 to 4, as storage plans have them. */
  readonly tier: number
  /** As {@link PoolFunding} has it. */
  readonly key: string
}

export class CreatorPoolClient {
  readonly #context: PayContext
  readonly #at: SettlementAddresses
  readonly #reader: SettlementReader

  constructor(context: PayContext, reader: SettlementReader) {
    this.#context = context
    this.#at = reader.at
    this.#reader = reader
  }

  /** Open the wallet's pool. @param service 1 data or 4 bundle @returns base58 signature, as everything here @throws as `pay` of this package */
  async create(wallet: ConnectedWallet, service: number, options: PayOptions = {}): Promise<string> {
    const { mint } = await this.#reader.token(options)
    const creator = wallet.address
    return this.#once(wallet, 'create-pool', 'Open a pool that pays the holders of your content', options, [
      createCreatorPool(this.#at, { creator, mint, service })
    ])
  }

  /** Add to anyone's pool. @throws as `pay` of this package; `invalid-argument` for money of another token */
  async fund(
    wallet: ConnectedWallet,
    { creator, amount, key }: PoolFunding,
    options: PayOptions = {}
  ): Promise<string> {
    const depositorToken = await this.#tokens(wallet, amount, options)
    return pay(
      this.#context,
      wallet,
      {
        key: `deposit:${key}`,
        summary: `Add ${formatMoney(amount)} to the pool of ${creator}`,
        instructions: [
          fundCreatorPool(this.#at, { creator, depositor: wallet.address, depositorToken, amount: amount.units })
        ]
      },
      options
    )
  }

  /** Add to one's own pool, for one content: its tier and expiry may not shrink while it lives. */
  async fundContent(
    wallet: ConnectedWallet,
    funding: ContentFundingRequest,
    options: PayOptions = {}
  ): Promise<string> {
    const { amount, key, ...terms } = funding
    const creatorToken = await this.#tokens(wallet, amount, options)
    const creator = wallet.address
    return pay(
      this.#context,
      wallet,
      {
        key: `fund:${key}`,
        summary: `Add ${formatMoney(amount)} to your pool, for one content`,
        instructions: [fundContent(this.#at, { ...terms, creator, creatorToken, amount: amount.units })]
      },
      options
    )
  }

  /** Remove the record of a funding that has expired; its rent comes back. */
  closeContentFund(wallet: ConnectedWallet, contentId: Uint8Array, options: PayOptions = {}): Promise<string> {
    const purpose = `close-fund:${this.#at.contentFund(this.#at.creatorPool(wallet.address), contentId)}`
    return this.#once(wallet, purpose, 'Remove the record of a funding that has expired', options, [
      closeContentFund(this.#at, wallet.address, contentId)
    ])
  }

  /** Announce that one takes `amount` out; another announcement replaces it. The pool's account says when it is ready. */
  async requestWithdrawal(wallet: ConnectedWallet, amount: Money, options: PayOptions = {}): Promise<string> {
    await this.#tokens(wallet, amount, options)
    const summary = `Announce that you take ${formatMoney(amount)} out of your pool`
    return this.#once(wallet, `announce-withdrawal:${amount.units}`, summary, options, [
      requestWithdrawal(this.#at, wallet.address, amount.units)
    ])
  }

  /** Take out what was announced, or what is left of it. */
  async withdraw(wallet: ConnectedWallet, options: PayOptions = {}): Promise<string> {
    const { mint } = await this.#reader.token(options)
    const creator = wallet.address
    return this.#once(wallet, 'withdraw', 'Take what was announced out of your pool', options, [
      withdraw(this.#at, creator, associatedTokenAddress(creator, mint))
    ])
  }

  /** Close the wallet's pool, which must be empty; its rent comes back. */
  async close(wallet: ConnectedWallet, options: PayOptions = {}): Promise<string> {
    const { mint } = await this.#reader.token(options)
    const creator = wallet.address
    return this.#once(wallet, 'close-pool', 'Close your empty pool', options, [
      closeCreatorPool(this.#at, creator, associatedTokenAddress(creator, mint))
    ])
  }

  /** What the program itself refuses to do twice. */
  async #once(
    wallet: ConnectedWallet,
    purpose: string,
    summary: string,
    options: PayOptions,
    instructions: readonly Instruction[]
  ): Promise<string> {
    const key = await freshKey(this.#context, `${purpose}:${wallet.address}`, options)
    return pay(this.#context, wallet, { key, summary, instructions }, options)
  }

  /** @returns the wallet's token account @throws CraftecError `invalid-argument` when `amount` is of another token */
  async #tokens(wallet: ConnectedWallet, amount: Money, options: PayOptions): Promise<Address> {
    const token = await this.#reader.token(options)
    compareMoney(amount, { units: 0n, token })
    return associatedTokenAddress(wallet.address, token.mint)
  }
}
