/**
 * The codec pool around the kernels: what handing over costs, what a second worker brings, how soon a job ends that is cancelled.
 * In a process (a page) of its own: workers that share the cores with another suite's compiler and collector threads are timed
 * with them. In the browser it runs in a worker, and the pool's workers are nested in it.
 */
import { systemRandom } from '../../sdk/async/index.ts'
import { CraftecError } from '../../sdk/errors/index.ts'
import { createEncoder, loadCodingEngine } from '../../sdk/obj/index.ts'
import { type CodecPool, createCodecPool } from '../../workers/codec/index.ts'
import type { Bench, BenchSuite, Measurement } from './harness.ts'
import { spinControl } from './spin/spin-control.ts'

const K = 40
const PIECE_BYTES = 262_144
const SEGMENT_BYTES = K * PIECE_BYTES
const PARITY = 8
/** A quarter of a second of work for two workers: what starts and ends a run is a small part of it. */
const SEGMENTS = 24
/** Of which the best counts, on both sides. */
const SCALING_TURNS = 10
/** A task that has slept is given a core for some milliseconds, one that has used its share may lose it in the middle of a run. */
const REST_MS = 5

export const suite: BenchSuite = {
  name: 'rlnc-pool',
  rounds: 9,
  warmUpRounds: 2,
  timeoutMs: 60_000,
  inWorker: true,
  open
}

async function open(): Promise<Bench> {
  const source = systemRandom(SEGMENT_BYTES)
  const engine = await loadCodingEngine({})
  const encoder = createEncoder(engine, { k: K, pieceBytes: PIECE_BYTES }, systemRandom, source)
  const rows = systemRandom(PARITY * K)
  const outputs = Array.from({ length: PARITY }, () => new Uint8Array(PIECE_BYTES))
  const pair = createCodecPool({ workers: 2 })
  const single = createCodecPool({ workers: 1 })
  const slow = createCodecPool({ workers: 1, engine: 'js' })
  const spins = spinControl()

  const endToEnd = shortest('encode 8 through the pool', async () => {
    const segment = source.slice()
    const started = performance.now()
    await single.encode({ source: segment, k: K, pieceBytes: PIECE_BYTES, count: PARITY })
    return performance.now() - started
  })
  const kernel = shortest('encode 8, kernel', async () => {
    const started = performance.now()
    encoder.combine(rows, outputs, 0, PIECE_BYTES)
    return performance.now() - started
  })
  // As a caller with a long file has it: one segment more in flight than there are workers, each in memory that an earlier one was in.
  const rooms: { source: Uint8Array; into: Uint8Array }[] = [0, 1, 2].map(() => ({
    source: source.slice(),
    into: new Uint8Array(2 * PARITY * PIECE_BYTES)
  }))
  const encodeMany = async (pool: CodecPool, workers: number): Promise<number> => {
    let left = SEGMENTS
    const started = performance.now()
    await Promise.all(
      rooms.slice(0, workers + 1).map(async room => {
        while (left > 0) {
          left--
          const job = { ...room, k: K, pieceBytes: PIECE_BYTES, count: 2 * PARITY, returnSource: true }
          const done = await pool.encode(job)
          room.source = done.source ?? source.slice()
          room.into = done.pieces
        }
      })
    )
    return performance.now() - started
  }
  const scaling: Measurement = {
    id: `${SEGMENTS} segments, 2 workers over 1`,
    unit: 'x',
    // In turns: what else the machine does with its memory and cores changes from one half second to the next, and two workers need both cores whole.
    run: async () => {
      const [alone, together]: [number[], number[]] = [[], []]
      for (let turn = 0; turn < SCALING_TURNS; turn++) {
        alone.push(await encodeMany(single, 1))
        together.push(await encodeMany(pair, 2))
      }
      return Math.min(...alone) / Math.min(...together)
    }
  }
  const cancelled: Measurement = {
    id: 'a cancelled job in JS, until it has ended',
    unit: 'ms',
    run: () => cancelNine(slow)
  }
  return {
    rows: [
      { measurement: endToEnd, baseline: kernel, bar: { of: 'ratio', atMost: 2.5 } },
      // For an idle machine: what spinning gains in the same rounds tells whether this one was.
      { measurement: scaling, baseline: spins, bar: { of: 'figure', atLeast: 1.6 } },
      { measurement: cancelled, bar: { of: 'figure', atMost: 5 } }
    ],
    close: async () => {
      encoder.release()
      await Promise.all([pair.dispose(), single.dispose(), slow.dispose(), spins.close()])
    }
  }
}

/** Milliseconds: both sides of a ratio wait for a core on a busy machine, the longer one more often. */
function shortest(id: string, task: () => Promise<number>): Measurement {
  return { id, unit: 'ms', run: () => least(8, task) }
}

async function least(runs: number, task: () => Promise<number>): Promise<number> {
  let best = Number.POSITIVE_INFINITY
  for (let run = 0; run < runs; run++) {
    await new Promise(resolve => setTimeout(resolve, REST_MS))
    best = Math.min(best, await task())
  }
  return best
}

/** Milliseconds from a signal to the end of the job that it cancels; nine of them. */
async function cancelNine(pool: CodecPool): Promise<number[]> {
  const samples: number[] = []
  while (samples.length < 9) {
    const controller = new AbortController()
    const source = new Uint8Array(SEGMENT_BYTES).fill(samples.length)
    const started = Promise.withResolvers<void>()
    const job = pool.encode(
      { source, k: K, pieceBytes: PIECE_BYTES, count: K },
      { signal: controller.signal, onProgress: () => started.resolve() }
    )
    const outcome = job.catch((error: unknown) => error)
    await Promise.race([started.promise, outcome])
    const abortedAt = performance.now()
    controller.abort()
    if (!((await outcome) instanceof CraftecError)) throw new Error('the job ended before it was cancelled')
    samples.push(performance.now() - abortedAt)
  }
  return samples
}
