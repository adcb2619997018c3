/** Does a long run hold on to memory? Judged by samples taken at even distances, each after a collection. */

export interface MemorySample {
  /** Heap in use and array buffers, in bytes. */
  readonly heapBytes: number
  /** Of the whole process, in bytes. */
  readonly residentBytes: number
}

export interface MemoryVerdict {
  readonly flat: boolean
  readonly heapGrowthBytes: number
  readonly residentGrowthBytes: number
}

/** Code that is compiled late, and sessions whose turn comes late. */
const WARM_UP_SAMPLES = 3
const MIN_SAMPLES = 12
/** In a million flights this is 6 bytes each. */
const MAX_HEAP_GROWTH_BYTES = 4 * 2 ** 20
/** The allocator gives pages back when it likes. */
const MAX_RESIDENT_GROWTH_BYTES = 48 * 2 ** 20

/** @returns `undefined` for a run too short to say */
export function judgeMemory(samples: readonly MemorySample[]): MemoryVerdict | undefined {
  if (samples.length < MIN_SAMPLES) return undefined
  const warm = samples.slice(WARM_UP_SAMPLES)
  const third = Math.floor(warm.length / 3)
  const growth = (of: (sample: MemorySample) => number): number =>
    median(warm.slice(-third).map(of)) - median(warm.slice(0, third).map(of))
  const heapGrowthBytes = growth(sample => sample.heapBytes)
  const residentGrowthBytes = growth(sample => sample.residentBytes)
  const flat = heapGrowthBytes <= MAX_HEAP_GROWTH_BYTES && residentGrowthBytes <= MAX_RESIDENT_GROWTH_BYTES
  return { flat, heapGrowthBytes, residentGrowthBytes }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}
