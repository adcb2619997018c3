/**
 * A thread that runs cases one after the other and tells which one it is at, in shared memory: whoever watches sees a loop
 * without end and a promise that never settles alike.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { createFlightFuzzer, type Verdict } from './flight-fuzzer.ts'
import type { MemorySample } from './memory-verdict.ts'

export interface FuzzOrder {
  readonly seed: number
  readonly first: number
  /** How many cases. */
  readonly count: number
  /** Stop after so many milliseconds. */
  readonly timeMs: number
  /** Number of the case at hand, one Int32. */
  readonly progress: SharedArrayBuffer
  readonly sampleEvery: number
}

export type FuzzReport =
  | { readonly kind: 'sample'; readonly cases: number; readonly memory: MemorySample }
  | { readonly kind: 'failure'; readonly caseNumber: number; readonly what: string }
  | {
      readonly kind: 'end'
      readonly cases: number
      readonly repeated: number
      readonly verdicts: Record<string, number>
    }

/** One case in so many is run again on WebCrypto itself, and the verdict has to be the same. */
const REPEAT_EVERY = 250

const { seed, first, count, timeMs, progress, sampleEvery } = workerData as FuzzOrder
const at = new Int32Array(progress)
const { gc } = globalThis
const report = (message: FuzzReport): void => parentPort?.postMessage(message)
const onWebCrypto = await createFlightFuzzer({ crypto: 'webcrypto' })
const fuzzer = await createFlightFuzzer()

const verdicts: Record<string, number> = {}
const started = performance.now()
let cases = 0
let repeated = 0
for (; cases < count && performance.now() - started < timeMs; cases++) {
  const caseNumber = first + cases
  Atomics.store(at, 0, caseNumber)
  const verdict = await fuzzer.run(seed, caseNumber)
  verdicts[nameOf(verdict)] = (verdicts[nameOf(verdict)] ?? 0) + 1
  if (verdict.kind === 'wrong') report({ kind: 'failure', caseNumber, what: verdict.what })
  if (cases % REPEAT_EVERY === 0) {
    repeated++
    const again = await onWebCrypto.run(seed, caseNumber)
    if (nameOf(again) !== nameOf(verdict))
      report({ kind: 'failure', caseNumber, what: `${nameOf(verdict)}, but on WebCrypto ${nameOf(again)}` })
  }
  if (cases % sampleEvery === sampleEvery - 1) report({ kind: 'sample', cases: cases + 1, memory: await sample() })
}
report({ kind: 'end', cases, repeated, verdicts })

function nameOf(verdict: Verdict): string {
  return verdict.kind === 'refused' ? verdict.code : verdict.kind
}

async function sample(): Promise<MemorySample> {
  // What hangs on a timer or a task that is still to come is not a leak.
  await new Promise(resolve => setImmediate(resolve))
  gc?.()
  const { heapUsed, arrayBuffers, rss } = process.memoryUsage()
  return { heapBytes: heapUsed + arrayBuffers, residentBytes: rss }
}
