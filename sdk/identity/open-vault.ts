import { type Clock, type RandomBytes, systemClock, systemRandom } from '../async/index.ts'
import { indexedDbVaultStore } from './indexed-db-vault-store.ts'
import { memoryVaultStore } from './memory-vault-store.ts'
import { createVault, type Vault } from './vault.ts'

export interface VaultOptions {
  /** The IndexedDB database. Default: `craftec-identity`. */
  readonly name?: string
  readonly random?: RandomBytes
  readonly clock?: Clock
}

/**
 * Open the vault of this origin, making it if there is none.
 * @throws CraftecError `storage-unavailable` without IndexedDB (some private windows); {@link memoryVault} is the way on
 * @example
 * import { memoryVault, openVault } from '@craftec/web/identity'
 * const vault = await openVault().catch(() => memoryVault())
 * const [known] = await vault.list()
 * const identity = known ? await vault.open(known.did) : await vault.create({ label: 'me' })
 */
export async function openVault(options: VaultOptions = {}): Promise<Vault> {
  const { name = 'craftec-identity', random = systemRandom, clock = systemClock } = options
  return createVault({ store: await indexedDbVaultStore({ name, clock }), random, clock })
}

/** A vault that is gone with the page; `export` is the only way out of it. */
export function memoryVault({ random = systemRandom, clock = systemClock }: Omit<VaultOptions, 'name'> = {}): Vault {
  return createVault({ store: memoryVaultStore(random), random, clock })
}
