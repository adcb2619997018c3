/**
 * Whole-segment jobs, in steps of about a millisecond. The same code runs in a pool's workers and, where there are no workers, in the
 * caller's own thread.
 */
import type { RandomBytes } from '../../async/index.ts'
import { CraftecError } from '../../errors/index.ts'
import type { CodingEngine } from './coding-engine.ts'
import { createDecoder } from './decoder.ts'
import { createEncoder } from './encoder.ts'
import { type CodedPiece, checkGeneration, type Generation } from './generation.ts'
import { createPause, MAX_STEP_BYTES, runInSteps, type SliceOptions } from './stepped-work.ts'

/** Twice what the largest generation has source pieces; a caller who needs more hands in more jobs. */
const MAX_CODED_PIECES = 256

export type JobOptions = SliceOptions

export interface EncodeJob extends Generation {
  /** The segment, 1..k * pieceBytes bytes. */
  readonly source: Uint8Array
  /** Coded pieces to make, 1..256. */
  readonly count: number
  /**
   * Where the pieces go, end to end, `count * pieceBytes` bytes; default a new array. A pool's worker writes to shared memory in
   * place; any other array is transferred to it, and comes back as the result's.
   */
  readonly into?: Uint8Array
  /** Give the source back. Default: no; a pool's worker frees it, for a caller that forgets it would fill the memory with segments. */
  readonly returnSource?: boolean
}

export interface EncodeResult {
  /** One row of k scalars a piece, end to end. */
  readonly coefficients: Uint8Array
  /** The pieces end to end. */
  readonly pieces: Uint8Array
  /** If asked for: the job's source. Memory that is filled again costs no page faults, and leaves nothing to the collector. */
  readonly source?: Uint8Array
}

/** @throws CraftecError `invalid-argument` | `aborted` */
export async function encodeSegment(
  engine: CodingEngine,
  job: EncodeJob,
  random: RandomBytes,
  options: JobOptions = {}
): Promise<EncodeResult> {
  const { k, pieceBytes, source, count } = job
  checkGeneration(job)
  checkArray('source', source)
  if (source.length < 1 || source.length > k * pieceBytes)
    throw new CraftecError('invalid-argument', `a segment has 1..${k * pieceBytes} bytes, got ${source.length}`)
  if (!Number.isInteger(count) || count < 1 || count > MAX_CODED_PIECES)
    throw new CraftecError('invalid-argument', `a job makes 1..${MAX_CODED_PIECES} pieces, got ${count}`)
  const pieces = target(job.into, count * pieceBytes)
  // The encoder holds one step of each source piece, not all of them: that stays in the cache, and is 16 times less memory.
  const encoder = createEncoder(engine, { k, pieceBytes: Math.min(pieceBytes, MAX_STEP_BYTES) }, random)
  try {
    const coefficients = random(count * k)
    const step = (from: number, to: number): void => {
      for (let index = 0; index < k; index++) {
        const start = index * pieceBytes
        const columns = source.subarray(start + from, start + to)
        const target = encoder.source(index)
        target.set(columns)
        target.fill(0, columns.length, to - from)
      }
      const outputs = Array.from({ length: count }, (_, row) =>
        pieces.subarray(row * pieceBytes + from, row * pieceBytes + to)
      )
      encoder.combine(coefficients, outputs, 0, to - from)
    }
    await runInSteps({ bytes: pieceBytes, workPerByte: count * k, step }, options)
    return { coefficients, pieces, ...(job.returnSource ? { source } : {}) }
  } finally {
    encoder.release()
  }
}

export interface DecodeJob extends Generation {
  readonly pieces: readonly CodedPiece[]
  /** Bytes of the segment, at most k * pieceBytes. */
  readonly sizeBytes: number
  /** As for {@link EncodeJob}; `sizeBytes` bytes. */
  readonly into?: Uint8Array
}

/** @throws CraftecError `invalid-argument` when the pieces do not span the segment, `malformed` for a piece of another shape, `aborted` */
export async function decodeSegment(
  engine: CodingEngine,
  job: DecodeJob,
  options: JobOptions = {}
): Promise<Uint8Array> {
  const { k, pieceBytes, sizeBytes, pieces } = job
  checkGeneration(job)
  if (!Number.isInteger(sizeBytes) || sizeBytes < 1 || sizeBytes > k * pieceBytes)
    throw new CraftecError('invalid-argument', `a segment has 1..${k * pieceBytes} bytes, got ${sizeBytes}`)
  if (!Array.isArray(pieces))
    throw new CraftecError('invalid-argument', `pieces: expected a list, got ${typeof pieces}`)
  const into = target(job.into, sizeBytes)
  const decoder = createDecoder(engine, job)
  try {
    const pause = createPause(options.signal)
    for (const piece of pieces) {
      if (decoder.complete) break
      await pause()
      decoder.add(piece)
    }
    const workPerByte = (k - decoder.systematic) * k
    const step = (from: number, to: number): void => decoder.decodeColumns(from, to, into)
    await runInSteps({ bytes: pieceBytes, workPerByte, step }, options)
    return into
  } finally {
    decoder.release()
  }
}

function target(given: Uint8Array | undefined, bytes: number): Uint8Array {
  if (given !== undefined) checkArray('into', given)
  if (given && given.length !== bytes)
    throw new CraftecError('invalid-argument', `the target must have ${bytes} bytes, got ${given.length}`)
  return given ?? new Uint8Array(bytes)
}

/** Jobs come from other threads, and with them from callers without types. */
function checkArray(what: string, value: unknown): void {
  if (!(value instanceof Uint8Array))
    throw new CraftecError('invalid-argument', `${what}: expected bytes, got ${value === null ? 'null' : typeof value}`)
}
