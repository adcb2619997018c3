/** The half of subscribing that lives in the page: a wallet in it, and a dapp that finds, connects and asks it. */
import { decodeBase58 } from '../../sdk/codec/index.ts'
import { connectWallet, createSettlement, findWallets, formatMoney, parseAddress } from '../../sdk/settlement/index.ts'
import { registerTestWallet } from '../../sdk/testing/index.ts'

export interface LocalChain {
  readonly rpc: string
  readonly program: string
  /** Base58. */
  readonly walletSeed: string
}

export interface Subscribed {
  /** From asking for it to reading it back from the chain. */
  readonly ms: number
  readonly price: string
  /** What the balance of the wallet lost. */
  readonly paid: string
  /** Signatures that the wallet was asked for. */
  readonly approvals: number
  /** What the user was shown before the wallet opened. */
  readonly review: string
  /** Until it ends, by the account on the chain. */
  readonly days: number
}

export interface WalletPage {
  subscribe(chain: LocalChain): Promise<Subscribed>
}

const CLUSTER = 'localnet'
/** Of 32 bytes in base58, at most. */
const SEED_CHARACTERS = 44
const DAY_SECS = 86_400n

export function walletPage(): WalletPage {
  return {
    subscribe: async ({ rpc, program, walletSeed }) => {
      let approvals = 0
      const approve = (): boolean => {
        approvals++
        return true
      }
      const { name } = registerTestWallet({ seed: decodeBase58(walletSeed, SEED_CHARACTERS), approve })
      const settlement = await createSettlement({ endpoints: [rpc], program: parseAddress(program) })
      try {
        const { offers } = await findWallets(CLUSTER)
        const offer = offers.find(candidate => candidate.name === name)
        if (offer === undefined) throw new Error('the page did not find the wallet')
        const wallet = await connectWallet(offer, { cluster: CLUSTER })
        const balance = async (): Promise<bigint> => {
          const money = await settlement.reader.balance(wallet.address)
          if (money === undefined) throw new Error('the wallet has no token account')
          return money.units
        }
        const plan = (await settlement.reader.plans()).find(({ active, price }) => active && price.units > 0n)
        if (plan === undefined) throw new Error('the chain has no plan that costs something')
        const { price } = plan
        const before = await balance()
        const poolId = crypto.getRandomValues(new Uint8Array(32))
        let review = ''
        const onReview = ({ summary }: { readonly summary: string }): boolean => {
          review = summary
          return true
        }
        const started = performance.now()
        await settlement.subscribe(wallet, { plan, poolId, price }, { onReview })
        const subscription = await settlement.reader.subscription(wallet.address, poolId)
        const ms = Math.round(performance.now() - started)
        if (subscription === undefined) throw new Error('the chain has no such subscription')
        return {
          ms,
          price: formatMoney(price),
          paid: formatMoney({ ...price, units: before - (await balance()) }),
          approvals,
          review,
          days: Number((subscription.expiresAt - subscription.startedAt) / DAY_SECS)
        }
      } finally {
        settlement.close()
      }
    }
  }
}
