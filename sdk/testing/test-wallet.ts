/** A wallet of the Wallet Standard that lives in the page: for tests, demos and local chains. Its key is in plain memory. */
import { SolanaSignTransaction, type SolanaSignTransactionFeature } from '@solana/wallet-standard-features'
import type { Wallet, WalletAccount, WindowAppReadyEventAPI } from '@wallet-standard/base'
import {
  StandardConnect,
  type StandardConnectFeature,
  StandardDisconnect,
  type StandardDisconnectFeature,
  StandardEvents,
  type StandardEventsFeature,
  type StandardEventsListeners
} from '@wallet-standard/features'
import { encodeBase58 } from '../codec/index.ts'
import { cryptoEngine, SIGNATURE_BYTES } from '../crypto/index.ts'
import { CraftecError } from '../errors/index.ts'

export interface TestWalletOptions {
  /** 32 bytes, Ed25519. Never one that holds anything of value. */
  readonly seed: Uint8Array
  /** Default `Test wallet`. */
  readonly name?: string
  /** Asked before each signature, as a person would be; false rejects. Default: always yes. */
  readonly approve?: (request: { readonly transaction: Uint8Array }) => boolean | Promise<boolean>
}

export interface TestWallet {
  readonly name: string
  /** Base58. */
  readonly address: string
  /** Transactions signed so far. */
  readonly signed: number
  /** As a user who chooses another account: pages are told. */
  useSeed(seed: Uint8Array): void
}

const CHAIN = 'solana:localnet'
/** A plain square, so that lists have something to show. */
const ICON =
  'data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIHZpZXdCb3g9IjAgMCAxIDEiPjxwYXRoIGZpbGw9IiM3NzciIGQ9Ik0wIDBoMXYxSDB6Ii8+PC9zdmc+'

/**
 * Register a wallet with the page, for the local chain only.
 * @example
 * import { registerTestWallet } from '@craftec/web/testing'
 * const wallet = registerTestWallet({ seed: new Uint8Array(32).fill(1) })
 * console.log(wallet.address)
 */
export function registerTestWallet(options: TestWalletOptions): TestWallet {
  const { name = 'Test wallet', approve = () => true } = options
  let { seed } = options
  let account = accountOf(seed)
  let connected = false
  let signed = 0
  const listeners = new Set<StandardEventsListeners['change']>()
  const accounts = (): readonly WalletAccount[] => (connected ? [account] : [])
  const changed = (): void => {
    for (const listener of listeners) listener({ accounts: accounts() })
  }

  const features: StandardConnectFeature &
    StandardDisconnectFeature &
    StandardEventsFeature &
    SolanaSignTransactionFeature = {
    [StandardConnect]: {
      version: '1.0.0',
      connect: async ({ silent } = {}) => {
        if (!silent) connected = true
        return { accounts: accounts() }
      }
    },
    [StandardDisconnect]: {
      version: '1.0.0',
      disconnect: async () => {
        connected = false
        changed()
      }
    },
    [StandardEvents]: {
      version: '1.0.0',
      on: (_event, listener) => {
        listeners.add(listener)
        return () => listeners.delete(listener)
      }
    },
    [SolanaSignTransaction]: {
      version: '1.0.0',
      supportedTransactionVersions: [0],
      signTransaction: async (...inputs) => {
        const outputs = []
        for (const input of inputs) {
          const { transaction } = input
          if (!connected || input.account.address !== account.address)
            throw new CraftecError('wallet-rejected', 'the account is not connected')
          if (!(await approve({ transaction })))
            throw new CraftecError('wallet-rejected', 'the user rejected the request')
          outputs.push({ signedTransaction: sign(transaction, seed) })
          signed++
        }
        return outputs
      }
    }
  }
  const wallet: Wallet = {
    version: '1.0.0',
    name,
    icon: ICON,
    chains: [CHAIN],
    features,
    get accounts() {
      return accounts()
    }
  }
  register(wallet)
  return {
    name,
    get address() {
      return account.address
    },
    get signed() {
      return signed
    },
    useSeed: next => {
      seed = next
      account = accountOf(seed)
      changed()
    }
  }
}

/** Wallet Standard, "window events": whichever of page and wallet comes first, they find each other. */
function register(wallet: Wallet): void {
  const offer = ({ register }: WindowAppReadyEventAPI): void => void register(wallet)
  window.dispatchEvent(new CustomEvent('wallet-standard:register-wallet', { detail: offer }))
  window.addEventListener('wallet-standard:app-ready', event => {
    offer((event as CustomEvent<WindowAppReadyEventAPI>).detail)
  })
}

function accountOf(seed: Uint8Array): WalletAccount {
  const publicKey = cryptoEngine().ed25519PublicKey(seed)
  return { address: encodeBase58(publicKey), publicKey, chains: [CHAIN], features: [SolanaSignTransaction] }
}

/** The fee payer's signature comes first, and is the only one that payments of this SDK have. */
function sign(transaction: Uint8Array, seed: Uint8Array): Uint8Array {
  const signed = transaction.slice()
  const message = signed.subarray(1 + (signed[0] ?? 0) * SIGNATURE_BYTES)
  signed.set(cryptoEngine().ed25519Sign(seed, message), 1)
  return signed
}
