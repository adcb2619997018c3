import { CraftecError } from '../../sdk/errors/index.ts'
import { openVault } from '../../sdk/identity/index.ts'

/** What the vault's test calls in its page: each step opens the vault anew, as a visit of the page does. */
const visit = {
  create: async (label: string): Promise<string> => {
    const vault = await openVault()
    const { did } = await vault.create({ label })
    return did
  },
  tryToCreate: async (label: string): Promise<{ code: string; causeName: string } | undefined> => {
    const vault = await openVault()
    try {
      await vault.create({ label })
      return undefined
    } catch (error) {
      const { code, cause } = CraftecError.from(error)
      return { code, causeName: cause instanceof Error ? cause.name : '' }
    }
  },
  labels: async (): Promise<string[]> => {
    const vault = await openVault()
    const entries = await vault.list()
    await Promise.all(entries.map(({ did }) => vault.open(did)))
    return entries.map(entry => entry.label).sort()
  },
  /** Use up what the origin may store, to the last bytes. */
  fill: async (): Promise<void> => {
    const database = await new Promise<IDBDatabase>((resolve, reject) => {
      const request = indexedDB.open('filler', 1)
      request.onupgradeneeded = () => request.result.createObjectStore('junk', { autoIncrement: true })
      request.onsuccess = () => resolve(request.result)
      request.onerror = () => reject(request.error)
    })
    for (let size = 16_384; size >= 64; size /= 4) while (await stored(database, size));
    database.close()
  }
}

function stored(database: IDBDatabase, size: number): Promise<boolean> {
  return new Promise(resolve => {
    const transaction = database.transaction('junk', 'readwrite')
    transaction.objectStore('junk').add(new Uint8Array(size))
    transaction.oncomplete = () => resolve(true)
    transaction.onabort = () => resolve(false)
  })
}

export type Visit = typeof visit
Object.assign(globalThis, { visit })
