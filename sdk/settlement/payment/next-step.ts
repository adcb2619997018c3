/**
 * What to do about an open payment, from what RPC endpoints say. They may lag, fail or lie; that something did not happen is the
 * dangerous news, for the user then pays again. So one endpoint's word makes a payment landed, but never makes it dead as long as
 * another endpoint, or the time that has passed, does not bear it out.
 */
import type { Payment, PaymentDoubt, PaymentSight, PaymentState } from './payment.ts'

/** What all endpoints said at one time: one place for each, undefined where it gave no answer. */
export interface PaymentLook {
  readonly sights: readonly (PaymentSight | undefined)[]
  /** Milliseconds since the Unix epoch. */
  readonly now: number
  /** Milliseconds that never go back. */
  readonly monotonic: number
}

/** The looks at one payment since this page follows it. */
export interface PaymentWatch {
  /** For each endpoint, its first answer. */
  readonly first: readonly ({ readonly height: number; readonly monotonic: number } | undefined)[]
  readonly latest: PaymentLook
}

/** `send`: hand the same bytes to the network once more. */
export type PaymentStep =
  | { readonly step: 'send' | 'wait'; readonly doubt: PaymentDoubt }
  | { readonly step: 'settle'; readonly state: Exclude<PaymentState, 'open'>; readonly error: unknown }

/** Agave, `MAX_PROCESSING_AGE`: blocks for which a blockhash is taken. */
const BLOCKHASH_LIFE = 150
/** Blocks by which the finalized state is behind the newest (Tower BFT, `MAX_LOCKOUT_HISTORY` 31 and one). */
const FINALITY_LAG = 32
/** An endpoint that is a few blocks behind itself, as those behind load balancers are, must not make a payment look dead. */
const HEIGHT_MARGIN = 32
/** Apart from each other by more, two endpoints do not describe one chain. */
const MAX_SPREAD = 300
/** Clusters aim at 2.5; ten times that leaves room for faster ones to come, and for local chains. */
const MAX_BLOCKS_PER_SECOND = 25
/** Growth that needs no time: clocks and answers are not simultaneous. */
const GROWTH_SLACK = 64
/** At one block a second, two and a half times slower than a cluster aims at: then no blockhash of that time is taken any more. */
const LONE_LIFE_MS = 150_000
/** Between two looks at a single endpoint, before it is believed that a payment is dead. */
const LONE_LOOKS_APART_MS = 10_000
const MS_PER_SECOND = 1_000

/** @param before undefined for the first look */
export function watchPayment(before: PaymentWatch | undefined, look: PaymentLook): PaymentWatch {
  return {
    latest: look,
    first: look.sights.map(
      (sight, place) => before?.first[place] ?? (sight && { height: sight.finalizedHeight, monotonic: look.monotonic })
    )
  }
}

export function nextStep(payment: Payment, watch: PaymentWatch): PaymentStep {
  const answers = watch.latest.sights.filter(sight => sight !== undefined)
  const confirmed = answers.flatMap(({ status }) => (status?.confirmed ? [status] : []))
  const refusals = confirmed.filter(({ error }) => error !== null)
  const [refusal] = refusals
  if (confirmed.length > refusals.length)
    return refusal ? { step: 'wait', doubt: 'endpoints-disagree' } : settled('landed')
  if (refusal && refusals.length === answers.length && answers.length > 1) return settled('refused', refusal.error)

  const doubt = doubtThatItIsOver(payment, watch)
  // a block that is not confirmed may still win, whatever the heights say
  const pending = answers.some(({ status }) => status?.confirmed === false)
  if (doubt !== undefined || pending) {
    // as long as anybody does not know it: who says that it was refused may want it never to be sent
    const known = answers.length > 0 && answers.every(({ status }) => status !== undefined)
    return { step: known ? 'wait' : 'send', doubt: doubt ?? 'endpoints-disagree' }
  }
  return refusal ? settled('refused', refusal.error) : settled('expired')
}

/** Undefined when no block can take the payment any more: before that, a new transaction for the same purpose could be a second payment. */
function doubtThatItIsOver(payment: Payment, { first, latest }: PaymentWatch): PaymentDoubt | undefined {
  const answers = latest.sights.flatMap((sight, place) => {
    const anchor = first[place]
    return sight && anchor ? [{ height: sight.finalizedHeight, anchor }] : []
  })
  if (answers.length < Math.min(2, latest.sights.length)) return 'endpoints-silent'
  const heights = answers.map(({ height }) => height)
  if (Math.max(...heights) - Math.min(...heights) > MAX_SPREAD) return 'endpoints-disagree'

  // Of what was watched here nothing depends on the heights that were written down, which a lie may have made useless.
  const watchedOut = answers.every(
    ({ height, anchor }) =>
      height - anchor.height > BLOCKHASH_LIFE + FINALITY_LAG + HEIGHT_MARGIN &&
      isPlausible(height - anchor.height, latest.monotonic - anchor.monotonic)
  )
  if (!watchedOut) {
    if (heights.some(height => height <= payment.lastValidBlockHeight + HEIGHT_MARGIN)) return 'not-over'
    const age = latest.now - payment.createdAt
    if (!heights.every(height => isPlausible(height - payment.fromHeight, age))) return 'height-implausible'
  }
  const [lone, another] = answers
  if (lone && another === undefined) {
    const lookedApart = latest.monotonic - lone.anchor.monotonic >= LONE_LOOKS_APART_MS
    if (!lookedApart || latest.now - payment.createdAt < LONE_LIFE_MS) return 'single-endpoint'
  }
  return undefined
}

function isPlausible(blocks: number, ms: number): boolean {
  return ms >= 0 && blocks <= GROWTH_SLACK + (MAX_BLOCKS_PER_SECOND * ms) / MS_PER_SECOND
}

function settled(state: Exclude<PaymentState, 'open'>, error: unknown = null): PaymentStep {
  return { step: 'settle', state, error }
}
