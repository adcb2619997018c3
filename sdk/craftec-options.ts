import { CraftecError } from './errors/index.ts'
import type { Identity } from './identity/index.ts'
import type { HopCount, TlsEngine } from './net/index.ts'
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
  readonly net?: {
    /** Ends TLS in this runtime; without it `https:` is refused with `unsupported`. */
    readonly tls?: TlsEngine
  }
  /** Makes the libp2p node, instead of the one that comes with the SDK. */
  readonly p2p?: (options: P2pOptions) => Promise<P2pNode>
}

const KEYS = ['bootstrap', 'hops', 'storage', 'identity', 'net', 'p2p']

/** @throws CraftecError `unknown-option` | `invalid-argument` */
export function checkCraftecOptions(options: CraftecOptions): void {
  checkKeys('createCraftec', options, KEYS)
  checkKeys('createCraftec({ net })', options.net ?? {}, ['tls'])
  const { bootstrap, storage } = options
  if (!Array.isArray(bootstrap) || bootstrap.length === 0 || bootstrap.some(address => typeof address !== 'string'))
    throw new CraftecError('invalid-argument', 'bootstrap must be a list of at least one multiaddr')
  if (storage !== undefined && storage !== 'indexeddb' && storage !== 'memory')
    throw new CraftecError('invalid-argument', "storage must be 'indexeddb' or 'memory'")
}

function checkKeys(where: string, value: object, keys: readonly string[]): void {
  if (typeof value !== 'object' || value === null)
    throw new CraftecError('invalid-argument', `${where} takes an object of options`)
  const unknown = Object.keys(value).find(key => !keys.includes(key))
  if (unknown !== undefined)
    throw new CraftecError('unknown-option', `${where} has no option "${unknown}"; there are ${keys.join(', ')}`)
}
