import { CraftecError } from '../../errors/index.ts'
import type { PaymentChannelAccount } from '../accounts/index.ts'
import type { Address } from '../address/index.ts'
import { encodeVoucher, type SignedVoucher } from '../messages/index.ts'
import { type Money, money, type Token } from '../money/index.ts'
import type { SessionKey } from './session-key.ts'
import type { SessionStore } from './session-store.ts'

export interface SessionOptions {
  readonly program: Address
  readonly address: Address
  readonly channel: PaymentChannelAccount
  readonly token: Token
  readonly key: SessionKey
  readonly store: SessionStore
  /** Where spending goes on: the newest of what the chain recorded and what was kept. */
  readonly from: { readonly seq: bigint; readonly amount: bigint }
}

/** Sequence numbers reserved on the disk at a time: after a crash as many are skipped, and none is used twice. */
const RESERVED = 64n

/**
 * Spends what a wallet locked in a channel, voucher by voucher, without asking it again: never more than was locked, never after
 * the channel's end. Vouchers are made in the order in which they are asked for.
 */
export class SpendingSession {
  readonly address: Address
  readonly #options: SessionOptions
  #channel: PaymentChannelAccount
  #seq: bigint
  #amount: bigint
  #reserved: bigint
  #last: Promise<unknown> = Promise.resolve()
  #writing = false

  constructor(options: SessionOptions) {
    this.#options = options
    this.address = options.address
    this.#channel = options.channel
    this.#seq = options.from.seq
    this.#amount = options.from.amount
    this.#reserved = options.from.seq
  }

  /** As it was read when the session began, with what was added since. */
  get channel(): PaymentChannelAccount {
    return this.#channel
  }

  get receiver(): Address {
    return this.channel.receiver
  }

  /** All vouchers together. */
  get spent(): Money {
    return money(this.#amount, this.#options.token)
  }

  get left(): Money {
    return money(this.channel.deposited - this.#amount, this.#options.token)
  }

  /**
   * Pay `units` more.
   * @param now seconds since the Unix epoch
   * @throws CraftecError `invalid-argument` for less than 1 base unit, `limit-exceeded` over the cap or after the end
   */
  pay(units: bigint, now: bigint): Promise<SignedVoucher> {
    const made = this.#last.then(() => this.#make(units, now))
    this.#last = made.catch(() => {})
    return made
  }

  async #make(units: bigint, now: bigint): Promise<SignedVoucher> {
    const { channel } = this
    if (typeof units !== 'bigint' || units < 1n)
      throw new CraftecError('invalid-argument', `at least 1 base unit is paid, as a bigint, got ${units}`)
    if (channel.expiresAt !== 0n && now >= channel.expiresAt)
      throw new CraftecError('limit-exceeded', 'the session has ended; open another one')
    if (this.#amount + units > channel.deposited)
      throw new CraftecError('limit-exceeded', 'the cap of the session is used up; open another one, or top it up')
    const { program, key, store, address } = this.#options
    const [seq, amount] = [this.#seq + 1n, this.#amount + units]
    if (seq > this.#reserved) {
      const reserved = seq + RESERVED - 1n
      await store.put({ channel: address, keys: key.keys, seq: reserved, amount: this.#amount })
      this.#reserved = reserved
    }
    const voucher = { program, channel: address, openedSlot: channel.openedSlot, seq, amount }
    const signature = await key.sign(encodeVoucher(voucher))
    this.#seq = seq
    this.#amount = amount
    this.#note()
    return { voucher, signature }
  }

  /** The channel holds `deposited` base units by now, all told; it never holds less than before. */
  toppedUp(deposited: bigint): void {
    if (deposited > this.#channel.deposited) this.#channel = { ...this.#channel, deposited }
  }

  /**
   * A receiver that knows a newer voucher than a resumed session does shows it; the session's own signature proves it.
   * @throws CraftecError `invalid-signature` when this session never made it, `invalid-argument` when it is bound elsewhere
   */
  async catchUp({ voucher, signature }: SignedVoucher): Promise<void> {
    const { program, key, address } = this.#options
    if (voucher.program !== program || voucher.channel !== address || voucher.openedSlot !== this.channel.openedSlot)
      throw new CraftecError('invalid-argument', 'a voucher of another channel, or of another opening of it')
    if (!(await key.verify(encodeVoucher(voucher), signature)))
      throw new CraftecError('invalid-signature', 'this session never signed that voucher')
    await this.#last
    if (voucher.seq > this.#seq) this.#seq = voucher.seq
    if (voucher.amount > this.#amount) this.#amount = voucher.amount
  }

  /** Write down what was spent, one write at a time: vouchers do not wait for the disk. */
  #note(): void {
    if (this.#writing) return
    this.#writing = true
    const amount = this.#amount
    const { store, key, address } = this.#options
    store
      .put({ channel: address, keys: key.keys, seq: this.#reserved, amount })
      .catch(() => {})
      .then(() => {
        this.#writing = false
        if (amount !== this.#amount) this.#note()
      })
  }

  /** Write down exactly what was spent, before the page goes: nothing is skipped when the session is resumed. */
  async keep(): Promise<void> {
    await this.#last
    const { store, key, address } = this.#options
    // first, so that a write which is under way is not followed by one that reserves again
    this.#reserved = this.#seq
    await store.put({ channel: address, keys: key.keys, seq: this.#seq, amount: this.#amount })
  }
}
