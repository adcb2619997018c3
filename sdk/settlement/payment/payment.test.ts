import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../../test/kit/manual-clock.ts'
import { CraftecError } from '../../errors/index.ts'
import {
  memoryPaymentLog,
  nextStep,
  type Payment,
  type PaymentDoubt,
  type PaymentNode,
  type PaymentSight,
  type PaymentWatch,
  settlePayment,
  watchPayment
} from './index.ts'

/** Shorter than on a cluster: the random walks then often end near it. */
const LIFE = 40
const CLUSTER = 'genesis'
const START_MS = 1_700_000_000_000
const payment = (key: string, number: number, height: number, createdAt = number): Payment => ({
  cluster: CLUSTER,
  key,
  summary: `pay ${key}`,
  signature: `${key}#${number}`,
  wire: new Uint8Array([number]),
  fromHeight: height,
  fromSlot: height,
  lastValidBlockHeight: height + LIFE,
  createdAt,
  state: 'open'
})

describe('the log of payments', () => {
  it('takes a key again only when the earlier payment cannot happen any more', async () => {
    for (const state of ['expired', 'refused'] as const) {
      const log = memoryPaymentLog()
      await log.add(payment('a', 1, 0))
      await expect(log.add(payment('a', 2, 0))).rejects.toMatchObject({ code: 'payment-under-way' })
      await log.settle(payment('a', 1, 0), state)
      await log.add(payment('a', 2, 0))
      await log.settle(payment('a', 1, 0), 'landed')
      expect((await log.get(CLUSTER, 'a'))?.state).toBe('open')
      await log.settle(payment('a', 2, 0), 'landed')
      await expect(log.add(payment('a', 3, 0))).rejects.toMatchObject({ code: 'already-paid' })
    }
  })

  it('forgets what is final and old, nothing else', async () => {
    const log = memoryPaymentLog()
    for (const [number, key] of ['a', 'b', 'c'].entries()) await log.add(payment(key, number, 0))
    await log.settle(payment('a', 0, 0), 'landed')
    await log.settle(payment('c', 2, 0), 'landed')
    await log.forget(2)
    expect(await Promise.all(['a', 'b', 'c'].map(async key => (await log.get(CLUSTER, key))?.state))).toEqual([
      undefined,
      'open',
      'landed'
    ])
  })

  it('keeps clusters apart', async () => {
    const log = memoryPaymentLog()
    const elsewhere = { ...payment('a', 2, 0), cluster: 'another genesis' }
    await log.add(payment('a', 1, 0))
    await log.add(elsewhere)
    await log.settle({ ...payment('a', 1, 0), cluster: 'another genesis' }, 'expired')
    await log.settle(elsewhere, 'landed')
    expect((await log.get(CLUSTER, 'a'))?.state).toBe('open')
    expect((await log.get('another genesis', 'a'))?.state).toBe('landed')
  })

  it('refuses keys that say nothing', async () => {
    const log = memoryPaymentLog()
    for (const key of ['', 'x'.repeat(201)])
      await expect(log.add(payment(key, 1, 0))).rejects.toMatchObject({ code: 'invalid-argument' })
  })
})

/** A chain that takes a signature once, and only while it lives; nodes that lose what they are sent and lag behind. */
class Chain {
  height = 1_000
  /** Height at which each transaction landed. */
  readonly landed = new Map<string, number>()
  readonly #pool = new Map<string, Payment>()

  take(sent: Payment): void {
    if (!this.landed.has(sent.signature)) this.#pool.set(sent.signature, sent)
  }

  /** A block; of what waits, it may leave anything out. */
  block(includes: boolean): void {
    this.height++
    for (const waiting of this.#pool.values()) {
      if (this.height > waiting.lastValidBlockHeight) this.#pool.delete(waiting.signature)
      else if (includes) {
        this.#pool.delete(waiting.signature)
        this.landed.set(waiting.signature, this.height)
      }
    }
  }
}

const MS_PER_BLOCK = 400

/** What the endpoints of a walk are: `honest` ones lag in what they saw; the others say what makes payments look dead. */
type Endpoint = 'honest' | 'silent' | 'ahead' | 'refusing' | 'forgetful'
const endpoints = fc.oneof(
  fc.constant<Endpoint[]>(['honest']),
  fc
    .array(fc.constantFrom<Endpoint>('honest', 'silent', 'ahead', 'refusing', 'forgetful'), {
      minLength: 1,
      maxLength: 2
    })
    .map(others => ['honest', ...others] as Endpoint[])
)

const events = fc.array(
  fc.record({
    what: fc.constantFrom('pay', 'look', 'blocks', 'blocks'),
    order: fc.nat(4),
    arrives: fc.boolean(),
    includes: fc.boolean(),
    /** Blocks that the endpoint which is asked is behind with what it saw. */
    lag: fc.nat(30),
    blocks: fc.nat(120)
  }),
  { maxLength: 60, size: 'max' }
)

it('pays once, whatever is lost, late, restarted, tried again, or lied about while one endpoint is honest and heard', async () => {
  const settled = { landed: 0, refused: 0, expired: 0 }
  await fc.assert(
    fc.asyncProperty(endpoints, events, async (kinds, happenings) => {
      const chain = new Chain()
      const log = memoryPaymentLog()
      const watches = new Map<string, PaymentWatch>()
      let made = 0
      let nowMs = START_MS
      const seen = (open: Payment, kind: Endpoint, lag: number): PaymentSight | undefined => {
        const known = (chain.landed.get(open.signature) ?? Number.POSITIVE_INFINITY) <= chain.height - lag
        const confirmed = { confirmed: true, error: null }
        if (kind === 'silent') return undefined
        if (kind === 'ahead') return { finalizedHeight: chain.height + 100_000, status: undefined }
        if (kind === 'refusing') return { finalizedHeight: chain.height, status: { ...confirmed, error: 'no' } }
        return { finalizedHeight: chain.height, status: known && kind === 'honest' ? confirmed : undefined }
      }
      for (const { what, order, arrives, includes, lag, blocks } of happenings) {
        if (what === 'blocks') {
          for (let block = 0; block < blocks; block++) chain.block(includes)
          nowMs += blocks * MS_PER_BLOCK
        }
        if (what === 'pay') {
          const next = payment(`order ${order}`, made++, chain.height, nowMs)
          const taken = await log.add(next).then(
            () => true,
            () => false
          )
          // a tab may die right after it wrote the log: then nothing is sent
          if (taken && arrives) chain.take(next)
        }
        if (what !== 'look') continue
        for (const open of await log.open()) {
          const sights = kinds.map(kind => seen(open, kind, lag))
          const watch = watchPayment(watches.get(open.signature), { sights, now: nowMs, monotonic: nowMs })
          watches.set(open.signature, watch)
          const next = nextStep(open, watch)
          if (next.step === 'send' && arrives) chain.take(open)
          if (next.step !== 'settle') continue
          settled[next.state]++
          await log.settle(open, next.state)
        }
      }
      const orders = [...chain.landed.keys()].map(signature => signature.split('#')[0])
      expect(new Set(orders).size).toBe(orders.length)
    }),
    { numRuns: 500 }
  )
  // the walks are long enough to end payments both ways
  expect(Math.min(settled.landed, settled.expired)).toBeGreaterThan(50)
})

describe('settlePayment', () => {
  const setting = (sight: () => Promise<PaymentSight>, told: PaymentNode['told'] = () => new Promise(() => {})) => {
    const clock = new ManualClock()
    const log = memoryPaymentLog()
    const sent: number[] = []
    const node: PaymentNode = {
      send: async wire => void sent.push(wire[0] ?? 0),
      sights: async () => [await sight().catch(() => undefined)],
      told
    }
    return { clock, log, sent, node }
  }
  /** Let everything that can happen without time happen, then a poll's time pass. */
  const turn = async (clock: ManualClock): Promise<void> => {
    for (let task = 0; task < 20; task++) await Promise.resolve()
    clock.advance(2_000)
  }

  it('sends the same bytes until they are seen, and writes down the end', async () => {
    let looks = 0
    const { clock, log, sent, node } = setting(async () => ({
      finalizedHeight: 10,
      status: ++looks < 4 ? undefined : { confirmed: true, error: null }
    }))
    await log.add(payment('a', 7, 0))
    const settled = settlePayment(payment('a', 7, 0), { log, node, clock })
    for (let turns = 0; turns < 5; turns++) await turn(clock)
    expect(await settled).toEqual({ state: 'landed', error: null })
    expect(sent).toEqual([7, 7, 7])
    expect((await log.get(CLUSTER, 'a'))?.state).toBe('landed')
  })

  it('looks at once when it is told, and is not kept busy by an endpoint that tells for ever', async () => {
    let looks = 0
    const { clock, log, node } = setting(
      async () => ({ finalizedHeight: 10, status: ++looks < 3 ? { confirmed: false, error: null } : undefined }),
      async () => {}
    )
    await log.add(payment('a', 7, 0))
    const stop = new AbortController()
    const settled = settlePayment(payment('a', 7, 0), { log, node, clock, signal: stop.signal })
    for (let task = 0; task < 200; task++) await Promise.resolve()
    expect(looks).toBe(2)
    stop.abort()
    await expect(settled).rejects.toMatchObject({ code: 'aborted' })
    expect((await log.get(CLUSTER, 'a'))?.state).toBe('open')
  })

  it('keeps trying while endpoints are down, says so, and leaves the payment open when time is up', async () => {
    const { clock, log, node } = setting(async () => {
      throw new Error('down')
    })
    await log.add(payment('a', 7, 0))
    const doubts: PaymentDoubt[] = []
    const settled = settlePayment(payment('a', 7, 0), {
      log,
      node,
      clock,
      timeoutMs: 10_000,
      onDoubt: doubt => void doubts.push(doubt)
    })
    settled.catch(() => {})
    for (let turns = 0; turns < 7; turns++) await turn(clock)
    await expect(settled).rejects.toMatchObject({ code: 'timeout', details: { doubt: 'endpoints-silent' } })
    expect(doubts).toEqual(['endpoints-silent'])
    expect((await log.open()).map(({ key }) => key)).toEqual(['a'])
  })

  it('leaves a payment of another cluster as it is', async () => {
    const { clock, log, node } = setting(async () => ({ finalizedHeight: 9_999_999, status: undefined }))
    const sights: PaymentNode['sights'] = async () => {
      throw new CraftecError('cluster-mismatch', 'another cluster')
    }
    await log.add(payment('a', 7, 0))
    await expect(settlePayment(payment('a', 7, 0), { log, node: { ...node, sights }, clock })).rejects.toMatchObject({
      code: 'cluster-mismatch'
    })
    expect((await log.open()).map(({ key }) => key)).toEqual(['a'])
  })
})
