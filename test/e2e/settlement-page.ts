/** The page of settlement.test.ts: a dapp, and a wallet that lives in it. Amounts cross to the test as text. */
import { decodeHex, encodeHex } from '../../sdk/codec/index.ts'
import { CraftecError } from '../../sdk/errors/index.ts'
import {
  type ConnectedWallet,
  connectWallet,
  createSettlement,
  encodeSignedVoucher,
  findWallets,
  money,
  parseAddress,
  type Settlement,
  type SpendingSession
} from '../../sdk/settlement/index.ts'
import { registerTestWallet, type TestWallet } from '../../sdk/testing/index.ts'

const PLAN = { service: 1, tier: 2, billingPeriod: 0 }
const CLUSTER = 'localnet'
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
