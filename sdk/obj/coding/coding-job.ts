/**
 * Whole-segment jobs, cut into stripes of a few milliseconds so that the thread they run on stays responsive and a cancelled job
 * really stops. The same code runs in a pool's workers and, where there are no workers, in the caller's own thread.
 */
import { type RandomBytes, throwIfAborted } from '../../async/index.ts'
import { CraftecError } from '../../errors/index.ts'
import type { CodingEngine } from './coding-engine.ts'
import { createDecoder } from './decoder.ts'
import { createEncoder } from './encoder.ts'
import { type CodedPiece, checkGeneration, type Generation } from './generation.ts'

/** Work between two looks at the signal. */
const SLICE_MS = 4
/** One step: 0.1 ms in WebAssembly, 4 ms in plain JavaScript for 8 rows of k = 40. */
const STEP_BYTES = 16_384
/** Twice what the largest generation has source pieces; a caller who needs more hands in more jobs. */
const MAX_CODED_PIECES = 256

export interface JobOptions {
  readonly signal?: AbortSignal | undefined
  /** Fraction done, 0..1, at most once a slice. */
  readonly onProgress?: ((fraction: number) => void) | undefined
}

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
}

export interface EncodeResult {
  /** One row of k scalars a piece, end to end. */
  readonly coefficients: Uint8Array
  /** The pieces end to end. */
  readonly pieces: Uint8Array
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
  if (source.length < 1 || source.length > k * pieceBytes)
    throw new CraftecError('invalid-argument', `a segment has 1..${k * pieceBytes} bytes, got ${source.length}`)
  if (!Number.isInteger(count) || count < 1 || count > MAX_CODED_PIECES)
    throw new CraftecError('invalid-argument', `a job makes 1..${MAX_CODED_PIECES} pieces, got ${count}`)
  const pieces = target(job.into, count * pieceBytes)
  const encoder = createEncoder(engine, job, random, source)
  try {
    const coefficients = random(count * k)
    await inSteps(pieceBytes, options, (from, to) => {
      const outputs = Array.from({ length: count }, (_, row) =>
        pieces.subarray(row * pieceBytes + from, row * pieceBytes + to)
      )
      encoder.combine(coefficients, outputs, from, to)
    })
    return { coefficients, pieces }
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
  const into = target(job.into, sizeBytes)
  const decoder = createDecoder(engine, job)
  try {
    for (const piece of pieces) if (!decoder.complete) decoder.add(piece)
    await inSteps(pieceBytes, options, (from, to) => decoder.decodeColumns(from, to, into))
    return into
  } finally {
    decoder.release()
  }
}

function target(given: Uint8Array | undefined, bytes: number): Uint8Array {
  if (given && given.length !== bytes)
    throw new CraftecError('invalid-argument', `the target must have ${bytes} bytes, got ${given.length}`)
  return given ?? new Uint8Array(bytes)
}

async function inSteps(
  pieceBytes: number,
  { signal, onProgress }: JobOptions,
  step: (from: number, to: number) => void
): Promise<void> {
  let sliceEnd = performance.now() + SLICE_MS
  for (let from = 0; from < pieceBytes; from += STEP_BYTES) {
    throwIfAborted(signal, 'coding')
    const to = Math.min(from + STEP_BYTES, pieceBytes)
    step(from, to)
    if (performance.now() < sliceEnd && to < pieceBytes) continue
    onProgress?.(to / pieceBytes)
    if (to < pieceBytes) await nextTask()
    sliceEnd = performance.now() + SLICE_MS
  }
}

/** A turn of the event loop. Not a timer: those are held back to 4 ms when nested, as long as the slice itself. */
function nextTask(): Promise<void> {
  return new Promise(resolve => {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(undefined)
  })
}
