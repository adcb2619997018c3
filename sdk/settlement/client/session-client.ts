/** One approval of the wallet, then payments without it; and what is left comes back, also when the page that opened the session is gone. */
import type { Clock, RandomBytes } from '../../async/index.ts'
import { CraftecError } from '../../errors/index.ts'
import type { PaymentChannelAccount } from '../accounts/index.ts'
import { type Address, associatedTokenAddress, type ChannelKey, type SettlementAddresses } from '../address/index.ts'
import {
  closeChannel,
  forceClose,
  type Instruction,
  openChannel,
  requestForceClose,
  topUp,
  updateVoucher,
  voucherCheck
} from '../instructions/index.ts'
import { checkVoucher, type SignedVoucher } from '../messages/index.ts'
import { compareMoney, formatMoney, type Money } from '../money/index.ts'
import { createSessionKey, type SessionStore, SpendingSession, sessionKeyFrom } from '../session/index.ts'
import type { ConnectedWallet } from '../wallet/index.ts'
import { openKey, type PayContext, type PayOptions, pay } from './pay.ts'
import type { FoundChannel, SettlementReader } from './settlement-reader.ts'

export interface SessionRequest {
  /** Who is paid: a relay, an exit, a storage peer. */
  readonly receiver: Address
  /** Locked now; the most that the session can ever spend. */
  readonly cap: Money
  /** When spending ends, seconds from now: at least a minute. */
  readonly lifetimeSecs: number
  /** The same for every attempt at this session, 64 bits: then a second one finds out about the first. Default: drawn at random. */
  readonly nonce?: bigint
}

const MIN_LIFETIME_SECS = 60
const NONCE_BYTES = 8
/** Endpoints behind each other by more than this would have been told apart before. */
const LOOKS = 20
const LOOK_MS = 500

export class SessionClient {
  readonly #context: PayContext
  readonly #at: SettlementAddresses
  readonly #reader: SettlementReader
  readonly #store: SessionStore
  readonly #random: RandomBytes
  readonly #clock: Clock

  constructor(context: PayContext, reader: SettlementReader, store: SessionStore, random: RandomBytes) {
    this.#context = context
    this.#at = reader.at
    this.#reader = reader
    this.#store = store
    this.#random = random
    this.#clock = context.clock
  }

  /**
   * Lock `cap` for the receiver, under a key made for it.
   * @throws CraftecError `invalid-argument` | `unsupported`, and as `pay` of this package
   */
  async open(wallet: ConnectedWallet, request: SessionRequest, options: PayOptions = {}): Promise<SpendingSession> {
    const { receiver, cap, lifetimeSecs } = request
    if (!Number.isSafeInteger(lifetimeSecs) || lifetimeSecs < MIN_LIFETIME_SECS)
      throw new CraftecError(
        'invalid-argument',
        `a session lives for at least ${MIN_LIFETIME_SECS} s, got ${lifetimeSecs}`
      )
    const channel: ChannelKey = { sender: wallet.address, receiver, nonce: request.nonce ?? this.#newNonce() }
    const address = this.#at.channel(channel)
    const mint = await this.#mintOf(cap, options)
    const kept = await this.#store.get(address)
    const key = await (kept ? sessionKeyFrom(kept.keys) : createSessionKey())
    // before the money moves: a page that dies in between must not leave a channel without its key
    if (kept === undefined) await this.#store.put({ channel: address, keys: key.keys, seq: 0n, amount: 0n })
    const expiresAt = BigInt(Math.floor(this.#clock.now() / 1000) + lifetimeSecs)
    const paymentKey = `session:${address}`
    try {
      await this.#send(wallet, options, {
        key: paymentKey,
        summary: `Let this page spend up to ${formatMoney(cap)} on ${receiver} without asking again; the rest comes back`,
        instructions: [
          openChannel(this.#at, {
            ...channel,
            senderToken: associatedTokenAddress(wallet.address, mint),
            mint,
            amount: cap.units,
            expiresAt,
            voucherSigner: key.address
          })
        ]
      })
    } catch (error) {
      if (!(await this.#mayHavePaid(paymentKey))) await this.#store.remove(address)
      throw error
    }
    await this.#untilSeen(address, options)
    return this.resume(address, options)
  }

  /**
   * Lock `amount` more in a session, so that it can spend more; it ends when it did. Trying again after a failure adds nothing twice.
   * @throws CraftecError `account-invalid` when the channel is closed, `invalid-argument` for money of another token, and as `pay`
   */
  async topUp(
    wallet: ConnectedWallet,
    session: SpendingSession,
    amount: Money,
    options: PayOptions = {}
  ): Promise<string> {
    const { address } = session
    const channel = await this.#channel(address, options)
    const mint = await this.#mintOf(amount, options)
    const senderToken = associatedTokenAddress(wallet.address, mint)
    // what was locked before makes it this top-up and no other: it only ever grows
    const key = await openKey(this.#context, `top-up:${address}:${channel.openedSlot}`, `${channel.deposited}`, options)
    const signature = await this.#send(wallet, options, {
      key,
      summary: `Add ${formatMoney(amount)} to what this page may spend on ${channel.receiver}; the rest comes back`,
      instructions: [topUp(this.#at, { ...channel, senderToken, amount: amount.units })]
    })
    const { deposited } = await this.#untilSeen(address, options, found => found.deposited > channel.deposited)
    session.toppedUp(deposited)
    return signature
  }

  /**
   * Go on spending after a reload.
   * @throws CraftecError `account-invalid` when the channel is closed, `vault-corrupt` when its key is not in this browser
   */
  async resume(address: Address, options: PayOptions = {}): Promise<SpendingSession> {
    const [channel, kept, token] = await Promise.all([
      this.#channel(address, options),
      this.#store.get(address),
      this.#reader.token(options)
    ])
    const key = kept && (await sessionKeyFrom(kept.keys))
    if (kept === undefined || key?.address !== channel.voucherSigner)
      throw new CraftecError('vault-corrupt', 'the key of this session is not here; close it to have the rest back')
    const { voucherSeq, voucherAmount } = channel
    const from = {
      seq: greater(kept.seq, voucherSeq),
      amount: greater(kept.amount, voucherAmount)
    }
    const { program } = this.#at
    return new SpendingSession({ program, address, channel, token, key, store: this.#store, from })
  }

  /** Sessions of this wallet that hold money, whether their keys are here or not. */
  list(wallet: ConnectedWallet, options: PayOptions = {}): Promise<FoundChannel[]> {
    return this.#reader.channelsOf(wallet.address, options)
  }

  /** As the receiver: be paid what a voucher says; the rest goes back to the sender. */
  async redeem(wallet: ConnectedWallet, signed: SignedVoucher, options: PayOptions = {}): Promise<string> {
    const { voucher } = signed
    const channel = await this.#channel(voucher.channel, options)
    this.#check(signed, channel)
    const { mint } = await this.#reader.token(options)
    return this.#send(wallet, options, {
      key: `redeem:${voucher.channel}:${channel.openedSlot}`,
      summary: `Redeem vouchers and close the payment channel ${voucher.channel}`,
      instructions: [
        voucherCheck(channel.voucherSigner, signed),
        closeChannel(this.#at, { ...channel, ...tokens(channel, mint), voucher })
      ]
    })
  }

  /** Have a voucher recorded, so that a forced close pays it. Anyone may. */
  async record(wallet: ConnectedWallet, signed: SignedVoucher, options: PayOptions = {}): Promise<string> {
    const { voucher } = signed
    const channel = await this.#channel(voucher.channel, options)
    this.#check(signed, channel)
    return this.#send(wallet, options, {
      key: `record:${voucher.channel}:${channel.openedSlot}:${voucher.seq}`,
      summary: `Record a voucher of the payment channel ${voucher.channel}`,
      instructions: [voucherCheck(channel.voucherSigner, signed), updateVoucher(this.#at, voucher.channel, voucher)]
    })
  }

  /**
   * As the sender: end a session alone. The first call announces it, unless it has expired; the next, after the channel's delay,
   * brings the rest back.
   * @returns what was done, and when to come back (seconds since the Unix epoch)
   */
  async close(
    wallet: ConnectedWallet,
    address: Address,
    options: PayOptions = {}
  ): Promise<{ readonly done: 'announced' | 'closed'; readonly closesAt: bigint }> {
    const channel = await this.#channel(address, options)
    const { mint } = await this.#reader.token(options)
    const now = BigInt(Math.floor(this.#clock.now() / 1000))
    const expired = channel.expiresAt !== 0n && now >= channel.expiresAt
    if (channel.closesAt === 0n && !expired) {
      await this.#send(wallet, options, {
        key: `announce:${address}:${channel.openedSlot}`,
        summary: `Announce the end of the payment channel ${address}`,
        instructions: [requestForceClose(this.#at, channel)]
      })
      return { done: 'announced', closesAt: (await this.#channel(address, options)).closesAt }
    }
    await this.#send(wallet, options, {
      key: `close:${address}:${channel.openedSlot}`,
      summary: `Close the payment channel ${address} and take the rest back`,
      instructions: [forceClose(this.#at, { ...channel, ...tokens(channel, mint) })]
    })
    await this.#store.remove(address)
    return { done: 'closed', closesAt: now }
  }

  #send(
    wallet: ConnectedWallet,
    options: PayOptions,
    request: { readonly key: string; readonly summary: string; readonly instructions: readonly Instruction[] }
  ): Promise<string> {
    return pay(this.#context, wallet, request, options)
  }

  #check({ voucher }: SignedVoucher, channel: PaymentChannelAccount): void {
    checkVoucher(voucher, {
      program: this.#at.program,
      channel: this.#at.channel(channel),
      openedSlot: channel.openedSlot,
      deposited: channel.deposited,
      lastSeq: channel.voucherSeq,
      lastAmount: channel.voucherAmount
    })
  }

  #newNonce(): bigint {
    const random = this.#random(NONCE_BYTES)
    return new DataView(random.buffer, random.byteOffset).getBigUint64(0, true)
  }

  /** @throws CraftecError `invalid-argument` for money of another token */
  async #mintOf(amount: Money, options: PayOptions): Promise<Address> {
    const token = await this.#reader.token(options)
    compareMoney(amount, { units: 0n, token })
    return token.mint
  }

  /** Whether a payment that failed here is one that may still happen, or did. */
  async #mayHavePaid(key: string): Promise<boolean> {
    const { rpc, log } = this.#context
    try {
      const found = await log.get(await rpc.cluster(), key)
      return found?.state === 'open' || found?.state === 'landed'
    } catch {
      return true
    }
  }

  /** What landed, as soon as the endpoint that is read has seen it, too: it may be behind the one that told. */
  async #untilSeen(
    address: Address,
    options: PayOptions,
    isIt: (channel: PaymentChannelAccount) => boolean = () => true
  ): Promise<PaymentChannelAccount> {
    for (let look = 1; look < LOOKS; look++) {
      const found = await this.#reader.channel(address, options)
      if (found && isIt(found)) return found
      await new Promise<void>(resolve => this.#clock.after(LOOK_MS, resolve))
    }
    return this.#channel(address, options)
  }

  async #channel(address: Address, options: PayOptions): Promise<PaymentChannelAccount> {
    const channel = await this.#reader.channel(address, options)
    if (channel === undefined)
      throw new CraftecError('account-invalid', 'there is no such channel: it is closed, or was never open')
    return channel
  }
}

/** Math.max takes no bigint. */
function greater(left: bigint, right: bigint): bigint {
  if (left > right) return left
  return right
}

function tokens({ sender, receiver }: ChannelKey, mint: Address) {
  return {
    senderToken: associatedTokenAddress(sender, mint),
    receiverToken: associatedTokenAddress(receiver, mint)
  }
}
