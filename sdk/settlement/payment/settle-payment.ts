import { type Clock, throwIfAborted } from '../../async/index.ts'
import { CraftecError } from '../../errors/index.ts'
import { nextStep, type Payment, type PaymentSight, type PaymentState } from './payment.ts'
import type { PaymentLog } from './payment-log.ts'

/** What settling needs of the chain. */
export interface PaymentNode {
  /** Hand the bytes to the network. Rejects when no node took them; that says nothing about whether they will land. */
  send(wire: Uint8Array, options: { readonly signal: AbortSignal }): Promise<void>
  /** The finalized height first, then the status, both from one node. */
  sight(signature: string, options: { readonly signal: AbortSignal }): Promise<PaymentSight>
  /** Resolves when a node tells of the transaction unasked; never, when none can. Asking goes on all the same. */
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
  /** From one look at the chain to the next. Default 2,000. */
  readonly pollMs?: number
  /** Default 180,000: a transaction lives for about 90 s. */
  readonly timeoutMs?: number
}

const POLL_MS = 2_000
const TIMEOUT_MS = 180_000

/**
 * Follow an open payment to its end: send its bytes, again and again while they can land, and write down what became of it.
 * Aborting or running out of time changes nothing about the payment; it stays open in the log.
 * @throws CraftecError `aborted` | `timeout`
 */
export async function settlePayment(payment: Payment, options: SettleOptions): Promise<PaymentOutcome> {
  const { log, node, clock, signal, pollMs = POLL_MS, timeoutMs = TIMEOUT_MS } = options
  const started = clock.monotonic()
  const ending = new AbortController()
  const forward = (): void => ending.abort(signal?.reason)
  signal?.addEventListener('abort', forward, { once: true })
  const told = node.told(payment.signature, { signal: ending.signal }).catch(() => never)
  try {
    for (let heard = false; ; ) {
      throwIfAborted(signal, 'settling a payment')
      const outcome = await look(payment, node, ending.signal)
      if (outcome !== undefined) {
        await log.settle(payment.key, payment.signature, outcome.state)
        return outcome
      }
      if (clock.monotonic() - started >= timeoutMs)
        throw new CraftecError(
          'timeout',
          `no node told within ${timeoutMs} ms what became of "${payment.summary}"; it is not lost: it will be looked up again`
        )
      // what was told is looked up; a node that tells the same for ever must not make this a busy loop
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

/** One look, and one more sending if that can still help. Undefined when it is not over, or no node answered. */
async function look(payment: Payment, node: PaymentNode, signal: AbortSignal): Promise<PaymentOutcome | undefined> {
  try {
    const sight = await node.sight(payment.signature, { signal })
    const step = nextStep(payment, sight)
    if (step === 'resend') await node.send(payment.wire, { signal })
    return step === 'resend' || step === 'wait' ? undefined : { state: step, error: sight.status?.error ?? null }
  } catch {
    return undefined
  }
}

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
