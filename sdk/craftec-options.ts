import type { WalletWish } from './craftec-settlement.ts'
import { CraftecError } from './errors/index.ts'
import type { Identity } from './identity/index.ts'
import type { HopCount, TlsEngine } from './net/index.ts'
import type { PieceStore, SegmentCodec } from './obj/index.ts'
import type { P2pNode, P2pOptions } from './p2p/index.ts'

export interface CraftecOptions {
  /** Multiaddrs of nodes to enter the network through, each ending in `/p2p/<PeerId>`. At least one. */
  readonly bootstrap: readonly string[]
  /** Relays before the exit unless a call says otherwise, 0 to 4. Default 3. */
  readonly hops?: HopCount
  /**
   * Where guards and the last directory are kept. Default: IndexedDB where the runtime has it, else memory. If IndexedDB is there
   * and does not open (some private windows), memory is used and the state says `degraded` with `storage-unavailable`.
   */
  readonly storage?: 'indexeddb' | 'memory'
  /** Who the user is towards services that ask. Default: a fresh one that lives as long as this object. Never used for links. */
  readonly identity?: Identity
  /**
   * Also relay for others: circuits pass through this page, none ends here. The page keeps a place at a bootstrap node through which
   * others reach it over WebRTC, and tells the network its address, so that its visits can be told apart while it relays. Default: no.
   */
  readonly relay?: boolean | RelayWish
  readonly net?: {
    /** Ends TLS in this runtime. Default: the SDK's own TLS 1.3 client, **which nobody has audited yet** (docs/tls.md). */
    readonly tls?: TlsEngine
    /** For the default client: trust these certificates (DER, or PEM text) and no others. Default: Mozilla's list. */
    readonly tlsRoots?: readonly (Uint8Array | string)[]
  }
  /**
   * Storage of content. Given, it starts with the node: what was not spread yet is spread. Not given, it starts when `obj` is first used.
   */
  readonly obj?: ObjWish
  /** Lets `settlement` pay: which chain, and whose wallet. Nothing of it is loaded or asked before the first call. */
  readonly wallet?: WalletWish
  /** Makes the libp2p node, instead of the one that comes with the SDK. */
  readonly p2p?: (options: P2pOptions) => Promise<P2pNode>
}

export interface ObjWish {
  /**
   * Where pieces are kept, and closed by whoever opened it, for instance by `openPieceStore({ quotaBytes })` of @craftec/web/workers.
   * Default: as `storage` says, memory, or the origin's store, in a storage worker where there can be one, else in this thread.
   */
  readonly store?: PieceStore
  /**
   * Codes segments: `createCodecPool()` of @craftec/web/workers. Default: such a pool in a page, and in its workers; where no workers can
   * be had, this thread does it in slices of a few milliseconds.
   */
  readonly codec?: SegmentCodec
  /**
   * Give what is held here to others while the page is open. It keeps a place at a bootstrap node, as with `relay`, and relays are told what
   * it holds. Default: no.
   */
  readonly share?: boolean
  /** Where the WebAssembly kernels are, if a bundler or a policy has put them elsewhere. Default: beside this package. */
  readonly wasmUrls?: KernelUrls
}

/** The files of `@craftec/web/wasm/`. */
export interface KernelUrls {
  /** `rlnc-strict.wasm` and `rlnc-relaxed.wasm`. */
  readonly coding?: { readonly strict: string | URL; readonly relaxed: string | URL }
  /** `obj-hash.wasm`. */
  readonly hashing?: string | URL
}

export interface RelayWish {
  /**
   * Ed25519 seed, 32 bytes: relay under the same identity at every start. It is also the key of the page's own links, so whoever sees
   * those knows the page again. Default: a fresh one per start.
   */
  readonly seed?: Uint8Array
  /** Where the page is, as ISO 3166 alpha-2 in upper case. Default: unknown. */
  readonly country?: string
  /** What others may expect, in KiB a second; it weighs in how often they choose this relay. Default 512. */
  readonly bandwidthKiBps?: number
}

const KEYS = ['bootstrap', 'hops', 'storage', 'identity', 'relay', 'net', 'obj', 'wallet', 'p2p']
const WALLET_KEYS = [
  'endpoints',
  'cluster',
  'choose',
  'program',
  'genesisHash',
  'token',
  'databaseName',
  'onEarlierPayment'
]
const CLUSTERS: readonly string[] = ['mainnet', 'devnet', 'testnet', 'localnet']
const SEED_BYTES = 32
const COUNTRY = /^[A-Z]{2}$/
const MAX_U32 = 0xffff_ffff

/** @throws CraftecError `unknown-option` | `invalid-argument` */
export function checkCraftecOptions(options: CraftecOptions): void {
  checkKeys('createCraftec', options, KEYS)
  checkKeys('createCraftec({ net })', options.net ?? {}, ['tls', 'tlsRoots'])
  checkKeys('createCraftec({ obj })', options.obj ?? {}, ['store', 'codec', 'share', 'wasmUrls'])
  checkKeys('createCraftec({ obj: { wasmUrls } })', options.obj?.wasmUrls ?? {}, ['coding', 'hashing'])
  if (options.relay !== undefined) checkRelay(options.relay)
  if (options.wallet !== undefined) checkWallet(options.wallet)
  const { bootstrap, storage } = options
  if (!Array.isArray(bootstrap) || bootstrap.length === 0 || bootstrap.some(address => typeof address !== 'string'))
    throw new CraftecError('invalid-argument', 'bootstrap must be a list of at least one multiaddr')
  if (storage !== undefined && storage !== 'indexeddb' && storage !== 'memory')
    throw new CraftecError('invalid-argument', "storage must be 'indexeddb' or 'memory'")
}

function checkRelay(relay: boolean | RelayWish): void {
  if (typeof relay === 'boolean') return
  checkKeys('createCraftec({ relay })', relay, ['seed', 'country', 'bandwidthKiBps'])
  const { seed, country, bandwidthKiBps } = relay
  if (seed !== undefined && !(seed instanceof Uint8Array && seed.length === SEED_BYTES))
    throw new CraftecError('invalid-argument', `relay.seed must be ${SEED_BYTES} bytes`)
  if (country !== undefined && !COUNTRY.test(country))
    throw new CraftecError('invalid-argument', "relay.country must be two capital letters, such as 'DE'")
  if (
    bandwidthKiBps !== undefined &&
    !(Number.isInteger(bandwidthKiBps) && bandwidthKiBps >= 0 && bandwidthKiBps <= MAX_U32)
  )
    throw new CraftecError('invalid-argument', 'relay.bandwidthKiBps must be a whole number')
}

function checkWallet(wallet: WalletWish): void {
  checkKeys('createCraftec({ wallet })', wallet, WALLET_KEYS)
  const { endpoints, cluster } = wallet
  if (!Array.isArray(endpoints) || endpoints.length === 0 || endpoints.some(url => typeof url !== 'string'))
    throw new CraftecError('invalid-argument', 'wallet.endpoints must be a list of at least one URL')
  if (!CLUSTERS.includes(cluster))
    throw new CraftecError('invalid-argument', `wallet.cluster must be one of ${CLUSTERS.join(', ')}`)
}

function checkKeys(where: string, value: object, keys: readonly string[]): void {
  if (typeof value !== 'object' || value === null)
    throw new CraftecError('invalid-argument', `${where} takes an object of options`)
  const unknown = Object.keys(value).find(key => !keys.includes(key))
  if (unknown !== undefined)
    throw new CraftecError('unknown-option', `${where} has no option "${unknown}"; there are ${keys.join(', ')}`)
}
