import { proxy, type Remote, releaseProxy, transfer, wrap } from 'comlink'
import { throwIfAborted, withDeadline } from '../../sdk/async/index.ts'
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
import { bytesOf, type CodecEngineOptions, type CodecHost, createCodecHost, type Outcome } from './codec-host.ts'
import { createPooledHash, type PooledHash } from './pooled-hash.ts'
import { type CodecWorker, hasWorkers, spawnWorker } from './worker-endpoint.ts'

/** More workers than this were no faster: memory bandwidth is shared. */
const MAX_WORKERS = 4
/** Jobs that wait. A caller with more to do awaits what it has handed in: that is the back-pressure. */
const MAX_WAITING = 256
/** To load the worker's module and the kernels. */
const START_TIMEOUT_MS = 30_000
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
 * survive the death of its worker give a function, which is called when the job starts, and once more if it has to run again.
 */
export type Source<Job> = Job | (() => Job | Promise<Job>)

/**
 * Coding on other cores. Work is split by segments: one job, one worker.
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
  /** Jobs that wait for a worker. */
  readonly waiting: number
  engine(): Promise<CodingEngine['name']>
  /** End the workers; running jobs reject with `stopped`. Idempotent. */
  dispose(): Promise<void>
}

/** One worker, or the caller's own thread. */
interface Lane {
  readonly host: CodecHost | Remote<CodecHost>
  readonly ready: Promise<CodingEngine['name']>
  /** Never resolves; rejects when the worker dies. */
  readonly death: Promise<never>
  readonly worker: CodecWorker | undefined
  /** End the worker: whoever waits for it fails with `cause`. */
  kill(cause: unknown): void
  busy: boolean
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
  const lanes = new Set<Lane>()
  const waiters: { resolve: (lane: Lane) => void; reject: (error: CraftecError) => void }[] = []
  let disposed: ((error: CraftecError) => void) | undefined
  const disposal = new Promise<never>((_, reject) => {
    disposed = reject
  })
  disposal.catch(() => {})
  let nextId = 1

  function openLane(): Lane {
    const worker = wanted === 0 ? undefined : startWorker()
    const host = worker ? wrap<CodecHost>(worker.endpoint) : createCodecHost()
    let fail: (error: WorkerDied) => void = () => {}
    const death = new Promise<never>((_, reject) => {
      fail = reject
    })
    death.catch(() => {})
    const kill = (cause: unknown): void => {
      lanes.delete(lane)
      // an uncaught error is reported as a death, but leaves the thread running
      worker?.terminate()
      fail(new WorkerDied(cause))
    }
    worker?.onDeath(kill)
    const ready = withDeadline({ timeoutMs: START_TIMEOUT_MS, what: 'start of a codec worker' }, () =>
      Promise.race([death, Promise.resolve(host.start(engineOptions)).then(unwrap)])
    )
    // The next job gets a fresh worker, and perhaps a better answer.
    ready.catch(kill)
    const lane: Lane = { host, worker, death, ready, kill, busy: true }
    lanes.add(lane)
    return lane
  }

  function startWorker(): CodecWorker {
    try {
      return spawn(workerUrl)
    } catch (error) {
      throw CraftecError.from(
        error,
        'unsupported',
        'this runtime refuses to start a worker; use workers: 0, or workerUrl with an address its policy allows'
      )
    }
  }

  function takeLane(signal: AbortSignal | undefined): Promise<Lane> {
    for (const lane of lanes) {
      if (lane.busy) continue
      lane.busy = true
      return Promise.resolve(lane)
    }
    if (lanes.size < Math.max(wanted, 1)) return Promise.resolve(openLane())
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
    const alive = lanes.has(lane)
    const waiter = waiters.shift()
    if (!waiter) {
      lane.busy = false
      return
    }
    try {
      waiter.resolve(alive ? lane : openLane())
    } catch (error) {
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
      } finally {
        // It shares its worker with jobs: those run in slices.
        giveBack(lane)
      }
      return createPooledHash(host, id, lane.worker === undefined, ask)
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

/** Not for callers: it is answered by another try, or turned into a CraftecError. */
class WorkerDied extends Error {
  constructor(cause: unknown) {
    super('worker died', { cause })
  }
}

function unwrap<T>(outcome: Outcome<T>): T {
  if ('error' in outcome) throw CraftecError.fromWire(outcome.error)
  return outcome.value
}

/** Every distinct buffer of a job that can be transferred. */
function buffersOf(job: EncodeJob | DecodeJob | CommitJob): ArrayBuffer[] {
  const arrays = 'into' in job && job.into ? [...bytesOf(job), job.into] : bytesOf(job)
  return [...new Set(arrays.map(array => array.buffer).filter(buffer => buffer instanceof ArrayBuffer))]
}
