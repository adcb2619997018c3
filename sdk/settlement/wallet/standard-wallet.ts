/** Wallets through the Wallet Standard: whatever the user has installed registers itself with the page. */
import { SolanaSignTransaction, type SolanaSignTransactionFeature } from '@solana/wallet-standard-features'
import { getWallets } from '@wallet-standard/app'
import type { Wallet, WalletAccount } from '@wallet-standard/base'
import {
  StandardConnect,
  type StandardConnectFeature,
  StandardDisconnect,
  type StandardDisconnectFeature,
  StandardEvents,
  type StandardEventsFeature
} from '@wallet-standard/features'
import { throwIfAborted, withDeadline } from '../../async/index.ts'
import { CraftecError } from '../../errors/index.ts'
import { type Address, parseAddress } from '../address/index.ts'
import { checkSigned } from './signed-transaction.ts'
import type { Cluster, ConnectedWallet, WalletOffer } from './wallet.ts'

type Features = StandardConnectFeature &
  SolanaSignTransactionFeature &
  Partial<StandardDisconnectFeature & StandardEventsFeature>

/** Users read before they sign; a window that was lost must end some time. */
const APPROVAL_TIMEOUT_MS = 10 * 60_000

/** What of a wallet is needed; it stays this side of the module. */
const wallets = new WeakMap<WalletOffer, Wallet>()

/**
 * Wallets that can sign transactions of this cluster, in the order in which they registered.
 * @param onMore told of the list whenever a wallet registers or leaves
 * @returns the list of now, and a function that ends the telling
 */
export function findWallets(
  cluster: Cluster,
  onMore?: (offers: WalletOffer[]) => void
): { readonly offers: WalletOffer[]; readonly stop: () => void } {
  const registry = getWallets()
  const offers = (): WalletOffer[] =>
    registry
      .get()
      .filter(wallet => isUsable(wallet, cluster))
      .map(offerOf)
  const tell = (): void => onMore?.(offers())
  const ends = onMore ? [registry.on('register', tell), registry.on('unregister', tell)] : []
  return {
    offers: offers(),
    stop: () => {
      for (const end of ends) end()
    }
  }
}

/**
 * Ask the user for an account.
 * @param options.silent only if the user agreed before: no window opens
 * @throws CraftecError `wallet-rejected`, `wallet-unavailable` when it has no account for this cluster, `invalid-argument`
 */
export async function connectWallet(
  offer: WalletOffer,
  options: { readonly cluster: Cluster; readonly silent?: boolean; readonly signal?: AbortSignal | undefined }
): Promise<ConnectedWallet> {
  const { cluster, silent = false, signal } = options
  const wallet = wallets.get(offer)
  if (wallet === undefined) throw new CraftecError('invalid-argument', 'not a wallet that findWallets gave')
  const features = wallet.features as Features
  const { accounts } = await approval(wallet.name, signal, () => features[StandardConnect].connect({ silent }))
  const account = accounts.find(candidate => isOf(candidate, cluster))
  if (account === undefined)
    throw new CraftecError('wallet-unavailable', `${wallet.name} offered no account for ${cluster}; choose one there`)
  const address = addressOf(wallet, account)

  return {
    name: wallet.name,
    address,
    cluster,
    sign: async (wire, { signal } = {}) => {
      const [output] = await approval(wallet.name, signal, () =>
        features[SolanaSignTransaction].signTransaction({ account, transaction: wire.slice(), chain: chainOf(cluster) })
      )
      const signed: unknown = output?.signedTransaction
      if (!(signed instanceof Uint8Array))
        throw new CraftecError('wallet-invalid', `${wallet.name} gave no transaction back; nothing was sent`)
      await checkSigned(wire, signed, address)
      return signed.slice()
    },
    onChange: listener =>
      features[StandardEvents]?.on('change', ({ accounts }) => {
        if (accounts === undefined || accounts.some(candidate => candidate.address === address)) return
        const next = accounts.find(candidate => isOf(candidate, cluster))
        listener(next && addressOf(wallet, next))
      }) ?? (() => {}),
    disconnect: async () => {
      await features[StandardDisconnect]?.disconnect()
    }
  }
}

/** Whatever a wallet throws, it means that the user, or the wallet for the user, said no. */
async function approval<T>(name: string, signal: AbortSignal | undefined, ask: () => Promise<T>): Promise<T> {
  throwIfAborted(signal, name)
  return withDeadline({ what: `an answer of ${name}`, signal, timeoutMs: APPROVAL_TIMEOUT_MS }, async () => {
    try {
      return await ask()
    } catch (cause) {
      throw new CraftecError('wallet-rejected', `${name} did not agree; nothing was signed or sent`, { cause })
    }
  })
}

function isUsable(wallet: Wallet, cluster: Cluster): boolean {
  const sign = (wallet.features as Partial<Features>)[SolanaSignTransaction]
  return (
    StandardConnect in wallet.features &&
    sign?.supportedTransactionVersions.includes(0) === true &&
    wallet.chains.includes(chainOf(cluster))
  )
}

function isOf(account: WalletAccount, cluster: Cluster): boolean {
  return account.features.includes(SolanaSignTransaction) && account.chains.includes(chainOf(cluster))
}

function chainOf(cluster: Cluster): `solana:${Cluster}` {
  return `solana:${cluster}`
}

function addressOf(wallet: Wallet, account: WalletAccount): Address {
  try {
    return parseAddress(account.address)
  } catch (cause) {
    throw new CraftecError('wallet-invalid', `${wallet.name} offered an account that is no Solana address`, { cause })
  }
}

/** One object a wallet, so that lists can be compared. */
const offers = new WeakMap<Wallet, WalletOffer>()

function offerOf(wallet: Wallet): WalletOffer {
  const known = offers.get(wallet)
  if (known !== undefined) return known
  const offer = Object.freeze({ name: wallet.name, icon: wallet.icon })
  offers.set(wallet, offer)
  wallets.set(offer, wallet)
  return offer
}
