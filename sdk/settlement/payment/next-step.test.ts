import { describe, expect, it } from 'vitest'
import { nextStep, type Payment, type PaymentSight, type PaymentStep, watchPayment } from './index.ts'

const SIGNED_MS = 1_700_000_000_000
const HEIGHT = 300_000_000
const PAYMENT: Payment = {
  cluster: 'genesis',
  key: 'deposit:1',
  summary: 'Add 5 USDC to a pool',
  signature: 'signature',
  wire: new Uint8Array([1]),
  fromHeight: HEIGHT,
  fromSlot: HEIGHT,
  lastValidBlockHeight: HEIGHT + 150,
  createdAt: SIGNED_MS,
  state: 'open'
}
/** Blocks that a cluster makes in this many seconds. */
const blocks = (seconds: number): number => Math.floor(seconds * 2.5)
const unknown = (finalizedHeight: number): PaymentSight => ({ finalizedHeight, status: undefined })
const seen = (error: unknown, confirmed = true): PaymentSight => ({
  finalizedHeight: HEIGHT,
  status: { confirmed, error }
})
type Sights = readonly (PaymentSight | undefined)[]

/** What is done after these looks, each so many seconds after the signing. */
function stepAfter(...looks: readonly (readonly [seconds: number, ...sights: Sights])[]): PaymentStep {
  let watch: Parameters<typeof watchPayment>[0]
  for (const [seconds, ...sights] of looks)
    watch = watchPayment(watch, { sights, now: SIGNED_MS + seconds * 1_000, monotonic: seconds * 1_000 })
  if (watch === undefined) throw new Error('nobody looked')
  return nextStep(PAYMENT, watch)
}

const expired = { step: 'settle', state: 'expired', error: null }

describe('a payment that nobody knows', () => {
  it('is sent again while it can land', () => {
    expect(stepAfter([1, unknown(HEIGHT)])).toEqual({ step: 'send', doubt: 'not-over' })
    expect(stepAfter([1, unknown(HEIGHT), unknown(HEIGHT + 2)])).toEqual({ step: 'send', doubt: 'not-over' })
    const late = HEIGHT + 150 + 32
    expect(stepAfter([80, unknown(late), unknown(late)])).toEqual({ step: 'send', doubt: 'not-over' })
    expect(stepAfter([80, unknown(late + 1), unknown(late)])).toEqual({ step: 'send', doubt: 'not-over' })
  })

  it('is dead when two endpoints say that its last block is past', () => {
    const late = HEIGHT + 150 + 33
    expect(stepAfter([80, unknown(late), unknown(late)])).toEqual(expired)
    expect(stepAfter([80, undefined, unknown(late), unknown(late)])).toEqual(expired)
  })

  it('is not dead by the word of one of several', () => {
    const late = HEIGHT + blocks(600)
    expect(stepAfter([600, unknown(late), undefined])).toEqual({ step: 'send', doubt: 'endpoints-silent' })
    expect(stepAfter([600, undefined, undefined])).toEqual({ step: 'send', doubt: 'endpoints-silent' })
    expect(stepAfter([600, unknown(late), unknown(late + 301)])).toEqual({ step: 'send', doubt: 'endpoints-disagree' })
  })

  it('is not dead because all claim a height that the chain cannot have', () => {
    const liars = [unknown(HEIGHT + 1_000_000), unknown(HEIGHT + 1_000_000)]
    expect(stepAfter([5, ...liars])).toEqual({ step: 'send', doubt: 'height-implausible' })
    expect(stepAfter([-3_600, ...liars])).toEqual({ step: 'send', doubt: 'height-implausible' })
  })

  it('is not dead by what the only endpoint says at one time, or before time bears it out', () => {
    const claim = unknown(HEIGHT + 500)
    expect(stepAfter([1, claim])).toEqual({ step: 'send', doubt: 'height-implausible' })
    expect(stepAfter([30, claim])).toEqual({ step: 'send', doubt: 'single-endpoint' })
    expect(stepAfter([30, claim], [90, claim])).toEqual({ step: 'send', doubt: 'single-endpoint' })
    expect(stepAfter([3_600, claim])).toEqual({ step: 'send', doubt: 'single-endpoint' })
    expect(stepAfter([3_600, claim], [3_605, claim])).toEqual({ step: 'send', doubt: 'single-endpoint' })
    expect(stepAfter([3_600, claim], [3_610, claim])).toEqual(expired)
    expect(stepAfter([140, claim], [150, claim])).toEqual(expired)
  })

  it('that was dated by a lie is dead once its life has passed while one looked', () => {
    const far = 2 * HEIGHT
    const grown = (seconds: number) => [unknown(far + blocks(seconds)), unknown(far + blocks(seconds))] as const
    expect(stepAfter([2, ...grown(2)])).toEqual({ step: 'send', doubt: 'height-implausible' })
    expect(stepAfter([2, ...grown(2)], [80, ...grown(80)])).toEqual({ step: 'send', doubt: 'height-implausible' })
    expect(stepAfter([2, ...grown(2)], [90, ...grown(90)])).toEqual(expired)
    // and not when the endpoints make up that growth, too
    expect(stepAfter([2, ...grown(2)], [4, ...grown(90)])).toEqual({ step: 'send', doubt: 'height-implausible' })
  })
})

describe('a payment that is known', () => {
  it('has landed when one endpoint saw it, over any height', () => {
    const landed = { step: 'settle', state: 'landed', error: null }
    expect(stepAfter([1, seen(null)])).toEqual(landed)
    expect(stepAfter([1, unknown(9 * HEIGHT), seen(null), undefined])).toEqual(landed)
  })

  it('is waited for while its block is not confirmed', () => {
    expect(stepAfter([1, seen(null, false)])).toEqual({ step: 'wait', doubt: 'not-over' })
    expect(stepAfter([80, unknown(HEIGHT + 190), { ...seen(null, false), finalizedHeight: HEIGHT + 190 }])).toEqual({
      step: 'send',
      doubt: 'endpoints-disagree'
    })
  })

  it('was refused when all say so, or one does and nothing else can happen any more', () => {
    const refused = { step: 'settle', state: 'refused', error: 'why' }
    expect(stepAfter([1, seen('why'), seen('why')])).toEqual(refused)
    // it may be a lie that is to keep it from being sent
    expect(stepAfter([1, seen('why'), unknown(HEIGHT)])).toEqual({ step: 'send', doubt: 'not-over' })
    expect(stepAfter([1, seen('why')])).toEqual({ step: 'wait', doubt: 'not-over' })
    const late = { ...seen('why'), finalizedHeight: HEIGHT + 190 }
    expect(stepAfter([80, late, unknown(HEIGHT + 190)])).toEqual(refused)
    expect(stepAfter([80, late], [100, late])).toEqual({ step: 'wait', doubt: 'single-endpoint' })
    expect(stepAfter([80, late], [150, late])).toEqual(refused)
  })

  it('is nobody’s to decide when one says landed and another refused', () => {
    expect(stepAfter([600, seen(null), seen('why')])).toEqual({ step: 'wait', doubt: 'endpoints-disagree' })
  })
})
