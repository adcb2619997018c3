import type { RandomBytes } from '../async/index.ts'
import { constantTimeEqual, cryptoEngine, KEY_BYTES } from '../crypto/index.ts'
import type { Did } from './did.ts'
import type { VaultRecord, VaultStore } from './vault-store.ts'

/** A store that is gone with the page: for private windows, tests and Node. Even here seeds lie encrypted, under a key of its own. */
export function memoryVaultStore(random: RandomBytes): VaultStore {
  const records = new Map<Did, VaultRecord>()
  const key = random(KEY_BYTES)
  const engine = cryptoEngine()
  return {
    all: async () => [...records.values()],
    get: async did => records.get(did),
    add: async record => {
      if (records.has(record.did)) return false
      records.set(record.did, record)
      return true
    },
    replace: async (record, previous) => {
      const current = records.get(record.did)
      if (current === undefined || !constantTimeEqual(current.sealed, previous)) return false
      records.set(record.did, record)
      return true
    },
    remove: async did => {
      records.delete(did)
    },
    deviceCipher: async () => ({
      seal: async (nonce, plaintext, aad) => engine.aeadSeal(key, nonce, plaintext, { aad }),
      open: async (nonce, sealed, aad) => engine.aeadOpen(key, nonce, sealed, { aad })
    }),
    close: () => {}
  }
}
