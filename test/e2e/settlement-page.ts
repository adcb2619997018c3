/** The page of settlement.test.ts: a dapp, and a wallet that lives in it. Amounts cross to the test as text. */
import { decodeHex, encodeHex } from '../../sdk/codec/index.ts'
import { CraftecError, type ErrorCode } from '../../sdk/errors/index.ts'
import { createCraftec } from '../../sdk/index.ts'
import {
  type ConnectedWallet,
  connectWallet,
  createSettlement,
  encodeSignedVoucher,
  findWallets,
  money,
  parseAddress,
  type Settlement,
  type SpendingSession,
  type WalletOffer
} from '../../sdk/settlement/index.ts'
import { registerTestWallet, type TestWallet } from '../../sdk/testing/index.ts'

const PLAN = { service: 1, tier: 2, billingPeriod: 0 }
const OTHER_PLAN = { service: 1, tier: 1, billingPeriod: 0 }
const CLUSTER = 'localnet'
/** Nothing listens there: paying needs no network of ours. */
const NOBODY = '/ip4/127.0.0.1/tcp/1/ws/p2p/12D3KooWGRUVh9fbJCPaM2HYmEwaVpNyHYwyPkLXvHpTQGpyCvtn'
const LIFETIME_SECS = 3_600

export interface EntryToClaim {
  readonly distribution: string
  readonly pool: string
  readonly mode: number
  readonly weight: string
  readonly index: number
  readonly proof: readonly string[]
}

export interface Spending {
  readonly vouchers: number
  readonly ms: number
  /** Hex of the last voucher, signed. */
  readonly last: string
}

export interface CraftecVisit {
  readonly plans: number
  /** Of a subscription, then of a session over 1,000 units. */
  readonly spent: readonly string[]
  /** Hex of a voucher over the whole session, signed. */
  readonly voucher: string
  /** How it refuses after `stop`, and without the option `wallet`. */
  readonly refusals: readonly (ErrorCode | 'none')[]
  readonly balanceAfterRestart: string
}

export interface Dapp {
  /** Connect the wallet. @returns its name and address */
  connect(): Promise<readonly [name: string, address: string]>
  balance(): Promise<string>
  /** Find out about payments of an earlier page. @returns `summary: state` */
  settleOpen(): Promise<readonly string[]>
  subscribe(poolId: string): Promise<string>
  openSession(receiver: string, units: string): Promise<string>
  resumeSession(address: string): Promise<string>
  spend(times: number, units: string): Promise<Spending>
  closeSession(address: string): Promise<string>
  claim(entry: EntryToClaim): Promise<string>
  /** Do what a page does that has only `craft`, before, during and after its life. */
  payThroughCraftec(receiver: string): Promise<CraftecVisit>
  /** What the user will say to the wallet's next requests. */
  answer(yes: boolean): void
  /** Signatures that the user was asked for and gave. */
  signed(): number
  /** As a user who chooses another account. @returns what the dapp was told */
  otherAccount(seed: string): Promise<string | undefined>
}

export async function openDapp(rpc: string, program: string, seed: string): Promise<Dapp> {
  let yes = true
  const wallet: TestWallet = registerTestWallet({ seed: decodeHex(seed), approve: () => yes })
  const settlement: Settlement = await createSettlement({ endpoints: [rpc], program: parseAddress(program) })
  let connected: ConnectedWallet | undefined
  let session: SpendingSession | undefined
  const user = (): ConnectedWallet => {
    if (connected === undefined) throw new CraftecError('wallet-unavailable', 'not connected')
    return connected
  }
  return {
    connect: async () => {
      const { offers } = await findWallets(CLUSTER)
      const offer = offers.find(({ name }) => name === wallet.name)
      if (offer === undefined) throw new CraftecError('wallet-unavailable', 'no wallet')
      connected = await connectWallet(offer, { cluster: CLUSTER })
      return [connected.name, connected.address]
    },
    balance: async () => String((await settlement.reader.balance(user().address))?.units),
    settleOpen: async () => {
      const outcomes: string[] = []
      await settlement.settleOpenPayments(({ summary }, { state }) => outcomes.push(`${summary}: ${state}`))
      return outcomes
    },
    subscribe: poolId => settlement.subscribe(user(), { plan: PLAN, poolId: decodeHex(poolId) }),
    openSession: async (receiver, units) => {
      const cap = money(BigInt(units), await settlement.reader.token())
      session = await settlement.sessions.open(user(), {
        receiver: parseAddress(receiver),
        cap,
        lifetimeSecs: LIFETIME_SECS
      })
      return session.address
    },
    resumeSession: async address => {
      session = await settlement.sessions.resume(parseAddress(address))
      return String(session.spent.units)
    },
    spend: async (times, units) => {
      if (session === undefined) throw new CraftecError('invalid-argument', 'no session')
      const started = performance.now()
      let last = ''
      for (let vouchers = 0; vouchers < times; vouchers++)
        last = encodeHex(encodeSignedVoucher(await session.pay(BigInt(units), BigInt(Math.floor(Date.now() / 1000)))))
      const ms = performance.now() - started
      await session.keep()
      return { vouchers: times, ms, last }
    },
    payThroughCraftec: async receiver => {
      const bootstrap = [NOBODY]
      const choose = (offers: readonly WalletOffer[]) => offers.find(({ name }) => name === wallet.name)
      const chain = { endpoints: [rpc], cluster: CLUSTER, program: parseAddress(program), choose } as const
      await using craft = await createCraftec({ bootstrap, storage: 'memory', wallet: chain })
      await using poor = await createCraftec({ bootstrap, storage: 'memory' })
      const pay = craft.settlement
      const balance = async (): Promise<bigint> => (await pay.balance())?.units ?? 0n
      const start = await balance()
      const plans = await pay.plans()
      await pay.subscribe({ plan: OTHER_PLAN })
      const subscribed = await balance()
      const cap = money(1_000n, await (await pay.client()).reader.token())
      const session = await pay.openSession({ receiver: parseAddress(receiver), cap, lifetimeSecs: LIFETIME_SECS })
      const opened = await balance()
      const voucher = await session.pay(1_000n, BigInt(Math.floor(Date.now() / 1000)))
      await craft.stop()
      const refusals = await Promise.all(
        [pay, poor.settlement].map(settlement =>
          settlement.plans().then(
            () => 'none' as const,
            error => CraftecError.from(error).code
          )
        )
      )
      await craft.start()
      return {
        plans: plans.length,
        spent: [start - subscribed, subscribed - opened].map(String),
        voucher: encodeHex(encodeSignedVoucher(voucher)),
        refusals,
        balanceAfterRestart: String(await balance())
      }
    },
    closeSession: async address => (await settlement.sessions.close(user(), parseAddress(address))).done,
    claim: ({ distribution, pool, mode, weight, index, proof }) =>
      settlement.claim(user(), {
        distribution: parseAddress(distribution),
        pool: parseAddress(pool),
        mode,
        weight: BigInt(weight),
        index,
        proof: proof.map(decodeHex)
      }),
    answer: next => {
      yes = next
    },
    signed: () => wallet.signed,
    otherAccount: async next => {
      const told = new Promise<string | undefined>(resolve => user().onChange(resolve))
      wallet.useSeed(decodeHex(next))
      return told
    }
  }
}
