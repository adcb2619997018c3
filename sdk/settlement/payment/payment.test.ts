import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../../test/kit/manual-clock.ts'
import { memoryPaymentLog, nextStep, type Payment, type PaymentNode, settlePayment } from './index.ts'

/** Shorter than on a cluster: the random walks then often end near it. */
const LIFE = 40
const payment = (key: string, number: number, height: number): Payment => ({
  key,
  summary: `pay ${key}`,
  signature: `${key}#${number}`,
  wire: new Uint8Array([number]),
  lastValidBlockHeight: height + LIFE,
  createdAt: number,
  state: 'open'
})

describe('nextStep', () => {
  const open = payment('a', 1, 1_000)

  it('sends again while the transaction can land, and never after', () => {
    expect(nextStep(open, { finalizedHeight: 1_000, status: undefined })).toBe('resend')
    expect(nextStep(open, { finalizedHeight: 1_040, status: undefined })).toBe('resend')
    expect(nextStep(open, { finalizedHeight: 1_073, status: undefined })).toBe('expired')
  })

  it('believes what was seen over any height', () => {
    const status = (confirmed: boolean, refused: boolean) => ({
      finalizedHeight: 9_999,
      status: { confirmed, error: refused ? 'AccountNotFound' : null }
    })
    expect(nextStep(open, status(false, false))).toBe('wait')
    expect(nextStep(open, status(true, false))).toBe('landed')
    expect(nextStep(open, status(true, true))).toBe('refused')
  })
})

describe('the log of payments', () => {
  it('takes a key again only when the earlier payment cannot happen any more', async () => {
    for (const state of ['expired', 'refused'] as const) {
      const log = memoryPaymentLog()
      await log.add(payment('a', 1, 0))
      await expect(log.add(payment('a', 2, 0))).rejects.toMatchObject({ code: 'payment-under-way' })
      await log.settle('a', 'a#1', state)
      await log.add(payment('a', 2, 0))
      await log.settle('a', 'a#1', 'landed')
      expect((await log.get('a'))?.state).toBe('open')
      await log.settle('a', 'a#2', 'landed')
      await expect(log.add(payment('a', 3, 0))).rejects.toMatchObject({ code: 'already-paid' })
    }
  })

  it('forgets what is final and old, nothing else', async () => {
    const log = memoryPaymentLog()
    for (const [number, key] of ['a', 'b', 'c'].entries()) await log.add(payment(key, number, 0))
    await log.settle('a', 'a#0', 'landed')
    await log.settle('c', 'c#2', 'landed')
    await log.forget(2)
    expect(await Promise.all(['a', 'b', 'c'].map(async key => (await log.get(key))?.state))).toEqual([
      undefined,
      'open',
      'landed'
    ])
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

const events = fc.array(
  fc.record({
    what: fc.constantFrom('pay', 'look', 'blocks', 'blocks'),
    order: fc.nat(4),
    arrives: fc.boolean(),
    includes: fc.boolean(),
    /** Blocks that the node which is asked is behind with what it saw. */
    lag: fc.nat(30),
    blocks: fc.nat(45)
  }),
  { maxLength: 60, size: 'max' }
)

it('pays once, whatever is lost, late, restarted or tried again', async () => {
  await fc.assert(
    fc.asyncProperty(events, async happenings => {
      const chain = new Chain()
      const log = memoryPaymentLog()
      let made = 0
      for (const { what, order, arrives, includes, lag, blocks } of happenings) {
        if (what === 'blocks') for (let block = 0; block < blocks; block++) chain.block(includes)
        if (what === 'pay') {
          const next = payment(`order ${order}`, made++, chain.height)
          const taken = await log.add(next).then(
            () => true,
            () => false
          )
          // a tab may die right after it wrote the log: then nothing is sent
          if (taken && arrives) chain.take(next)
        }
        if (what !== 'look') continue
        for (const open of await log.open()) {
          const known = (chain.landed.get(open.signature) ?? Number.POSITIVE_INFINITY) <= chain.height - lag
          const step = nextStep(open, {
            finalizedHeight: chain.height,
            status: known ? { confirmed: true, error: null } : undefined
          })
          if (step === 'resend' && arrives) chain.take(open)
          if (step !== 'resend' && step !== 'wait') await log.settle(open.key, open.signature, step)
        }
      }
      const orders = [...chain.landed.keys()].map(signature => signature.split('#')[0])
      expect(new Set(orders).size).toBe(orders.length)
    }),
    { numRuns: 2_000 }
  )
})

describe('settlePayment', () => {
  const setting = (sights: PaymentNode['sight'], told: PaymentNode['told'] = () => new Promise(() => {})) => {
    const clock = new ManualClock()
    const log = memoryPaymentLog()
    const sent: number[] = []
    const node: PaymentNode = { send: async wire => void sent.push(wire[0] ?? 0), sight: sights, told }
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
    expect((await log.get('a'))?.state).toBe('landed')
  })

  it('looks at once when it is told, and is not kept busy by a node that tells for ever', async () => {
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
    expect((await log.get('a'))?.state).toBe('open')
  })

  it('keeps trying while nodes are down, and leaves the payment open when time is up', async () => {
    const { clock, log, node } = setting(async () => {
      throw new Error('down')
    })
    await log.add(payment('a', 7, 0))
    const settled = settlePayment(payment('a', 7, 0), { log, node, clock, timeoutMs: 10_000 })
    settled.catch(() => {})
    for (let turns = 0; turns < 7; turns++) await turn(clock)
    await expect(settled).rejects.toMatchObject({ code: 'timeout' })
    expect((await log.open()).map(({ key }) => key)).toEqual(['a'])
  })
})
