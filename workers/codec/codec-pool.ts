import { proxy, type Remote, releaseProxy, transfer } from 'comlink'
import { throwIfAborted } from '../../sdk/async/index.ts'
import { CraftecError } from '../../sdk/errors/index.ts'
import type {
  CodingEngine,
  CommitJob,
  CommitResult,
  DecodeJob,
  EncodeJob,
  EncodeResult,
  JobOptions
} from '../../sdk/obj/index.ts'
import { bytesOf, type CodecEngineOptions, type CodecHost, type Outcome } from './codec-host.ts'
import { type Lane, openLane, unwrap, WorkerDied } from './codec-lane.ts'
import { createPooledHash, type PooledHash } from './pooled-hash.ts'
import { type CodecWorker, hasWorkers, spawnWorker } from './worker-endpoint.ts'

/** More workers than this were no faster: memory bandwidth is shared. */
const MAX_WORKERS = 4
/**
 * One runs, one lies ready in the worker: a worker that had to ask for its next job would idle until the caller's thread gets a core.
 */
const JOBS_A_WORKER = 2
/** Jobs that wait. A caller with more to do awaits what it has handed in: that is the back-pressure. */
const MAX_WAITING = 256
/** A cancelled job stops within milliseconds; a worker that does not answer by then is hung, and ended. */
const CANCEL_GRACE_MS = 2_000

export interface CodecPoolOptions extends CodecEngineOptions {
  /** Default: one a core, at most 4. 0 runs everything in the caller's thread, as in a service worker, which cannot start workers. */
  readonly workers?: number
  /**
   * Where the worker module is. Default: beside this one, where vite, webpack and rollup find and build it; esbuild does not, and a
   * policy may want it elsewhere.
   */
  readonly workerUrl?: string | URL
  /** How to start a worker; for hosts that wrap them. Without an address it is the one of this package. */
  readonly spawn?: (url?: string | URL) => CodecWorker
}

/**
 * A job. The buffers behind its arrays are transferred whole: every view on them is empty afterwards; shared memory stays. To let it
 * survive the death of its worker give a function, which is called when a worker has the job before it in hand, and once more if it
 * has to run again.
 */
export type Source<Job> = Job | (() => Job | Promise<Job>)

/**
 * Coding on other cores. Work is split by segments: one job, one worker. Workers are all busy when one job more is handed in than there
 * are workers: it is on its way while they work.
 * @example
 * import { createCodecPool } from '@craftec/web/workers'
 * const pool = createCodecPool()
 * const { pieces } = await pool.encode({ source: new Uint8Array(1_000_000), k: 4, pieceBytes: 262_144, count: 2 })
 * console.log(pieces.length)
 * await pool.dispose()
 */
export interface CodecPool {
  /** @throws CraftecError `invalid-argument` | `aborted` | `limit-exceeded` (queue full) | `stopped` | `internal` (the worker died twice) */
  encode(job: Source<EncodeJob>, options?: JobOptions): Promise<EncodeResult>
  decode(job: Source<DecodeJob>, options?: JobOptions): Promise<Uint8Array>
  /** Code a segment and hash all its pieces, as `commitSegment` does. The buffer comes back as the result's `pieces`. */
  commit(job: Source<CommitJob>, options?: JobOptions): Promise<CommitResult>
  /**
   * Hash a long message beside other jobs. It dies with its worker: begin it again then.
   * @throws CraftecError `limit-exceeded` when 64 are open in one worker, and as `encode`
   */
  hashStream(): Promise<PooledHash>
  /** Workers that exist now. */
  readonly size: number
  /** Jobs that wait for a worker, beside the one that each may have ready. */
  readonly waiting: number
  engine(): Promise<CodingEngine['name']>
  /** End the workers; running jobs reject with `stopped`. Idempotent. */
  dispose(): Promise<void>
}

export function createCodecPool(options: CodecPoolOptions = {}): CodecPool {
  const { workerUrl, spawn = spawnWorker } = options
  const wanted =
    options.workers ?? (hasWorkers() ? Math.min(globalThis.navigator?.hardwareConcurrency ?? 1, MAX_WORKERS) : 0)
  if (!Number.isInteger(wanted) || wanted < 0 || wanted > MAX_WORKERS)
    throw new CraftecError('invalid-argument', `workers must be 0..${MAX_WORKERS}, got ${wanted}`)
  const engineOptions: CodecEngineOptions = {
    ...(options.engine ? { engine: options.engine } : {}),
    ...(options.hashWasmUrl ? { hashWasmUrl: String(options.hashWasmUrl) } : {}),
    ...(options.wasmUrls
      ? { wasmUrls: { strict: String(options.wasmUrls.strict), relaxed: String(options.wasmUrls.relaxed) } }
      : {})
  }
  /** The one that was given a job last comes last: its job ends last. */
  const lanes = new Set<Lane>()
  const waiters: { resolve: (lane: Lane) => void; reject: (error: CraftecError) => void }[] = []
  let disposed: ((error: CraftecError) => void) | undefined
  const disposal = new Promise<never>((_, reject) => {
    disposed = reject
  })
  disposal.catch(() => {})
  let nextId = 1

  /**
   * The least loaded lane, or a new one; undefined when all have what they can take. A message that is hashed is there to stay, and what is
   * behind it waits: another lane with one job comes first.
   */
  function pickLane(): Lane | undefined {
    const [least] = [...lanes]
      .filter(({ jobs, worker }) => jobs < (worker ? JOBS_A_WORKER : 1))
      .sort((a, b) => a.jobs + a.hashes - b.jobs - b.hashes || a.hashes - b.hashes)
    const idle = least !== undefined && least.jobs + least.hashes === 0
    const lane = !idle && lanes.size < Math.max(wanted, 1) ? open() : least
    if (lane === undefined) return undefined
    lane.jobs++
    lanes.delete(lane)
    lanes.add(lane)
    return lane
  }

  function open(): Lane {
    const lane = openLane({
      ...(wanted === 0 ? {} : { spawn: () => spawn(workerUrl) }),
      engineOptions,
      onDeath: () => lanes.delete(lane)
    })
    lanes.add(lane)
    return lane
  }

  function takeLane(signal: AbortSignal | undefined): Promise<Lane> {
    const lane = pickLane()
    if (lane) return Promise.resolve(lane)
    if (waiters.length >= MAX_WAITING)
      throw new CraftecError('limit-exceeded', `${MAX_WAITING} jobs wait already; await some of them first`)
    return new Promise((resolve, reject) => {
      const waiter = {
        resolve: (lane: Lane) => settle(() => resolve(lane)),
        reject: (error: CraftecError) => settle(() => reject(error))
      }
      const settle = (then: () => void): void => {
        signal?.removeEventListener('abort', onAbort)
        then()
      }
      const onAbort = (): void => {
        waiters.splice(waiters.indexOf(waiter), 1)
        reject(new CraftecError('aborted', 'coding: aborted by the caller', { cause: signal?.reason }))
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      waiters.push(waiter)
    })
  }

  function giveBack(lane: Lane): void {
    lane.jobs--
    const [waiter] = waiters
    if (!waiter) return
    try {
      const next = pickLane()
      if (!next) return
      waiters.shift()
      waiter.resolve(next)
    } catch (error) {
      waiters.shift()
      waiter.reject(CraftecError.from(error))
    }
  }

  async function run<Job extends EncodeJob | DecodeJob | CommitJob, T>(
    source: Source<Job>,
    { signal, onProgress }: JobOptions,
    call: (
      host: Remote<CodecHost>,
      id: number,
      job: Job,
      report: ((fraction: number) => void) | undefined
    ) => Promise<Outcome<T>>
  ): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      if (!disposed) throw new CraftecError('stopped', 'this codec pool was disposed')
      throwIfAborted(signal, 'coding')
      const lane = await takeLane(signal)
      const id = nextId++
      let hung: ReturnType<typeof setTimeout> | undefined
      const cancel = (): void => {
        void lane.host.cancel(id)
        hung = setTimeout(lane.kill, CANCEL_GRACE_MS, new Error('a cancelled job did not end'))
      }
      try {
        await Promise.race([lane.ready, disposal])
        const job = typeof source === 'function' ? await source() : source
        throwIfAborted(signal, 'coding')
        signal?.addEventListener('abort', cancel, { once: true })
        const report = onProgress && lane.worker ? proxy(onProgress) : onProgress
        const host = lane.host as Remote<CodecHost>
        return unwrap(
          await Promise.race([
            call(host, id, lane.worker ? transfer(job, buffersOf(job)) : job, report),
            lane.death,
            disposal
          ])
        )
      } catch (error) {
        if (error instanceof DOMException && error.name === 'DataCloneError')
          throw new CraftecError(
            'invalid-argument',
            'a job whose bytes cannot be transferred: in WebAssembly memory, or given away before; hand in a copy',
            { cause: error }
          )
        if (!(error instanceof WorkerDied)) throw error
        throwIfAborted(signal, 'coding')
        if (attempt > 1 || typeof source !== 'function')
          throw new CraftecError(
            'internal',
            'the codec worker died; give the job as a function and it is run once more',
            { cause: error.cause }
          )
      } finally {
        signal?.removeEventListener('abort', cancel)
        clearTimeout(hung)
        giveBack(lane)
      }
    }
  }

  return {
    encode: (job, jobOptions = {}) =>
      run(job, jobOptions, (host, id, encodeJob, report) => host.encode(id, encodeJob, report)),
    decode: (job, jobOptions = {}) =>
      run(job, jobOptions, (host, id, decodeJob, report) => host.decode(id, decodeJob, report)),
    commit: (job, jobOptions = {}) =>
      run(job, jobOptions, (host, id, commitJob, report) => host.commit(id, commitJob, report)),
    hashStream: async () => {
      const lane = await takeLane(undefined)
      const id = nextId++
      const host = lane.host as Remote<CodecHost>
      const ask = async <T>(call: () => Promise<Outcome<T>>): Promise<T> => {
        if (!disposed) throw new CraftecError('stopped', 'this codec pool was disposed')
        try {
          return unwrap(await Promise.race([call(), lane.death, disposal]))
        } catch (error) {
          if (!(error instanceof WorkerDied)) throw error
          throw new CraftecError('internal', 'the codec worker died: hash the message again', { cause: error.cause })
        }
      }
      try {
        await Promise.race([lane.ready, disposal])
        await ask(() => host.hashStart(id))
        lane.hashes++
      } finally {
        // It shares its worker with jobs: those run in slices.
        giveBack(lane)
      }
      return createPooledHash(host, id, { inThread: lane.worker === undefined, ask, onEnd: () => lane.hashes-- })
    },
    get size() {
      return lanes.size
    },
    get waiting() {
      return waiters.length
    },
    engine: async () => {
      const lane = await takeLane(undefined)
      try {
        return await lane.ready
      } finally {
        giveBack(lane)
      }
    },
    dispose: async () => {
      const error = new CraftecError('stopped', 'this codec pool was disposed')
      disposed?.(error)
      disposed = undefined
      for (const waiter of waiters.splice(0)) waiter.reject(error)
      for (const lane of lanes) {
        if (!lane.worker) continue
        ;(lane.host as Remote<CodecHost>)[releaseProxy]()
        lane.kill(error)
      }
      lanes.clear()
    }
  }
}

/** Every distinct buffer of a job that can be transferred. */
function buffersOf(job: EncodeJob | DecodeJob | CommitJob): ArrayBuffer[] {
  const arrays = 'into' in job && job.into ? [...bytesOf(job), job.into] : bytesOf(job)
  return [...new Set(arrays.map(array => array.buffer).filter(buffer => buffer instanceof ArrayBuffer))]
}
