import type { Did } from './did.ts'
import type { DeviceCipher } from './identity-lock.ts'

/** One identity at rest. Only `sealed` is secret, and it is encrypted. */
export interface VaultRecord {
  readonly did: Did
  /** The user's own name for it. */
  readonly label: string
  /** Milliseconds since the Unix epoch. */
  readonly createdAt: number
  /** See sealed-identity.ts. */
  readonly sealed: Uint8Array
}

/**
 * Where a vault keeps its records. Each method is one transaction: when its promise resolves the change is durable, when it
 * rejects nothing has changed. Rejects with CraftecError `storage-unavailable` | `storage-full` | `timeout` | `aborted`.
 */
export interface VaultStore {
  all(): Promise<VaultRecord[]>
  get(did: Did): Promise<VaultRecord | undefined>
  /** @returns false, and changes nothing, when the DID is there already */
  add(record: VaultRecord): Promise<boolean>
  /** @returns false, and changes nothing, when the record's `sealed` is no longer `previous` */
  replace(record: VaultRecord, previous: Uint8Array): Promise<boolean>
  remove(did: Did): Promise<void>
  /** The device's key, made at the first call. */
  deviceCipher(): Promise<DeviceCipher>
  close(): void
}
