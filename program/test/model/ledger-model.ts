/**
 * What the program must do with tokens, said again in the simplest way: no accounts, no signatures, only who holds how much.
 * Each method returns whether the program accepts; a refusal changes nothing.
 */
import {
  CLAIM_WINDOW_SECS,
  EPOCH_SECS,
  FEE_BPS,
  FORCE_CLOSE_DELAY_SECS,
  PERIOD,
  PRICE,
  WITHDRAWAL_DELAY_SECS
} from '../../kit/index.ts'

const GRACE_SECS = 30n
const FEE_LIMIT_BPS = 5000n

export interface PoolModel {
  balance: bigint
  promised: bigint
  /** Sent to the vault past the program. */
  stray: bigint
  open: number
  lastDistributionAt: bigint
  readonly openedSlot: bigint
  withdrawal: { readonly amount: bigint; readonly readyAt: bigint } | undefined
  subscription: { periodEndsAt: bigint; expiresAt: bigint; ahead: bigint } | undefined
}

export interface ChannelModel {
  readonly sender: number
  readonly receiver: number
  deposited: bigint
  stray: bigint
  seq: bigint
  amount: bigint
  closesAt: bigint
  readonly expiresAt: bigint
  readonly feeBps: bigint
  readonly openedSlot: bigint
}

export interface DistributionModel {
  readonly pool: PoolModel
  readonly amount: bigint
  readonly weights: readonly bigint[]
  readonly feeBps: bigint
  readonly endsAt: bigint
  readonly claimed: Set<number>
  paid: bigint
}

export class LedgerModel {
  readonly wallets: bigint[]
  readonly treasury: number
  feeVault = 0n
  time: bigint
  slot: bigint
  paused = false
  feeBps = BigInt(FEE_BPS)
  /** By owner and kind of pool. */
  readonly pools = new Map<string, PoolModel>()
  readonly channels = new Map<string, ChannelModel>()

  constructor(wallets: readonly bigint[], treasury: number, time: bigint, slot: bigint) {
    this.wallets = [...wallets]
    this.treasury = treasury
    this.time = time
    this.slot = slot
  }

  /** Every token there is. */
  total(): bigint {
    const inPools = [...this.pools.values()].reduce((sum, pool) => sum + vaultOf(pool), 0n)
    const inChannels = [...this.channels.values()].reduce((sum, channel) => sum + channel.deposited + channel.stray, 0n)
    return this.wallets.reduce((sum, tokens) => sum + tokens, 0n) + this.feeVault + inPools + inChannels
  }

  setFee(bps: bigint): boolean {
    if (bps > FEE_LIMIT_BPS) return false
    this.feeBps = bps
    return true
  }

  subscribe(person: number, id: string, price: bigint): boolean {
    if (this.paused || this.pools.has(id) || price !== PRICE || !this.#take(person, price)) return false
    const expiresAt = this.time + PERIOD
    this.#openPool(id, price, { periodEndsAt: expiresAt, expiresAt, ahead: 0n })
    return true
  }

  renew(person: number, id: string, price: bigint): boolean {
    const pool = this.pools.get(id)
    if (this.paused || pool?.subscription === undefined || price !== PRICE) return false
    const { expiresAt } = pool.subscription
    if (this.time >= expiresAt) return false
    const isAhead = expiresAt > pool.subscription.periodEndsAt && this.time < pool.subscription.periodEndsAt
    if (isAhead || !this.#take(person, price)) return false
    pool.balance += price
    pool.subscription = { periodEndsAt: expiresAt, expiresAt: expiresAt + PERIOD, ahead: price }
    return true
  }

  cancel(person: number, id: string): boolean {
    const pool = this.pools.get(id)
    const subscription = pool?.subscription
    if (pool === undefined || subscription === undefined || this.time >= subscription.periodEndsAt) return false
    if (subscription.expiresAt === subscription.periodEndsAt) return false
    pool.balance -= subscription.ahead
    this.#give(person, subscription.ahead)
    pool.subscription = { periodEndsAt: subscription.periodEndsAt, expiresAt: subscription.periodEndsAt, ahead: 0n }
    return true
  }

  closeSubscription(person: number, id: string): boolean {
    const pool = this.pools.get(id)
    if (pool?.subscription === undefined || this.time < pool.subscription.expiresAt + GRACE_SECS) return false
    if (pool.balance > 0n && this.time < pool.subscription.expiresAt + CLAIM_WINDOW_SECS) return false
    return this.#closePool(person, id, pool)
  }

  createPool(id: string): boolean {
    if (this.paused || this.pools.has(id)) return false
    this.#openPool(id, 0n, undefined)
    return true
  }

  deposit(person: number, id: string, amount: bigint): boolean {
    const pool = this.pools.get(id)
    if (this.paused || pool === undefined || amount === 0n || !this.#take(person, amount)) return false
    pool.balance += amount
    return true
  }

  requestWithdrawal(id: string, amount: bigint): boolean {
    const pool = this.pools.get(id)
    if (pool === undefined || amount === 0n || amount > pool.balance) return false
    pool.withdrawal = { amount, readyAt: this.time + WITHDRAWAL_DELAY_SECS }
    return true
  }

  withdraw(person: number, id: string): boolean {
    const pool = this.pools.get(id)
    if (pool?.withdrawal === undefined || this.time < pool.withdrawal.readyAt) return false
    const { amount } = pool.withdrawal
    pool.balance -= amount
    pool.withdrawal = undefined
    this.#give(person, amount)
    return true
  }

  closePool(person: number, id: string): boolean {
    const pool = this.pools.get(id)
    if (pool === undefined || pool.balance > 0n) return false
    return this.#closePool(person, id, pool)
  }

  openChannel(id: string, sender: number, receiver: number, amount: bigint, lasts: bigint): boolean {
    if (this.paused || this.channels.has(id) || amount === 0n || !this.#take(sender, amount)) return false
    this.channels.set(id, {
      sender,
      receiver,
      deposited: amount,
      stray: 0n,
      seq: 0n,
      amount: 0n,
      closesAt: 0n,
      expiresAt: lasts === 0n ? 0n : this.time + lasts,
      feeBps: this.feeBps,
      openedSlot: this.slot
    })
    return true
  }

  topUp(id: string, amount: bigint): boolean {
    const channel = this.channels.get(id)
    if (this.paused || channel === undefined || channel.closesAt !== 0n || this.#isExpired(channel)) return false
    if (amount === 0n || !this.#take(channel.sender, amount)) return false
    channel.deposited += amount
    return true
  }

  updateVoucher(id: string, seq: bigint, amount: bigint): boolean {
    const channel = this.channels.get(id)
    if (channel === undefined || !this.#isNewer(channel, seq, amount)) return false
    channel.seq = seq
    channel.amount = amount
    return true
  }

  closeChannel(id: string, seq: bigint, amount: bigint): boolean {
    const channel = this.channels.get(id)
    if (channel === undefined || this.slot <= channel.openedSlot) return false
    const isRecorded = seq === channel.seq && amount === channel.amount
    if (!isRecorded && !this.#isNewer(channel, seq, amount)) return false
    this.#settle(id, channel, amount)
    return true
  }

  requestForceClose(id: string): boolean {
    const channel = this.channels.get(id)
    if (channel === undefined || channel.closesAt !== 0n) return false
    channel.closesAt = this.time + FORCE_CLOSE_DELAY_SECS
    return true
  }

  forceClose(id: string): boolean {
    const channel = this.channels.get(id)
    if (channel === undefined || this.slot <= channel.openedSlot) return false
    const isDue = channel.closesAt !== 0n && this.time >= channel.closesAt
    if (!isDue && !this.#isExpired(channel)) return false
    this.#settle(id, channel, channel.amount)
    return true
  }

  /** @returns the distribution, or undefined for a refusal */
  post(id: string, amount: bigint, weights: readonly bigint[]): DistributionModel | undefined {
    const pool = this.pools.get(id)
    if (this.paused || pool === undefined || amount === 0n || amount > pool.balance) return undefined
    if (pool.subscription !== undefined && this.time < pool.subscription.expiresAt + GRACE_SECS) return undefined
    if (this.time < pool.lastDistributionAt + EPOCH_SECS) return undefined
    pool.balance -= amount
    if (pool.withdrawal !== undefined && pool.withdrawal.amount > pool.balance) {
      const { readyAt } = pool.withdrawal
      pool.withdrawal = pool.balance === 0n ? undefined : { amount: pool.balance, readyAt }
    }
    pool.promised += amount
    pool.open++
    pool.lastDistributionAt = this.time
    const endsAt = this.time + CLAIM_WINDOW_SECS
    return { pool, amount, weights, feeBps: this.feeBps, endsAt, claimed: new Set(), paid: 0n }
  }

  claim(distribution: DistributionModel, operator: number): boolean {
    const weight = distribution.weights[operator] ?? 0n
    const gross = (distribution.amount * weight) / sum(distribution.weights)
    if (distribution.claimed.has(operator) || gross === 0n) return false
    distribution.claimed.add(operator)
    distribution.paid += gross
    distribution.pool.promised -= gross
    this.#give(operator, gross - this.#fee(gross, distribution.feeBps))
    return true
  }

  closeDistribution(distribution: DistributionModel): boolean {
    const claimed = [...distribution.claimed].reduce((total, i) => total + (distribution.weights[i] ?? 0n), 0n)
    if (claimed !== sum(distribution.weights) && this.time < distribution.endsAt) return false
    const rest = distribution.amount - distribution.paid
    distribution.pool.promised -= rest
    distribution.pool.balance += rest
    distribution.pool.open--
    return true
  }

  collectFees(): boolean {
    if (this.feeVault === 0n) return false
    this.#give(this.treasury, this.feeVault)
    this.feeVault = 0n
    return true
  }

  /** Tokens sent straight to a vault. */
  stray(person: number, to: { stray: bigint }, amount: bigint): boolean {
    if (!this.#take(person, amount)) return false
    to.stray += amount
    return true
  }

  #openPool(id: string, balance: bigint, subscription: PoolModel['subscription']): void {
    this.pools.set(id, {
      balance,
      promised: 0n,
      stray: 0n,
      open: 0,
      lastDistributionAt: this.time,
      openedSlot: this.slot,
      withdrawal: undefined,
      subscription
    })
  }

  #closePool(person: number, id: string, pool: PoolModel): boolean {
    if (pool.promised > 0n || pool.open > 0 || this.slot <= pool.openedSlot) return false
    this.#give(person, pool.balance + pool.stray)
    this.pools.delete(id)
    return true
  }

  #settle(id: string, channel: ChannelModel, amount: bigint): void {
    this.#give(channel.receiver, amount - this.#fee(amount, channel.feeBps))
    this.#give(channel.sender, channel.deposited - amount + channel.stray)
    this.channels.delete(id)
  }

  #isNewer(channel: ChannelModel, seq: bigint, amount: bigint): boolean {
    const isOrdered = seq > channel.seq && amount >= channel.amount && amount <= channel.deposited
    return isOrdered && !this.#isExpired(channel)
  }

  #isExpired(channel: ChannelModel): boolean {
    return channel.expiresAt !== 0n && this.time >= channel.expiresAt
  }

  /** Moves the fee to its vault. */
  #fee(amount: bigint, bps: bigint): bigint {
    const fee = (amount * bps) / 10_000n
    this.feeVault += fee
    return fee
  }

  #take(person: number, amount: bigint): boolean {
    const tokens = this.wallets[person] ?? 0n
    if (tokens < amount) return false
    this.wallets[person] = tokens - amount
    return true
  }

  #give(person: number, amount: bigint): void {
    this.wallets[person] = (this.wallets[person] ?? 0n) + amount
  }
}

export function vaultOf(pool: PoolModel): bigint {
  return pool.balance + pool.promised + pool.stray
}

function sum(values: readonly bigint[]): bigint {
  return values.reduce((total, value) => total + value, 0n)
}
