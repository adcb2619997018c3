/**
 * Where a page's storage does its work: in workers where they can be had, else in the thread of the caller. Which it is changes the speed
 * only, so nothing fails and nothing is asked; `craft.obj.engines()` tells. Loaded on demand, with the storage client.
 */
import { type CodecPool, createCodecPool } from '../workers/codec/index.ts'
import { openPieceStore } from '../workers/storage/index.ts'
import { withDeadline } from './async/index.ts'
import type { KernelUrls, ObjWish } from './craftec-options.ts'
import {
  createMemoryPieceStore,
  linkedPieceStore,
  openBrowserStore,
  type PieceStore,
  type SegmentCodec,
  sharedStoreLink
} from './obj/index.ts'

export interface ChosenCodec extends SegmentCodec {
  /** Where segments are coded, of some size; may have to start a worker to know. */
  place(): Promise<'workers' | 'inline'>
  /** End the workers. */
  dispose(): Promise<void>
}

export interface ChosenStore {
  readonly store: PieceStore
  readonly place: 'worker' | 'inline' | 'memory' | 'custom'
}

/** As `openPieceStore` has it: a page finds what it stored, however it is opened. */
const STORE_NAME = 'craftec-pieces'
/** Without a disk everything is in memory, which must not grow with what others send. */
const MEMORY_QUOTA_BYTES = 256 * 1024 * 1024
/** Segments of fewer bytes are coded here: a worker would take longer to be told. */
const INLINE_BYTES = 262_144
/** For a storage worker whose module loads and says nothing. */
const STORE_TIMEOUT_MS = 15_000

/** @throws CraftecError `storage-unavailable` | `storage-corrupt`, when there is no store in this thread either */
export async function chooseStore(storage: 'indexeddb' | 'memory', { store }: ObjWish): Promise<ChosenStore> {
  if (store !== undefined) return { store, place: 'custom' }
  if (storage === 'memory')
    return { store: createMemoryPieceStore({ quotaBytes: MEMORY_QUOTA_BYTES }), place: 'memory' }
  try {
    if (canStartWorkers()) return { store: await storeInWorker(), place: 'worker' }
  } catch {
    // A policy that allows no workers, or a build that left their modules behind. What is wrong with the disk shows again, below.
  }
  const open = (): Promise<PieceStore> => openBrowserStore({ name: STORE_NAME, engine: 'indexeddb' })
  return { store: linkedPieceStore(sharedStoreLink({ name: STORE_NAME, rank: 0, open })), place: 'inline' }
}

/**
 * Workers are started with the first segment worth it.
 * @param inline does what workers would
 */
export function chooseCodec(inline: SegmentCodec, urls: KernelUrls = {}): ChosenCodec {
  let starting: Promise<CodecPool | undefined> | undefined
  const pool = (): Promise<CodecPool | undefined> => {
    starting ??= canStartWorkers() ? startPool(urls) : Promise.resolve(undefined)
    return starting
  }
  const codecFor = async (bytes: number): Promise<SegmentCodec> =>
    bytes < INLINE_BYTES ? inline : ((await pool()) ?? inline)
  return {
    commit: async (job, options) => (await codecFor(job.sourceBytes)).commit(job, options),
    decode: async (job, options) => (await codecFor(job.sizeBytes)).decode(job, options),
    hashStream: async () => ((await pool()) ?? inline).hashStream(),
    place: async () => ((await pool()) ? 'workers' : 'inline'),
    dispose: async () => {
      const started = starting
      starting = Promise.resolve(undefined)
      await (await started)?.dispose()
    }
  }
}

/** In Node too there are threads, but a program there says what it wants: `codec`. */
function canStartWorkers(): boolean {
  return typeof globalThis.Worker === 'function'
}

async function startPool({ coding, hashing }: KernelUrls): Promise<CodecPool | undefined> {
  const pool = createCodecPool({
    ...(coding ? { wasmUrls: coding } : {}),
    ...(hashing ? { hashWasmUrl: hashing } : {})
  })
  try {
    await pool.engine()
    return pool
  } catch {
    await pool.dispose()
    return undefined
  }
}

async function storeInWorker(): Promise<PieceStore> {
  const opening = openPieceStore({ name: STORE_NAME })
  try {
    return await withDeadline({ timeoutMs: STORE_TIMEOUT_MS, what: 'start of the storage worker' }, () => opening)
  } catch (error) {
    // one that comes after all would stay open
    opening.then(
      store => store.close(),
      () => {}
    )
    throw error
  }
}
