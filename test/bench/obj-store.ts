/**
 * The piece store in Chromium, from a worker of the page to the storage worker and back. Baselines of the same run: the same bytes
 * written to one OPFS file with a sync handle, and to IndexedDB one piece a transaction. No coding and no hashing: what is measured is
 * keeping. `npm run bench -- obj-store --browser`
 */
import { systemRandom } from '../../sdk/async/index.ts'
import { type NewContent, openBrowserStore, type PieceStore, type StoredPiece } from '../../sdk/obj/index.ts'
import { openPieceStore } from '../../workers/index.ts'
import type { Bench, BenchSuite, Measurement } from './harness.ts'

const PIECE_BYTES = 262_144
const K = 40
const SEGMENTS = 10
const TOTAL_BYTES = SEGMENTS * K * PIECE_BYTES
/** The large store: pieces are small, rows are as they would be. */
const [MANY_SEGMENTS, MANY_PIECE_BYTES] = [2_500, 1_024]
/** A path of nine hashes, as in a segment of 300 committed pieces. */
const PROVENANCE_BYTES = 4 + 9 * 32
const LOOKUPS = 200

export const suite: BenchSuite = {
  name: 'obj-store',
  rounds: 5,
  warmUpRounds: 1,
  timeoutMs: 120_000,
  inWorker: true,
  open
}

/** File System standard, "FileSystemSyncAccessHandle"; not among the types of a page. */
interface SyncHandle {
  read(into: Uint8Array, options: { at: number }): number
  write(bytes: Uint8Array, options: { at: number }): number
  flush(): void
  truncate(size: number): void
  close(): void
}

async function open(): Promise<Bench> {
  if ('process' in globalThis) throw new Error('this suite measures a browser: npm run bench -- obj-store --browser')
  const names = { store: `bench-${crypto.randomUUID()}`, many: `bench-${crypto.randomUUID()}` }
  const store = await openPieceStore({ name: names.store, persist: false })
  const plainName = `plain-${crypto.randomUUID()}`
  const plain = await syncHandle(plainName)
  const database = await openDatabase(`idb-${crypto.randomUUID()}`)
  await fill(names.many)
  const source = systemRandom(K * PIECE_BYTES)
  const [many, kept] = [content(2, MANY_SEGMENTS, MANY_PIECE_BYTES), content(3, SEGMENTS, PIECE_BYTES)]
  await store.addContent(kept)
  for (let segment = 0; segment < SEGMENTS; segment++) await put(store, kept, segment, source.slice())
  let largeStore: PieceStore | undefined

  const puts = throughput('put 105 MB, slab files', async () => {
    const fresh = content(1, SEGMENTS, PIECE_BYTES)
    await store.addContent(fresh)
    const segments = Array.from({ length: SEGMENTS }, () => source.slice())
    const started = performance.now()
    for (const [segment, bytes] of segments.entries()) await put(store, fresh, segment, bytes)
    const ms = performance.now() - started
    await store.removeContent(fresh.manifestId)
    return ms
  })
  const plainPuts = throughput('write 105 MB, one OPFS file', async () => {
    plain.truncate(0)
    const started = performance.now()
    for (let segment = 0; segment < SEGMENTS; segment++) {
      for (let piece = 0; piece < K; piece++)
        plain.write(source.subarray(piece * PIECE_BYTES, (piece + 1) * PIECE_BYTES), {
          at: (segment * K + piece) * PIECE_BYTES
        })
      plain.flush()
    }
    return performance.now() - started
  })
  const databasePuts = throughput('write 105 MB, IndexedDB, one piece a transaction', async () => {
    const started = performance.now()
    for (let piece = 0; piece < SEGMENTS * K; piece++) {
      const at = (piece % K) * PIECE_BYTES
      await committed(database, pieces => pieces.put(source.slice(at, at + PIECE_BYTES), piece))
    }
    const ms = performance.now() - started
    await committed(database, pieces => pieces.clear())
    return ms
  })
  const reads = throughput('read 105 MB, slab files', async () => {
    const started = performance.now()
    for (let segment = 0; segment < SEGMENTS; segment++)
      await Promise.all(
        Array.from({ length: K }, (_, index) => store.readPiece(kept.manifestId, segment, pieceId(segment, index)))
      )
    return performance.now() - started
  })
  const plainReads = throughput('read 105 MB, one OPFS file', async () => {
    const started = performance.now()
    for (let piece = 0; piece < SEGMENTS * K; piece++)
      plain.read(new Uint8Array(PIECE_BYTES), { at: (piece % K) * PIECE_BYTES })
    return performance.now() - started
  })
  const opening = milliseconds('open a store of 100,000 pieces', async () => {
    await largeStore?.close()
    const started = performance.now()
    largeStore = await openPieceStore({ name: names.many, persist: false })
    return performance.now() - started
  })
  const lookup = milliseconds('look up one of 100,000 pieces', async () => {
    largeStore ??= await openPieceStore({ name: names.many, persist: false })
    const started = performance.now()
    for (let index = 0; index < LOOKUPS; index++) {
      // Far apart: rows that were just read do not help.
      const segment = (index * 997) % MANY_SEGMENTS
      const bytes = await largeStore.readPiece(many.manifestId, segment, pieceId(segment, index % K))
      if (bytes?.length !== MANY_PIECE_BYTES) throw new Error('the piece is not there')
    }
    return (performance.now() - started) / LOOKUPS
  })
  const listing = milliseconds('list what is held of 2,500 segments', async () => {
    largeStore ??= await openPieceStore({ name: names.many, persist: false })
    const started = performance.now()
    const held = await largeStore.held(many.manifestId)
    if (held.some(count => count !== K)) throw new Error('not all are there')
    return performance.now() - started
  })

  return {
    rows: [
      { measurement: puts, baseline: plainPuts, bar: { of: 'ratio', atLeast: 0.25 } },
      { measurement: puts, baseline: databasePuts, bar: { of: 'ratio', atLeast: 3 } },
      { measurement: reads, baseline: plainReads },
      { measurement: opening, bar: { of: 'figure', atMost: 1_000 } },
      { measurement: lookup, bar: { of: 'figure', atMost: 2 } },
      { measurement: listing, bar: { of: 'figure', atMost: 20 } }
    ],
    close: async () => {
      await Promise.all([store.close(), largeStore?.close()])
      plain.close()
      database.close()
      const root = await navigator.storage.getDirectory()
      for (const name of [names.store, names.many, plainName]) await root.removeEntry(name, { recursive: true })
      for (const name of [names.store, names.many, database.name]) indexedDB.deleteDatabase(name)
    }
  }
}

/** 100,000 pieces, put in this thread: what matters is what comes after. */
async function fill(name: string): Promise<void> {
  await using store = await openBrowserStore({ name })
  const many = content(2, MANY_SEGMENTS, MANY_PIECE_BYTES)
  await store.addContent(many)
  const bytes = systemRandom(K * MANY_PIECE_BYTES)
  for (let segment = 0; segment < MANY_SEGMENTS; segment++) await put(store, many, segment, bytes, false)
}

function content(number: number, segments: number, pieceBytes: number): NewContent {
  const manifestId = new Uint8Array(32).fill(number)
  const manifest = new Uint8Array(200 + segments * 66)
  const size = segments * K * pieceBytes
  return { manifestId, contentId: manifestId, manifest, pieceBytes, segments, size, origin: 'own', pinned: true }
}

function pieceId(segment: number, index: number): Uint8Array {
  const id = new Uint8Array(32)
  new DataView(id.buffer).setUint32(0, segment * 1_024 + index)
  return id
}

function put(
  store: PieceStore,
  { manifestId, pieceBytes }: NewContent,
  segment: number,
  bytes: Uint8Array,
  transfer = true
) {
  const pieces = Array.from(
    { length: K },
    (_, index): StoredPiece => ({
      record: {
        id: pieceId(segment, index),
        coefficients: new Uint8Array(K),
        root: new Uint8Array(32),
        provenance: new Uint8Array(PROVENANCE_BYTES)
      },
      data: bytes.subarray(index * pieceBytes, (index + 1) * pieceBytes)
    })
  )
  return store.putPieces(manifestId, segment, pieces, { transfer })
}

function throughput(id: string, task: () => Promise<number>): Measurement {
  return { id, unit: 'MB/s', run: async () => TOTAL_BYTES / 1_000 / (await task()) }
}

function milliseconds(id: string, task: () => Promise<number>): Measurement {
  return { id, unit: 'ms', run: task }
}

async function syncHandle(name: string): Promise<SyncHandle> {
  const root = await navigator.storage.getDirectory()
  const file = await root.getFileHandle(name, { create: true })
  return (file as FileSystemFileHandle & { createSyncAccessHandle(): Promise<SyncHandle> }).createSyncAccessHandle()
}

function openDatabase(name: string): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1)
    request.onupgradeneeded = () => request.result.createObjectStore('pieces')
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}

function committed(database: IDBDatabase, change: (pieces: IDBObjectStore) => unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    const transaction = database.transaction('pieces', 'readwrite', { durability: 'relaxed' })
    change(transaction.objectStore('pieces'))
    transaction.oncomplete = () => resolve()
    transaction.onabort = () => reject(transaction.error)
  })
}
