/**
 * Long work cut into steps, so that the thread it runs on stays responsive and a cancelled job really stops: 5 ms after its signal at
 * the latest, on a fast machine with WebAssembly and on a slow one without.
 */
import { type Clock, systemClock, throwIfAborted } from '../../async/index.ts'

/** Work between two turns of the event loop, in which a signal can arrive: mostly one step. */
const SLICE_MS = 1
/**
 * What a step is sized for; a machine that is suddenly half as fast still ends it within the 5 ms. Half of this costs plain JavaScript a
 * sixth of its throughput.
 */
const STEP_MS = 1
/** Steps are whole columns of the kernels, and no longer than fits into a cache with all the inputs. */
const MIN_STEP_BYTES = 64
export const MAX_STEP_BYTES = 16_384
/** Multiplications in the first step: within STEP_MS also before the code is compiled. */
const FIRST_STEP_WORK = 262_144

export interface SliceOptions {
  readonly signal?: AbortSignal | undefined
  /** Fraction done, 0..1, at most once a slice; the last is 1. */
  readonly onProgress?: ((fraction: number) => void) | undefined
}

/** Call between two pieces of work, each of about a millisecond: gives the event loop its turn when a slice is over. */
export type Pause = () => Promise<void>

/** @returns a call that throws CraftecError `aborted` once the signal has fired */
export function createPause(
  signal: AbortSignal | undefined,
  clock: Pick<Clock, 'monotonic'> = systemClock,
  beforeTurn: () => void = () => {}
): Pause {
  let sliceStart = clock.monotonic()
  return async () => {
    if (clock.monotonic() - sliceStart >= SLICE_MS) {
      beforeTurn()
      await nextTask()
      sliceStart = clock.monotonic()
    }
    throwIfAborted(signal, 'coding')
  }
}

export interface SteppedWork {
  /** Bytes to go through. */
  readonly bytes: number
  /** Multiplications a byte. */
  readonly workPerByte: number
  /** Do bytes [from, to). `from` is a multiple of 64 and `to - from` at most {@link MAX_STEP_BYTES}. */
  step(from: number, to: number): void
}

/** @throws CraftecError `aborted`, and whatever `step` throws */
export async function runInSteps(
  { bytes, workPerByte, step }: SteppedWork,
  { signal, onProgress }: SliceOptions,
  clock: Pick<Clock, 'monotonic'> = systemClock
): Promise<void> {
  let stepBytes = MIN_STEP_BYTES
  while (stepBytes < MAX_STEP_BYTES && 2 * stepBytes * workPerByte <= FIRST_STEP_WORK) stepBytes *= 2
  let done = 0
  const pause = createPause(signal, clock, () => onProgress?.(done / bytes))
  throwIfAborted(signal, 'coding')
  while (done < bytes) {
    if (done > 0) await pause()
    const to = Math.min(done + stepBytes, bytes)
    const started = clock.monotonic()
    step(done, to)
    stepBytes = nextStepBytes(stepBytes, clock.monotonic() - started)
    done = to
  }
  onProgress?.(1)
}

function nextStepBytes(bytes: number, tookMs: number): number {
  if (tookMs > STEP_MS) return Math.max(bytes / 2, MIN_STEP_BYTES)
  return tookMs < STEP_MS / 3 ? Math.min(bytes * 2, MAX_STEP_BYTES) : bytes
}

/**
 * A turn of the event loop. Not a timer: those are held back to 4 ms when nested, longer than a slice. Node may answer a port of its
 * own before the ports that wait already, so there it is `setImmediate`, which comes after all of them.
 */
function nextTask(): Promise<void> {
  const { setImmediate } = globalThis as { setImmediate?: (task: () => void) => unknown }
  return new Promise(resolve => {
    if (setImmediate) {
      setImmediate(resolve)
      return
    }
    turns.waiting.push(resolve)
    turns.port ??= openTurns()
    turns.port.postMessage(undefined)
  })
}

/** One channel for all turns: opening one took longer than the turn. */
const turns: { port: MessagePort | undefined; readonly waiting: (() => void)[] } = { port: undefined, waiting: [] }

function openTurns(): MessagePort {
  const { port1, port2 } = new MessageChannel()
  port1.onmessage = () => turns.waiting.shift()?.()
  return port2
}
