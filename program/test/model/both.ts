/** The program and its model, taking the same steps. */
import type { PublicKey } from '@solana/web3.js'
import fc from 'fast-check'
import {
  type Call,
  calls,
  DAY,
  type Person,
  PLAN,
  PRICE,
  posting,
  Tree,
  tokensIn,
  transferTokens,
  VOUCHER_KEY,
  World
} from '../../kit/index.ts'
import { type DistributionModel, LedgerModel, vaultOf } from './ledger-model.ts'

/** Steps by weight: what opens things and lets time pass more often than what ends them, or nothing lives long enough. */
const WEIGHTS = {
  subscribe: 6,
  renew: 6,
  cancel: 3,
  closeSubscription: 3,
  createPool: 5,
  deposit: 8,
  requestWithdrawal: 4,
  withdraw: 4,
  closePool: 1,
  openChannel: 8,
  topUp: 4,
  updateVoucher: 8,
  closeChannel: 2,
  requestForceClose: 2,
  forceClose: 3,
  post: 10,
  claim: 14,
  closeDistribution: 4,
  collectFees: 1,
  setFee: 1,
  setPaused: 1,
  stray: 2,
  advance: 14
} as const
export type Kind = keyof typeof WEIGHTS
export const KINDS = Object.keys(WEIGHTS) as Kind[]
const LEAPS = [1n, 60n, 3_600n, DAY, 3n * DAY, 31n * DAY]
/** One of each, so that addresses are opened, closed and opened again. */
const NONCE = 1n
const POOL_ID_NUMBER = 1

/** One step; what a number means depends on the kind. */
export interface Step {
  readonly kind: Kind
  readonly actor: number
  readonly other: number
  readonly amount: bigint
  readonly n: number
}

/** Amounts lie at the edges now and then: nothing, one, all, more than there is. */
const amount = fc.oneof(
  { arbitrary: fc.constantFrom(0n, 1n, PRICE, 2n ** 64n - 1n), weight: 1 },
  { arbitrary: fc.bigInt({ min: 1n, max: 4n * PRICE }), weight: 4 }
)

export const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.oneof(...KINDS.map(kind => ({ arbitrary: fc.constant(kind), weight: WEIGHTS[kind] }))),
  actor: fc.nat({ max: 2 }),
  other: fc.nat({ max: 2 }),
  amount,
  n: fc.nat({ max: 7 })
})

interface Posted {
  readonly model: DistributionModel
  readonly pool: PublicKey
  readonly address: PublicKey
  readonly tree: Tree
  readonly receipts: boolean
}

export class Both {
  readonly world: World
  readonly model: LedgerModel
  readonly #people: readonly Person[]
  readonly #posted: Posted[] = []
  /** Kinds of steps by how often the program accepted them. */
  readonly accepted = new Map<Step['kind'], number>()

  constructor() {
    this.world = World.create()
    const { alice, bob, carol, mallory, poster } = this.world.people
    this.#people = [alice, bob, carol, mallory, poster]
    this.world.must(calls.createPlan(this.world, PLAN, PRICE))
    const wallets = this.#people.map(person => tokensIn(this.world.runtime, person.token))
    this.model = new LedgerModel(wallets, 4, this.world.runtime.time, this.world.runtime.slot)
  }

  /** @returns how the two disagree; empty when they do not */
  take(step: Step): string[] {
    const expected = this.#model(step)
    if (expected === undefined) return this.#differences()
    const outcome = this.world.send(expected.call)
    if (outcome.ok) this.accepted.set(step.kind, (this.accepted.get(step.kind) ?? 0) + 1)
    const disagree = outcome.ok !== expected.accepted
    const verdict = disagree
      ? [`${step.kind}: the model ${expected.accepted ? 'accepts' : 'refuses'}; ${outcome.error}`]
      : []
    return [...verdict, ...this.#differences()]
  }

  /** The model's word and the call to compare it with; undefined for steps without a call. */
  #model(step: Step): { readonly accepted: boolean; readonly call: Call } | undefined {
    switch (step.kind) {
      case 'subscribe':
      case 'renew':
      case 'cancel':
      case 'closeSubscription':
        return this.#subscription(step)
      case 'createPool':
      case 'deposit':
      case 'requestWithdrawal':
      case 'withdraw':
      case 'closePool':
        return this.#pool(step)
      case 'post':
        return this.#post(step)
      case 'claim':
      case 'closeDistribution':
        return this.#distribution(step)
      case 'collectFees':
      case 'setFee':
      case 'setPaused':
        return this.#configuration(step)
      case 'stray':
        this.#stray(step)
        return undefined
      case 'advance':
        this.#advance(step)
        return undefined
      default:
        return this.#channel(step)
    }
  }

  #subscription({ kind, actor, amount, n }: Step): { accepted: boolean; call: Call } {
    const { world, model } = this
    const person = this.#person(actor)
    const poolId = new Uint8Array(32).fill(POOL_ID_NUMBER)
    const id = `subscription ${actor}`
    // A random price is nearly always wrong, so the right one is offered too.
    const price = n < 6 ? PRICE : amount
    switch (kind) {
      case 'subscribe':
        return {
          accepted: model.subscribe(actor, id, price),
          call: calls.subscribe(world, person, poolId, PLAN, price)
        }
      case 'renew':
        return { accepted: model.renew(actor, id, price), call: calls.renew(world, person, poolId, PLAN, price) }
      case 'cancel':
        return { accepted: model.cancel(actor, id), call: calls.cancel(world, person, poolId) }
      default:
        return { accepted: model.closeSubscription(actor, id), call: calls.closeSubscription(world, person, poolId) }
    }
  }

  #pool({ kind, actor, other, amount, n }: Step): { accepted: boolean; call: Call } {
    const { world, model } = this
    const person = this.#person(actor)
    const own = `pool ${actor}`
    switch (kind) {
      case 'createPool':
        return { accepted: model.createPool(own), call: calls.createCreatorPool(world, person) }
      case 'deposit':
        return {
          accepted: model.deposit(actor, `pool ${other}`, amount),
          call: calls.deposit(world, person, this.#person(other), amount)
        }
      case 'requestWithdrawal':
        return this.#requestWithdrawal(
          own,
          person,
          n < 6 ? amount % ((model.pools.get(own)?.balance ?? 0n) + 1n) : amount
        )
      case 'withdraw':
        return { accepted: model.withdraw(actor, own), call: calls.withdraw(world, person) }
      default:
        return { accepted: model.closePool(actor, own), call: calls.closeCreatorPool(world, person) }
    }
  }

  #requestWithdrawal(id: string, person: Person, amount: bigint): { accepted: boolean; call: Call } {
    return {
      accepted: this.model.requestWithdrawal(id, amount),
      call: calls.requestWithdrawal(this.world, person, amount)
    }
  }

  #channel({ kind, actor, other, amount, n }: Step): { accepted: boolean; call: Call } | undefined {
    const { world, model } = this
    const key = { sender: this.#person(actor), receiver: this.#person(other), nonce: NONCE }
    const id = `${actor} ${other}`
    const channel = model.channels.get(id)
    if (kind === 'openChannel') {
      const lasts = n < 4 ? 0n : (LEAPS[n % LEAPS.length] ?? 0n)
      const expires_at = lasts === 0n ? 0n : world.runtime.time + lasts
      const terms = { amount, expires_at, voucher_signer: VOUCHER_KEY.publicKey }
      return {
        accepted: model.openChannel(id, actor, other, amount, lasts),
        call: calls.openChannel(world, key, terms)
      }
    }
    // A voucher cannot even be signed for a channel that is not there.
    if (channel === undefined) return undefined
    const more = n < 6 ? amount % (channel.deposited - channel.amount + 1n) : amount
    const pair = { seq: channel.seq + BigInt(n), amount: n < 6 ? channel.amount + more : more }
    switch (kind) {
      case 'topUp':
        return { accepted: model.topUp(id, amount), call: calls.topUp(world, key, amount) }
      case 'updateVoucher': {
        const call = calls.updateVoucher(world, key, VOUCHER_KEY, pair, this.#person(other))
        return { accepted: model.updateVoucher(id, pair.seq, pair.amount), call }
      }
      case 'closeChannel': {
        const last = n < 4 ? { seq: channel.seq, amount: channel.amount } : pair
        const call = calls.closeChannel(world, key, last, VOUCHER_KEY)
        return { accepted: model.closeChannel(id, last.seq, last.amount), call }
      }
      case 'requestForceClose':
        return { accepted: model.requestForceClose(id), call: calls.requestForceClose(world, key) }
      default:
        return { accepted: model.forceClose(id), call: calls.forceClose(world, key) }
    }
  }

  #post({ actor, other, amount, n }: Step): { accepted: boolean; call: Call } | undefined {
    const { world, model } = this
    const isSubscription = n % 2 === 0
    const id = isSubscription ? `subscription ${actor}` : `pool ${actor}`
    const before = model.pools.get(id)
    if (before === undefined) return undefined
    const pool = this.#poolAddress(id)
    // Weights from nothing to more than a token each, so that shares round.
    const weights = this.#people.slice(0, 4).map((_, i) => (BigInt(n + 1) * 7n ** BigInt(i + other)) % 1_000n)
    if (weights.every(weight => weight === 0n)) return undefined
    const tree = new Tree(weights.map((weight, i) => ({ operator: this.#person(i).address, weight })))
    const asked = n < 2 ? before.balance : n < 6 ? amount % (before.balance + 1n) : amount
    const mode = other % 2
    const state = calls.poolState(world, pool, isSubscription ? 'Subscription' : 'CreatorPool')
    const call = calls.postDistribution(world, pool, state, posting(tree, mode, asked))
    const posted = model.post(id, asked, weights)
    const address = world.addresses.distribution(pool, state.openedSlot, state.epoch)
    if (posted !== undefined) this.#posted.push({ model: posted, pool, address, tree, receipts: mode === 1 })
    return { accepted: posted !== undefined, call }
  }

  #distribution({ kind, actor, n }: Step): { accepted: boolean; call: Call } | undefined {
    const { world, model } = this
    const at = this.#posted.length - 1 - (n % Math.max(1, this.#posted.length))
    const posted = this.#posted[at]
    if (posted === undefined) return undefined
    const person = this.#person(actor)
    if (kind === 'claim') {
      const target = {
        pool: posted.pool,
        distribution: posted.address,
        tree: posted.tree,
        index: actor,
        receipts: posted.receipts
      }
      return { accepted: model.claim(posted.model, actor), call: calls.claim(world, person, target) }
    }
    const accepted = model.closeDistribution(posted.model)
    if (accepted) this.#posted.splice(at, 1)
    return { accepted, call: calls.closeDistribution(world, posted.pool, posted.address, person) }
  }

  #configuration({ kind, actor, n }: Step): { accepted: boolean; call: Call } {
    const { world, model } = this
    if (kind === 'collectFees') {
      const call = calls.collectFees(world, this.#person(actor), world.people.poster.token)
      return { accepted: model.collectFees(), call }
    }
    if (kind === 'setFee') {
      const bps = n * 777
      return { accepted: model.setFee(BigInt(bps)), call: calls.updateConfig(world, { fee_bps: bps }) }
    }
    // Mostly not, or most of the rest would be refused.
    model.paused = n === 0
    return { accepted: true, call: calls.setPaused(world, model.paused) }
  }

  #stray({ actor, n, amount }: Step): void {
    const targets = [...this.model.pools, ...this.model.channels]
    const [id, target] = targets[n % Math.max(1, targets.length)] ?? []
    if (id === undefined || target === undefined || amount === 0n || !this.model.stray(actor, target, amount)) return
    const person = this.#person(actor)
    transferTokens(this.world.runtime, person.key, person.token, this.#vaultAddress(id), amount)
  }

  #advance({ n }: Step): void {
    const seconds = LEAPS[n % LEAPS.length] ?? 1n
    this.world.runtime.advance(seconds)
    this.model.time += seconds
    this.model.slot++
  }

  /** Every token account against the model, to the unit. */
  #differences(): string[] {
    const { model, world } = this
    const expected: [string, PublicKey, bigint][] = [
      ...this.#people.map((person, i): [string, PublicKey, bigint] => [
        `wallet ${i}`,
        person.token,
        model.wallets[i] ?? 0n
      ]),
      ['fee vault', world.feeVault, model.feeVault],
      ...[...model.pools].map(([id, pool]): [string, PublicKey, bigint] => [id, this.#vaultAddress(id), vaultOf(pool)]),
      ...[...model.channels].map(([id, channel]): [string, PublicKey, bigint] => [
        id,
        this.#vaultAddress(id),
        channel.deposited + channel.stray
      ])
    ]
    return expected
      .map(([name, key, tokens]) => ({ name, tokens, found: tokensIn(world.runtime, key) }))
      .filter(({ tokens, found }) => tokens !== found)
      .map(({ name, tokens, found }) => `${name} holds ${found}, the model says ${tokens}`)
  }

  #person(index: number): Person {
    const person = this.#people[index]
    if (person === undefined) throw new Error(`nobody is number ${index}`)
    return person
  }

  #vaultAddress(id: string): PublicKey {
    return this.world.addresses.vault(/^[a-z]/.test(id) ? this.#poolAddress(id) : this.#channelAddress(id))
  }

  #poolAddress(id: string): PublicKey {
    const [kind, owner] = id.split(' ')
    const { address } = this.#person(Number(owner))
    if (kind === 'pool') return this.world.addresses.creatorPool(address)
    return this.world.addresses.subscription(address, new Uint8Array(32).fill(POOL_ID_NUMBER))
  }

  #channelAddress(id: string): PublicKey {
    const [sender, receiver] = id.split(' ').map(Number)
    const key = { sender: this.#person(sender ?? 0), receiver: this.#person(receiver ?? 0), nonce: NONCE }
    return calls.channelAddress(this.world, key)
  }
}
