/** From instructions to a settled payment: simulate, let the user look, let the wallet sign, write down, send, follow. */
import { type Clock, throwIfAborted } from '../../async/index.ts'
import { encodeBase58 } from '../../codec/index.ts'
import { CraftecError } from '../../errors/index.ts'
import type { Address } from '../address/index.ts'
import { computeBudget, type Instruction } from '../instructions/index.ts'
import {
  type Payment,
  type PaymentDoubt,
  type PaymentLog,
  type PaymentOutcome,
  settlePayment
} from '../payment/index.ts'
import { refusalError } from '../refusals/index.ts'
import { type ChainRpc, compileTransaction } from '../rpc/index.ts'
import { type ConnectedWallet, checkCluster, checkSigned } from '../wallet/index.ts'

/** The refusal of what is asked for in the slot that opened an account: a slot later it is taken. */
const TOO_SOON = 'OpenedThisSlot'
const SLOT_MS = 400
const MAX_TRIES = 5

export interface PayContext {
  readonly rpc: ChainRpc
  readonly log: PaymentLog
  readonly clock: Clock
  /** The settlement program, so that its errors are told by name. */
  readonly program: Address
}

/** What the user is about to sign. */
export interface PaymentReview {
  /** One sentence: "Subscribe to data, standard, for 30 days: 5 USDC". */
  readonly summary: string
  readonly feePayer: Address
  /** Lamports for the network, at most. */
  readonly networkFee: bigint
  readonly computeUnits: number
}

export type PaymentStage = 'simulating' | 'reviewing' | 'signing' | 'sending' | 'landed'

export interface PayOptions {
  readonly signal?: AbortSignal | undefined
  /** Shown to the user before the wallet opens; false ends it. Default: the wallet's own window is the review. */
  readonly onReview?: (review: PaymentReview) => boolean | Promise<boolean>
  readonly onStage?: (stage: PaymentStage) => void
  /** Told, after the wallet signed, why nobody can say yet whether it was paid. */
  readonly onDoubt?: (doubt: PaymentDoubt) => void
}

/** What became of a payment of an earlier page; `unknown`: nobody can say yet, and it stays in the log. */
export type PaymentReport =
  | PaymentOutcome
  | { readonly state: 'unknown'; readonly doubt: PaymentDoubt; readonly error: null }

export interface PaymentRequest {
  /** The same for every attempt at the same payment. */
  readonly key: string
  readonly summary: string
  readonly instructions: readonly Instruction[]
}

const LAMPORTS_PER_SIGNATURE = 5_000n
const MICRO = 1_000_000n
/** Lamports: an endpoint that lies about what others pay must not empty a wallet. Ten times what a busy cluster asks for. */
const MAX_PRIORITY_FEE = 100_000n
const MAX_COMPUTE_UNITS = 1_400_000
/** What the simulation used, and a third: the bump search of an address may take longer in another block. */
const headroom = (units: number): number => Math.min(MAX_COMPUTE_UNITS, Math.ceil((units * 4) / 3) + 1_000)

/**
 * Pay once. An earlier attempt with the same key that may still happen is followed to its end first, and counts if it landed.
 * @returns base58 signature of the transaction that paid
 * @throws CraftecError `transaction-failed` (the simulation or the chain refused), `already-paid`, `payment-under-way` (another tab
 *   pays the same), `transaction-expired` (not paid; trying again is safe), `wallet-rejected`, `wallet-invalid`, `rpc-unreachable`,
 *   `rpc-invalid`, `cluster-mismatch`, `storage-unavailable`, `timeout` | `aborted` (after the wallet signed: the payment is in the log and is settled later)
 */
export async function pay(
  context: PayContext,
  wallet: ConnectedWallet,
  request: PaymentRequest,
  options: PayOptions = {}
): Promise<string> {
  const { rpc, log, clock } = context
  const { signal, onReview, onStage } = options
  const cluster = await rpc.cluster({ signal })
  checkCluster(wallet.cluster, cluster)
  const earlier = await log.get(cluster, request.key)
  if (earlier?.state === 'open') {
    onStage?.('sending')
    const { state } = await follow(context, earlier, options)
    if (state === 'landed') return earlier.signature
  }
  if (earlier?.state === 'landed') throw new CraftecError('already-paid', `"${request.summary}" is paid already`)

  onStage?.('simulating')
  const { wire, review, lifetime } = await prepare(context, wallet.address, request, signal)
  onStage?.('reviewing')
  if (onReview && !(await onReview(review)))
    throw new CraftecError('wallet-rejected', 'the review was declined; nothing was signed or sent')
  throwIfAborted(signal, request.summary)
  onStage?.('signing')
  const signed = await wallet.sign(wire, { signal })
  const payment: Payment = {
    cluster,
    key: request.key,
    summary: request.summary,
    signature: encodeBase58(await checkSigned(wire, signed, wallet.address)),
    wire: signed,
    fromHeight: lifetime.height,
    fromSlot: lifetime.slot,
    lastValidBlockHeight: lifetime.lastValidBlockHeight,
    createdAt: clock.now(),
    state: 'open'
  }
  await log.add(payment)
  onStage?.('sending')
  const { state, error } = await follow(context, payment, options)
  if (state === 'refused') throw await refused(context, request, error)
  if (state === 'expired')
    throw new CraftecError(
      'transaction-expired',
      `no block took "${request.summary}" in time; it is not paid, try again`
    )
  onStage?.('landed')
  return payment.signature
}

/**
 * A key for what the program itself refuses to do twice, but does again once it was undone: a subscription after the last one was
 * closed. The newest attempt counts unless it landed.
 */
export async function freshKey({ rpc, log }: PayContext, purpose: string, { signal }: PayOptions): Promise<string> {
  const cluster = await rpc.cluster({ signal })
  for (let number = 0; ; number++) {
    const key = `${purpose}:${number}`
    if ((await log.get(cluster, key))?.state !== 'landed') return key
  }
}

/**
 * The key of an attempt at `purpose` that may still happen, so that a new one follows it; else `key`. For keys that are made of
 * what an endpoint says: one that lies must not make the next attempt look like another payment.
 */
export async function openKey(
  { rpc, log }: PayContext,
  purpose: string,
  key: string,
  { signal }: PayOptions
): Promise<string> {
  const cluster = await rpc.cluster({ signal })
  const open = (await log.open()).find(payment => payment.cluster === cluster && payment.key.startsWith(`${purpose}:`))
  return open?.key ?? `${purpose}:${key}`
}

/** Settle what earlier pages left open; what is known of each is told as it becomes known. Never throws for one payment. */
export async function settleOpenPayments(
  context: PayContext,
  onReport: (payment: Payment, report: PaymentReport) => void,
  signal?: AbortSignal
): Promise<void> {
  await Promise.all(
    (await context.log.open()).map(async payment => {
      const report = await follow(context, payment, { signal }).catch(reportOf)
      if (report) onReport(payment, report)
    })
  )
}

/** Undefined when the caller gave up, or the log did: the payment stays open, and there is nothing to tell. */
function reportOf(error: unknown): PaymentReport | undefined {
  if (!(error instanceof CraftecError)) return undefined
  if (error.code === 'cluster-mismatch') return { state: 'unknown', doubt: 'other-cluster', error: null }
  if (error.code !== 'timeout') return undefined
  return { state: 'unknown', doubt: error.details.doubt as PaymentDoubt, error: null }
}

function follow(
  { rpc, log, clock }: PayContext,
  payment: Payment,
  { signal, onDoubt }: PayOptions
): Promise<PaymentOutcome> {
  return settlePayment(payment, { node: rpc, log, clock, signal, onDoubt })
}

/** Twice over the network: what it costs to run is known only after running it. */
async function prepare(context: PayContext, feePayer: Address, request: PaymentRequest, signal?: AbortSignal) {
  const { rpc } = context
  const writable = request.instructions.flatMap(({ accounts }) =>
    accounts.filter(account => account.writable).map(({ address }) => address)
  )
  const asked = await rpc.priorityFee([...new Set(writable)], { signal })
  const draft = async (units: number, price: bigint) => {
    const lifetime = await rpc.lifetime({ signal })
    const instructions = [...computeBudget(units, price), ...request.instructions]
    return { wire: compileTransaction({ blockhash: lifetime.blockhash, feePayer, instructions }), lifetime }
  }
  const simulate = async () => rpc.simulate((await draft(MAX_COMPUTE_UNITS, 0n)).wire, { signal })
  let trial = await simulate()
  for (let tries = 1; trial.error !== null; tries++) {
    const error = await refused(context, request, trial.error, trial.logs)
    if (error.details.name !== TOO_SOON || tries === MAX_TRIES) throw error
    await new Promise<void>(resolve => context.clock.after(SLOT_MS, resolve))
    throwIfAborted(signal, request.summary)
    trial = await simulate()
  }
  const computeUnits = headroom(trial.computeUnits ?? MAX_COMPUTE_UNITS)
  const dearest = (MAX_PRIORITY_FEE * MICRO) / BigInt(computeUnits)
  const price = asked < dearest ? asked : dearest
  const priority = (price * BigInt(computeUnits) + MICRO - 1n) / MICRO
  const review = { summary: request.summary, feePayer, networkFee: LAMPORTS_PER_SIGNATURE + priority, computeUnits }
  return { ...(await draft(computeUnits, price)), review }
}

function refused(
  { program }: PayContext,
  request: PaymentRequest,
  error: unknown,
  logs?: readonly string[]
): Promise<CraftecError> {
  const programs = [...computeBudget(0, 0n), ...request.instructions].map(instruction => instruction.program)
  return refusalError(error, { settlement: program, programs, logs })
}
