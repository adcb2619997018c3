/** The piece store in a real browser: the contract on each engine, and what only a browser has. */
import { expect } from 'chai'
import { openBrowserStore, type PieceStore } from '../../sdk/obj/index.ts'
import { openPieceStore } from '../../workers/index.ts'
import { describePieceStore } from '../kit/piece-store-contract.ts'
import { newContent, piece, pieces } from '../kit/store-content.ts'
import type { StoreErrand } from './fixtures/store-service-worker.ts'

const SERVICE_WORKER = '/test/browser/fixtures/store-service-worker.ts'

let name = `store-${crypto.randomUUID()}`

async function forget(): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const request = indexedDB.deleteDatabase(name)
    request.onsuccess = () => resolve()
    request.onerror = () => reject(request.error)
  })
  const root = await navigator.storage.getDirectory()
  await root.removeEntry(name, { recursive: true }).catch(() => {})
  name = `store-${crypto.randomUUID()}`
}

async function slabNames(): Promise<string[]> {
  const root = await navigator.storage.getDirectory()
  const folder = (await root.getDirectoryHandle(name)) as FileSystemDirectoryHandle & { keys(): AsyncIterable<string> }
  const names: string[] = []
  for await (const file of folder.keys()) names.push(file)
  return names
}

describePieceStore(
  {
    name: 'OPFS slab files in the storage worker',
    durable: true,
    policy: false,
    open: (policy = {}) => openPieceStore({ ...policy, name }),
    reset: forget
  },
  { describe, it, afterEach }
)

describePieceStore(
  {
    name: 'IndexedDB in the storage worker',
    durable: true,
    policy: false,
    open: (policy = {}) => openPieceStore({ ...policy, name, engine: 'indexeddb' }),
    reset: forget
  },
  { describe, it, afterEach }
)

describePieceStore(
  {
    name: 'IndexedDB in this thread',
    durable: true,
    policy: true,
    open: policy => openBrowserStore({ ...policy, name }),
    reset: forget
  },
  { describe, it, afterEach }
)

describe('a piece store of a browser', () => {
  const open: PieceStore[] = []
  const openStore = async (options: Parameters<typeof openPieceStore>[0] = {}): Promise<PieceStore> => {
    const store = await openPieceStore({ name, ...options })
    open.push(store)
    return store
  }
  afterEach(async () => {
    for (const store of open.splice(0)) await store.close()
    await forget()
  })

  it('writes slab files, and none with the other engine', async () => {
    const content = newContent(1)
    const slabs = await openStore()
    await slabs.addContent(content)
    await slabs.putPieces(content.manifestId, 0, pieces(content, 0, 2))
    expect(await slabNames()).to.deep.equal(['slots-1024'])
    await slabs.close()
    const database = await openStore({ engine: 'indexeddb' })
    await database.putPieces(content.manifestId, 1, pieces(content, 1, 2))
    expect(await slabNames()).to.deep.equal(['slots-1024'])
    for (const segment of [0, 1])
      for (const { record, data } of pieces(content, segment, 2))
        expect(await database.readPiece(content.manifestId, segment, record.id)).to.deep.equal(data)
  })

  it('is one for all who open it: changes of one are seen by all', async () => {
    const stores = await Promise.all([openStore(), openStore(), openStore()])
    const [first, second, third] = stores
    if (!first || !second || !third) throw new Error('three stores')
    const content = newContent(1)
    const seen = new Promise(resolve => third.onChange(resolve))
    await second.addContent(content)
    expect(await seen).to.deep.equal({ type: 'content-added', manifestId: content.manifestId })
    const put = pieces(content, 0, 4)
    await third.putPieces(content.manifestId, 0, put)
    for (const store of stores)
      for (const { record, data } of put)
        expect(await store.readPiece(content.manifestId, 0, record.id)).to.deep.equal(data)
  })

  it('goes on without loss when the owner closes, again and again', async () => {
    const content = newContent(1, { segments: 100 })
    const stores = await Promise.all(Array.from({ length: 4 }, () => openStore()))
    const last = stores.at(-1)
    if (!last) throw new Error('four stores')
    await last.addContent(content)
    // Puts are under way while one owner after the other goes.
    const puts = Array.from({ length: 30 }, (_, segment) =>
      last.putPieces(content.manifestId, segment, pieces(content, segment, 3))
    )
    for (const store of stores.slice(0, -1)) await store.close()
    await Promise.all(puts)
    const held = await last.held(content.manifestId)
    expect(Array.from(held.slice(0, 30))).to.deep.equal(Array.from({ length: 30 }, () => 3))
    expect(await last.verify()).to.deep.equal({ checked: 90, lost: [], lostCount: 0 })
  })

  it('leaves the bytes with the caller, unless they are given away', async () => {
    const content = newContent(1)
    const store = await openStore()
    await store.addContent(content)
    const [kept, given] = [piece(content, 0, 0), piece(content, 0, 1)]
    await store.putPieces(content.manifestId, 0, [kept])
    expect(kept.data.length).to.equal(1_000)
    const returned: ArrayBuffer[] = []
    const giveBack = (buffers: readonly ArrayBuffer[]): number => returned.push(...buffers)
    await store.putPieces(content.manifestId, 0, [given], { transfer: true, giveBack })
    expect(given.data.length).to.equal(0)
    expect(returned.map(({ byteLength }) => byteLength)).to.deep.equal([1_000])
  })

  it('says so when the worker is not at its address', async () => {
    const error = await openPieceStore({ name, workerUrl: '/nowhere.js' }).then(
      () => undefined,
      (reason: unknown) => reason
    )
    expect(error).to.have.property('code', 'storage-unavailable')
  })

  it('is the same in a service worker, whether a tab has it or nobody', async () => {
    const content = newContent(1)
    const store = await openStore()
    await store.addContent(content)
    await store.putPieces(content.manifestId, 0, pieces(content, 0, 2))
    const registration = await navigator.serviceWorker.register(SERVICE_WORKER, { type: 'module' })
    try {
      // The tab owns the store and serves it.
      expect(await errand(registration, { name, read: 0, put: 0 })).to.deep.equal({
        bytes: piece(content, 0, 0).data,
        added: 1
      })
      expect(await store.held(content.manifestId)).to.deep.equal(Uint16Array.of(2, 1, 0))
      await store.close()
      // Nobody else is there: it reads slab files as they are, and writes to the database.
      expect(await errand(registration, { name, read: 1, put: 1 })).to.deep.equal({
        bytes: piece(content, 0, 1).data,
        added: 1
      })
      const again = await openStore()
      for (const segment of [0, 1])
        for (const { record, data } of pieces(content, segment, 2))
          expect(await again.readPiece(content.manifestId, segment, record.id)).to.deep.equal(data)
      expect(await again.verify()).to.deep.equal({ checked: 4, lost: [], lostCount: 0 })
    } finally {
      await registration.unregister()
    }
  })
})

async function errand(registration: ServiceWorkerRegistration, task: StoreErrand): Promise<unknown> {
  const answer = new Promise(resolve => {
    navigator.serviceWorker.addEventListener('message', ({ data }) => resolve(data), { once: true })
  })
  navigator.serviceWorker.startMessages()
  const worker = registration.installing ?? registration.waiting ?? registration.active
  worker?.postMessage(task)
  return answer
}
