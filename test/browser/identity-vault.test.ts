/** The vault over the real IndexedDB and WebCrypto of this browser. Its rules are proven in sdk/identity/vault.test.ts. */
import { expect } from 'chai'
import type { CraftecError } from '../../sdk/errors/index.ts'
import { memoryVault, openVault, type Vault } from '../../sdk/identity/index.ts'

const message = new TextEncoder().encode('hello')

let name: string
let open: Vault[]
beforeEach(() => {
  name = `vault-${crypto.randomUUID()}`
  open = []
})
afterEach(async () => {
  for (const vault of open) vault.close()
  await settled(indexedDB.deleteDatabase(name))
})

async function vaultOfThisTest(): Promise<Vault> {
  const vault = await openVault({ name })
  open.push(vault)
  return vault
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}

/** Look at, or change, what lies in the database, behind the vault's back. */
async function raw<T>(store: 'identities' | 'keys', task: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const database = await settled(indexedDB.open(name))
  try {
    return await settled(task(database.transaction(store, 'readwrite').objectStore(store)))
  } finally {
    database.close()
  }
}

async function failure(task: Promise<unknown>): Promise<CraftecError> {
  try {
    await task
  } catch (error) {
    return error as CraftecError
  }
  throw new Error('expected a rejection')
}

describe('identity vault in IndexedDB', () => {
  it('opens after a restart what it kept before, by device and by passphrase', async () => {
    const before = await vaultOfThisTest()
    const own = await before.create({ label: 'own' })
    const locked = await before.create({ label: 'locked', passphrase: 'correct horse' })
    before.close()

    const after = await vaultOfThisTest()
    expect((await after.list()).map(({ did, label, lock }) => ({ did, label, lock }))).to.have.deep.members([
      { did: own.did, label: 'own', lock: 'device' },
      { did: locked.did, label: 'locked', lock: 'passphrase' }
    ])
    const reopened = await after.open(own.did)
    expect(await reopened.sign(message)).to.deep.equal(await own.sign(message))
    const unlocked = await after.open(locked.did, { passphrase: 'correct horse' })
    expect(await unlocked.sign(message)).to.deep.equal(await locked.sign(message))
    expect((await failure(after.open(locked.did, { passphrase: 'wrong' }))).code).to.equal('wrong-passphrase')
  })

  it('keeps a device key that no script can read, and the seed only encrypted', async () => {
    const seed = new Uint8Array(32).fill(0x5a)
    const vault = await openVault({
      name,
      random: length => (length === 32 ? seed.slice() : crypto.getRandomValues(new Uint8Array(length)))
    })
    open.push(vault)
    await vault.create()
    const key = (await raw('keys', store => store.get('device'))) as CryptoKey
    expect(key.extractable).to.equal(false)
    expect((await failure(crypto.subtle.exportKey('raw', key))).name).to.equal('InvalidAccessError')
    const [record] = (await raw('identities', store => store.getAll())) as { sealed: Uint8Array }[]
    expect(record?.sealed).to.have.length(102)
    expect(Array.from(record?.sealed ?? []).join()).not.to.contain('90,90,90,90')
  })

  it('reports a changed byte as vault-corrupt, leaves it in place, and an export brings the identity back', async () => {
    const vault = await vaultOfThisTest()
    const { did } = await vault.create()
    const text = await vault.export(did, { exportPassphrase: 'backup' })
    const record = (await raw('identities', store => store.get(did))) as { sealed: Uint8Array }
    record.sealed[60] = (record.sealed[60] ?? 0) ^ 1
    await raw('identities', store => store.put(record, did))
    expect((await failure(vault.open(did))).code).to.equal('vault-corrupt')
    expect(await raw('identities', store => store.get(did))).to.deep.equal(record)
    await raw('identities', store => store.put('nonsense', did))
    expect((await failure(vault.open(did))).code).to.equal('vault-corrupt')
    await vault.remove(did)
    await vault.import(text, { exportPassphrase: 'backup' })
    expect((await vault.open(did)).did).to.equal(did)
  })

  it('changes a passphrase for good', async () => {
    const vault = await vaultOfThisTest()
    const { did } = await vault.create()
    await vault.changePassphrase(did, { next: 'new' })
    const again = await vaultOfThisTest()
    expect((await failure(again.open(did))).code).to.equal('wrong-passphrase')
    expect((await again.open(did, { passphrase: 'new' })).did).to.equal(did)
  })

  it('has one device key, however many tabs make the first identity at once', async () => {
    const tabs = await Promise.all(Array.from({ length: 5 }, vaultOfThisTest))
    const identities = await Promise.all(tabs.map(tab => tab.create()))
    for (const tab of tabs) for (const { did } of identities) expect((await tab.open(did)).did).to.equal(did)
    expect(await tabs[0]?.list()).to.have.length(5)
  })

  it('lets timers run while a passphrase is worked on', async () => {
    const vault = await vaultOfThisTest()
    const started = performance.now()
    const ticks = [started]
    const timer = setInterval(() => ticks.push(performance.now()), 4)
    try {
      await vault.create({ passphrase: 'slow by design' })
    } finally {
      clearInterval(timer)
    }
    const ended = performance.now()
    const gaps = [...ticks, ended].slice(1).map((tick, index) => tick - (ticks[index] ?? 0))
    expect(Math.max(...gaps)).to.be.lessThan((ended - started) / 2)
  })

  it('without room: storage-full, what was there stays, and nothing half-written', async () => {
    const vault = await vaultOfThisTest()
    const { did } = await vault.create({ label: 'first' })
    const { put } = IDBObjectStore.prototype
    IDBObjectStore.prototype.put = () => {
      throw new DOMException('the quota is used up', 'QuotaExceededError')
    }
    try {
      const error = await failure(vault.create({ label: 'second' }))
      expect(error.code).to.equal('storage-full')
      expect((await failure(vault.changePassphrase(did, { next: 'new' }))).code).to.equal('storage-full')
    } finally {
      IDBObjectStore.prototype.put = put
    }
    expect((await vault.list()).map(entry => entry.label)).to.deep.equal(['first'])
    expect((await vault.open(did)).did).to.equal(did)
  })

  it('steps aside when a later release upgrades the database, and then says to reload', async () => {
    const vault = await vaultOfThisTest()
    await vault.create()
    const upgraded = await settled(indexedDB.open(name, 99))
    upgraded.close()
    const error = await failure(vault.list())
    expect(error.code).to.equal('storage-unavailable')
    expect(error.message).to.contain('reload')
    expect((await failure(openVault({ name }))).code).to.equal('storage-unavailable')
  })

  it('connects again after the browser dropped its data', async () => {
    const vault = await vaultOfThisTest()
    await vault.create()
    await settled(indexedDB.deleteDatabase(name))
    expect(await vault.list()).to.deep.equal([])
    const { did } = await vault.create()
    expect((await vault.open(did)).did).to.equal(did)
  })

  it('is stopped once closed', async () => {
    const vault = await vaultOfThisTest()
    vault.close()
    vault.close()
    expect((await failure(vault.list())).code).to.equal('stopped')
  })
})

describe('identity vault where the browser refuses storage', () => {
  it('is storage-unavailable with advice, and the vault in memory works there', async () => {
    // A data: worker has an opaque origin: IndexedDB is there and refuses to open, as in a locked-down private window.
    const code = await (await fetch('/test/browser/fixtures/vault-in-worker.ts')).text()
    const worker = new Worker(`data:text/javascript,${encodeURIComponent(code)}`, { type: 'module' })
    try {
      const answer = await new Promise<Record<string, unknown>>((resolve, reject) => {
        worker.onmessage = event => resolve(event.data as Record<string, unknown>)
        worker.onerror = event => reject(new Error(event.message))
      })
      expect(answer.code).to.equal('storage-unavailable')
      expect(answer.message).to.contain('memoryVault()')
      expect(answer.reopened).to.equal(true)
    } finally {
      worker.terminate()
    }
  })

  it('memoryVault exports what must survive', async () => {
    const vault = memoryVault()
    const identity = await vault.create()
    const text = await vault.export(identity.did, { exportPassphrase: 'p' })
    const kept = await vaultOfThisTest()
    expect((await kept.import(text, { exportPassphrase: 'p' })).did).to.equal(identity.did)
  })
})
