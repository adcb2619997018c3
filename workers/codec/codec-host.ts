import { type Remote, releaseProxy, transfer } from 'comlink'
import { systemRandom, throwIfAborted } from '../../sdk/async/index.ts'
import { CraftecError, type ErrorWire } from '../../sdk/errors/index.ts'
import {
  type CodingEngine,
  type CodingEngineOptions,
  type CommitJob,
  type CommitResult,
  commitSegment,
  type DecodeJob,
  decodeSegment,
  type EncodeJob,
  type EncodeResult,
  encodeSegment,
  type HashEngine,
  type JobOptions,
  loadCodingEngine,
  loadHashEngine,
  SlicedHash
} from '../../sdk/obj/index.ts'

/** Errors cross as records: structured clone would drop their code. */
export type Outcome<T> = { readonly value: T } | { readonly error: ErrorWire }

/** What a worker does, jobs in the order they come. Results own their memory and are transferred, unless the caller gave shared memory to write to. */
export interface CodecHost {
  start(options: CodecEngineOptions): Promise<Outcome<CodingEngine['name']>>
  encode(id: number, job: EncodeJob, onProgress?: (fraction: number) => void): Promise<Outcome<EncodeResult>>
  decode(id: number, job: DecodeJob, onProgress?: (fraction: number) => void): Promise<Outcome<Uint8Array>>
  commit(id: number, job: CommitJob, onProgress?: (fraction: number) => void): Promise<Outcome<CommitResult>>
  /** Begin a message that comes in parts, under a number of the caller's. */
  hashStart(id: number): Promise<Outcome<true>>
  /** @returns the bytes, for further use */
  hashUpdate(id: number, bytes: Uint8Array): Promise<Outcome<Uint8Array>>
  /** @returns the digest; the number is free again */
  hashEnd(id: number): Promise<Outcome<Uint8Array>>
  /** Stop the job within one slice of work. Unknown ids are jobs that have just ended. */
  cancel(id: number): void
}

export interface CodecEngineOptions extends CodingEngineOptions {
  /** Where the hash kernel is, if not beside this package. */
  readonly hashWasmUrl?: string | URL
}

/** Messages that may be in the middle of being hashed; each holds a hundred bytes. */
const MAX_HASHES = 64

export interface CodecHostOptions {
  /** The bytes of jobs were transferred here: free them when a job ends. Left to the collector, hundreds of MiB pile up. */
  readonly ownsJobs?: boolean
}

export function createCodecHost({ ownsJobs = false }: CodecHostOptions = {}): CodecHost {
  const running = new Map<number, AbortController>()
  const hashes = new Map<number, SlicedHash>()
  let lastJob: Promise<unknown> = Promise.resolve()
  let engine: CodingEngine | undefined
  let hashEngine: Promise<HashEngine> | undefined
  let hashOptions: Parameters<typeof loadHashEngine>[0] = {}

  /** Loaded when first asked for: readers decode, and need none of it here. */
  const hashing = (): Promise<HashEngine> => {
    hashEngine ??= loadHashEngine(hashOptions)
    return hashEngine
  }
  const hashOf = (id: number): SlicedHash => {
    const hash = hashes.get(id)
    if (!hash) throw new CraftecError('internal', 'no such hash was begun here')
    return hash
  }

  async function run<T>(
    id: number,
    onProgress: ((fraction: number) => void) | undefined,
    task: (engine: CodingEngine, options: JobOptions) => Promise<T>
  ): Promise<Outcome<T>> {
    const controller = new AbortController()
    const { signal } = controller
    running.set(id, controller)
    const before = lastJob
    let end = (): void => {}
    const ended = new Promise<void>(resolve => {
      end = resolve
    })
    lastJob = before.then(() => ended)
    try {
      // One job at a time: in turns, slice by slice, all would end late, and their memory add up.
      await Promise.race([before, new Promise(resolve => signal.addEventListener('abort', resolve, { once: true }))])
      throwIfAborted(signal, 'coding')
      if (!engine) throw new CraftecError('internal', 'the codec worker was not started')
      return { value: await task(engine, { signal, onProgress: onProgress && silenced(onProgress) }) }
    } catch (error) {
      return { error: CraftecError.from(error).toWire() }
    } finally {
      end()
      running.delete(id)
      // Else its port stays open until it is collected, and keeps a Node process alive.
      ;(onProgress as Partial<Remote<() => void>> | undefined)?.[releaseProxy]?.()
    }
  }

  return {
    start: options =>
      outcomeOf(async () => {
        engine = await loadCodingEngine(options)
        hashOptions = {
          ...(options.hashWasmUrl === undefined ? {} : { wasmUrl: options.hashWasmUrl }),
          ...(options.engine === 'js' ? { engine: 'js' as const } : {})
        }
        return engine.name
      }),
    encode: async (id, job, onProgress) => {
      const outcome = await run(id, onProgress, (engine, options) => encodeSegment(engine, job, systemRandom, options))
      const { coefficients, pieces, source } = 'value' in outcome ? outcome.value : {}
      if (ownsJobs && !source) free(bytesOf(job))
      return transfer(outcome, owned(...[coefficients, pieces, source].filter(array => array !== undefined)))
    },
    decode: async (id, job, onProgress) => {
      const outcome = await run(id, onProgress, (engine, options) => decodeSegment(engine, job, options))
      if (ownsJobs) free(bytesOf(job))
      return 'value' in outcome ? transfer(outcome, owned(outcome.value)) : outcome
    },
    commit: async (id, job, onProgress) => {
      const outcome = await run(id, onProgress, async (engine, options) =>
        commitSegment(engine, await hashing(), job, systemRandom, options)
      )
      if (!('value' in outcome)) return outcome
      const { pieces, parityCoefficients, pieceRoots, hash } = outcome.value
      return transfer(outcome, owned(pieces, parityCoefficients, pieceRoots, hash))
    },
    hashStart: id =>
      outcomeOf(async () => {
        if (hashes.size >= MAX_HASHES) throw new CraftecError('limit-exceeded', `${MAX_HASHES} hashes are open already`)
        hashes.set(id, new SlicedHash((await hashing()).stream()))
        return true as const
      }),
    hashUpdate: async (id, bytes) => {
      const outcome = await outcomeOf(async () => {
        await hashOf(id).update(bytes)
        return bytes
      })
      return 'value' in outcome ? transfer(outcome, owned(bytes)) : outcome
    },
    hashEnd: id =>
      outcomeOf(async () => {
        const hash = hashOf(id)
        hashes.delete(id)
        return hash.digest()
      }),
    cancel: id => running.get(id)?.abort()
  }
}

async function outcomeOf<T>(task: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { value: await task() }
  } catch (error) {
    return { error: CraftecError.from(error).toWire() }
  }
}

/** What a listener throws is its own affair: unhandled, it would end a worker thread. */
function silenced(onProgress: (fraction: number) => unknown): (fraction: number) => void {
  const report = async (fraction: number): Promise<unknown> => onProgress(fraction)
  return fraction => void report(fraction).catch(() => {})
}

/** The arrays that a job brings; what is no array in it is left to be refused by the codec. */
export function bytesOf(job: EncodeJob | DecodeJob | CommitJob): Uint8Array[] {
  return givenBy(job).filter(array => array instanceof Uint8Array)
}

function givenBy(job: EncodeJob | DecodeJob | CommitJob): unknown[] {
  if ('sourceBytes' in job) return [job.pieces]
  if ('source' in job) return [job.source]
  return Array.isArray(job.pieces) ? job.pieces.flatMap(piece => [piece?.coefficients, piece?.data]) : []
}

/** Gives the memory back at once. Engines without `transfer` (before 2024) leave it to the collector. */
function free(arrays: readonly Uint8Array[]): void {
  for (const buffer of owned(...arrays)) if (!buffer.detached) buffer.transfer?.(0)
}

/** The buffers behind `arrays` that can be transferred: shared ones stay where they are. */
function owned(...arrays: Uint8Array[]): ArrayBuffer[] {
  return arrays.map(array => array.buffer).filter(buffer => buffer instanceof ArrayBuffer)
}
