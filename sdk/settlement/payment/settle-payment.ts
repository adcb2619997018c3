import { type Clock, throwIfAborted } from '../../async/index.ts'
import { CraftecError } from '../../errors/index.ts'
import { nextStep, type PaymentStep, type PaymentWatch, watchPayment } from './next-step.ts'
import type { Payment, PaymentDoubt, PaymentSight, PaymentState } from './payment.ts'
import type { PaymentLog } from './payment-log.ts'

/** What is needed to look a payment up. */
export type PaymentTrace = Pick<Payment, 'cluster' | 'signature' | 'fromSlot' | 'lastValidBlockHeight'>

/** What settling needs of the chain. */
export interface PaymentNode {
  /** Hand the bytes to the network. Rejects when no endpoint took them; that says nothing about whether they will land. */
  send(wire: Uint8Array, options: { readonly signal: AbortSignal }): Promise<void>
  /**
   * Ask every endpoint: one place for each, in their order, undefined where it gave no usable answer.
   * @throws CraftecError `cluster-mismatch` when they are of another cluster than `payment`
   */
  sights(
    payment: PaymentTrace,
    options: { readonly signal: AbortSignal }
  ): Promise<readonly (PaymentSight | undefined)[]>
  /** Resolves when an endpoint tells of the transaction unasked; never, when none can. Asking goes on all the same. */
  told(signature: string, options: { readonly signal: AbortSignal }): Promise<void>
}

export interface PaymentOutcome {
  readonly state: Exclude<PaymentState, 'open'>
  /** Why the chain refused it, as Solana's RPC has it; else null. */
  readonly error: unknown
}

export interface SettleOptions {
  readonly log: PaymentLog
  readonly node: PaymentNode
  readonly clock: Clock
  readonly signal?: AbortSignal | undefined
  /** Told why it is not settled yet, when that is known and whenever it changes. */
  readonly onDoubt?: ((doubt: PaymentDoubt) => void) | undefined
  /** From one look at the chain to the next. Default 2,000. */
  readonly pollMs?: number
  /** Default 300,000: a transaction lives for about 90 s, and a single endpoint is believed after 150 s. */
  readonly timeoutMs?: number
}

const POLL_MS = 2_000
const TIMEOUT_MS = 300_000

/**
 * Follow an open payment to its end: send its bytes, again and again while they can land, and write down what became of it.
 * Aborting or running out of time changes nothing about the payment; it stays open in the log.
 * @throws CraftecError `aborted` | `timeout` (details: `doubt`) | `cluster-mismatch`
 */
export async function settlePayment(payment: Payment, options: SettleOptions): Promise<PaymentOutcome> {
  const { log, node, clock, signal, onDoubt, pollMs = POLL_MS, timeoutMs = TIMEOUT_MS } = options
  const started = clock.monotonic()
  const ending = new AbortController()
  const forward = (): void => ending.abort(signal?.reason)
  signal?.addEventListener('abort', forward, { once: true })
  const told = node.told(payment.signature, { signal: ending.signal }).catch(() => never)
  let watch: PaymentWatch | undefined
  let doubt: PaymentDoubt | undefined
  try {
    for (let heard = false; ; ) {
      throwIfAborted(signal, 'settling a payment')
      const sights = await node.sights(payment, { signal: ending.signal })
      watch = watchPayment(watch, { sights, now: clock.now(), monotonic: clock.monotonic() })
      const next: PaymentStep = nextStep(payment, watch)
      if (next.step === 'settle') {
        await log.settle(payment, next.state)
        return { state: next.state, error: next.error }
      }
      if (next.doubt !== doubt) onDoubt?.(next.doubt)
      doubt = next.doubt
      if (next.step === 'send') await node.send(payment.wire, { signal: ending.signal }).catch(() => {})
      if (clock.monotonic() - started >= timeoutMs)
        throw new CraftecError(
          'timeout',
          `nobody could say within ${timeoutMs} ms what became of "${payment.summary}" (${doubt}); it is not lost: it will be looked up again`,
          { details: { doubt } }
        )
      // what was told is looked up; an endpoint that tells the same for ever must not make this a busy loop
      heard = await Promise.race([
        heard ? never : told.then(() => true),
        pause(clock, pollMs, ending.signal).then(() => heard)
      ])
    }
  } finally {
    ending.abort()
    signal?.removeEventListener('abort', forward)
  }
}

const never = new Promise<never>(() => {})

function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const cancel = clock.after(ms, end)
    function end(): void {
      cancel()
      signal.removeEventListener('abort', end)
      resolve()
    }
    signal.addEventListener('abort', end, { once: true })
  })
}
