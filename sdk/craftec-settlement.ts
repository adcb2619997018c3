/** Paying, as `craft.settlement`: a wallet that is connected, and a chain that is asked, when somebody first pays. */
import { withDeadline } from './async/index.ts'
import { CraftecError } from './errors/index.ts'
import type {
  CallOptions,
  Cluster,
  ConnectedWallet,
  Money,
  Payment,
  PaymentReport,
  PayOptions,
  PlanKey,
  PlanOffer,
  SessionRequest,
  Settlement,
  SettlementOptions,
  SpendingSession,
  WalletOffer
} from './settlement/index.ts'

export interface WalletWish
  extends Pick<SettlementOptions, 'endpoints' | 'program' | 'genesisHash' | 'token' | 'databaseName'> {
  /** What the wallet is asked to sign for. */
  readonly cluster: Cluster
  /**
   * Which of the wallets that the user has installed. Default: the only one. Asked when something is first paid, so it may well show
   * a window.
   */
  readonly choose?: (offers: readonly WalletOffer[]) => WalletOffer | undefined | Promise<WalletOffer | undefined>
  /** Told what became of payments that an earlier page left open; they are looked up when settlement is first used. */
  readonly onEarlierPayment?: (payment: Payment, report: PaymentReport) => void
}

export interface PlanRequest {
  readonly plan: PlanKey
  /** The price that the user saw. If the plan's is another by now, nothing is signed. */
  readonly price?: Money
  /** 32 bytes that tell the user's subscriptions apart. Default: one for each service. */
  readonly poolId?: Uint8Array
}

/** Every call connects the wallet if none is, and throws `wallet-unavailable` without the option `wallet` of `createCraftec`. */
export interface CraftecSettlement {
  /** What is for sale; needs no wallet. */
  plans(options?: CallOptions): Promise<PlanOffer[]>
  /** What the account has; undefined when it has no account for the token. */
  balance(options?: CallOptions): Promise<Money | undefined>
  /** Buy one period: one approval of the wallet. @returns base58 signature @throws as `Settlement.subscribe` */
  subscribe(request: PlanRequest, options?: PayOptions): Promise<string>
  /** Buy the period after the running one. */
  renew(request: PlanRequest, options?: PayOptions): Promise<string>
  /** Have the period ahead paid back. `poolId` is as in {@link PlanRequest}. */
  cancel(request: Pick<PlanRequest, 'plan' | 'poolId'>, options?: PayOptions): Promise<string>
  /** One approval, then payments up to a cap and an expiry without another. */
  openSession(request: SessionRequest, options?: PayOptions): Promise<SpendingSession>
  /** The account that the user chose. @throws CraftecError `wallet-unavailable` | `wallet-rejected` */
  wallet(options?: CallOptions): Promise<ConnectedWallet>
  /** Everything else: sessions, pools, claims, what the chain says. */
  client(): Promise<Settlement>
}

/** A {@link CraftecSettlement} that can be ended, and used again afterwards. */
export interface LazySettlement extends CraftecSettlement {
  end(): Promise<void>
}

const POOL_ID_BYTES = 32
/** People choose, and read what a wallet asks. */
const CONNECT_TIMEOUT_MS = 10 * 60_000

/** @param running rejects while nothing may be asked of the network */
export function lazySettlement(wish: WalletWish | undefined, running: () => Promise<void>): LazySettlement {
  let opened: Promise<{ readonly client: Settlement; readonly ending: AbortController }> | undefined
  let connected: Promise<ConnectedWallet> | undefined
  let endChanges = (): void => {}

  const required = async (): Promise<WalletWish> => {
    await running()
    if (wish === undefined)
      throw new CraftecError('wallet-unavailable', 'no wallet was asked for: give createCraftec the option `wallet`')
    return wish
  }
  const forget = (): void => {
    connected = undefined
    endChanges()
    endChanges = () => {}
  }
  const client = async (): Promise<Settlement> => {
    const options = await required()
    opened ??= openSettlement(options)
    const attempt = opened
    attempt.catch(() => {
      if (opened === attempt) opened = undefined
    })
    return (await attempt).client
  }
  const wallet = async ({ signal }: CallOptions = {}): Promise<ConnectedWallet> => {
    const options = await required()
    connected ??= connectOnce(options)
    const attempt = connected
    // who gives up waiting does not take the window away from the others
    return withDeadline({ what: 'connecting a wallet', signal, timeoutMs: CONNECT_TIMEOUT_MS }, () => attempt)
  }
  const connectOnce = (options: WalletWish): Promise<ConnectedWallet> => {
    const attempt = connect(options)
    attempt.then(
      found => {
        if (connected === attempt) endChanges = found.onChange(forget)
      },
      () => {
        if (connected === attempt) connected = undefined
      }
    )
    return attempt
  }
  const paying = (options: CallOptions = {}): Promise<[Settlement, ConnectedWallet]> =>
    Promise.all([client(), wallet(options)])

  return {
    plans: async options => (await client()).reader.plans(options),
    balance: async options => {
      const [settlement, { address }] = await paying(options)
      return settlement.reader.balance(address, options)
    },
    subscribe: async (request, options) => {
      const [settlement, account] = await paying(options)
      return settlement.subscribe(account, { ...request, poolId: poolOf(request) }, options)
    },
    renew: async (request, options) => {
      const [settlement, account] = await paying(options)
      return settlement.renew(account, { ...request, poolId: poolOf(request) }, options)
    },
    cancel: async (request, options) => {
      const [settlement, account] = await paying(options)
      return settlement.cancel(account, poolOf(request), options)
    },
    openSession: async (request, options) => {
      const [settlement, account] = await paying(options)
      return settlement.sessions.open(account, request, options)
    },
    wallet,
    client,
    end: async () => {
      forget()
      const ended = await opened?.catch(() => undefined)
      opened = undefined
      ended?.ending.abort()
      ended?.client.close()
    }
  }
}

async function openSettlement(wish: WalletWish) {
  const { createSettlement } = await import('./settlement/index.ts')
  const { cluster, choose, onEarlierPayment, ...options } = wish
  const settlement = await createSettlement(options)
  const ending = new AbortController()
  // in the background: it may take minutes, and what is paid again meanwhile finds its earlier attempt by itself
  settlement.settleOpenPayments(onEarlierPayment ?? (() => {}), { signal: ending.signal }).catch(() => {})
  return { client: settlement, ending }
}

async function connect({ cluster, choose }: WalletWish): Promise<ConnectedWallet> {
  const { connectWallet, findWallets } = await import('./settlement/index.ts')
  const { offers } = await findWallets(cluster)
  const offer = choose ? await choose(offers) : onlyOf(offers)
  if (offer === undefined) throw new CraftecError('wallet-unavailable', `no wallet was chosen for ${cluster}`)
  return connectWallet(offer, { cluster })
}

function onlyOf(offers: readonly WalletOffer[]): WalletOffer {
  const [offer, another] = offers
  if (offer === undefined)
    throw new CraftecError('wallet-unavailable', 'no wallet for this cluster is installed in this browser')
  if (another !== undefined)
    throw new CraftecError('wallet-unavailable', 'several wallets are installed: give the option `wallet.choose`')
  return offer
}

/** One subscription a service: what most pages want. */
function poolOf({ plan, poolId }: Pick<PlanRequest, 'plan' | 'poolId'>): Uint8Array {
  return poolId ?? new Uint8Array(POOL_ID_BYTES).fill(plan.service)
}
