import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { systemRandom } from '../../async/index.ts'
import type { CombineRequest, Workspace } from './coding-engine.ts'
import { type CodingEngine, createJsEngine, decodeSegment, encodeSegment } from './index.ts'
import { createPause, MAX_STEP_BYTES, runInSteps } from './stepped-work.ts'

/** Of the 5 ms that a cancelled job has, 2 are for threads that wait for a core. */
const STOP_MS = 3

/** A machine of so many multiplications a millisecond, and what its event loop sees of the work on it. */
function machine(speed: number) {
  let nowMs = 0
  return {
    clock: { monotonic: () => nowMs },
    work: (multiplications: number): void => {
      nowMs += multiplications / speed
    }
  }
}

describe('work in steps', () => {
  it('gives the event loop its turn within 3 ms, whatever the machine and the shape', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 128 }),
        fc.integer({ min: 1, max: 128 }),
        fc.integer({ min: 1, max: 300_000 }),
        // from plain JavaScript on a phone to WebAssembly on a desktop
        fc.integer({ min: 700_000, max: 40_000_000 }),
        async (k, rows, bytes, speed) => {
          const { clock, work } = machine(speed)
          let turnMs = 0
          let longestMs = 0
          // Progress is reported when a turn is given; that it is, the job below proves.
          const onProgress = (): void => {
            turnMs = clock.monotonic()
          }
          const seen: number[] = []
          const step = (from: number, to: number): void => {
            expect(from % 64).toBe(0)
            expect(from).toBe(seen.at(-1) ?? 0)
            expect(to - from).toBeLessThanOrEqual(MAX_STEP_BYTES)
            seen.push(to)
            work((to - from) * rows * k)
            longestMs = Math.max(longestMs, clock.monotonic() - turnMs)
          }
          await runInSteps({ bytes, workPerByte: rows * k, step }, { onProgress }, clock)
          expect(seen.at(-1)).toBe(bytes)
          expect(longestMs).toBeLessThanOrEqual(STOP_MS)
        }
      ),
      { numRuns: 60 }
    )
  })

  it('follows a machine that becomes slower', async () => {
    let speed = 40_000_000
    let nowMs = 0
    const took: number[] = []
    const step = (from: number, to: number): void => {
      if (from >= 100_000) speed = 800_000
      const ms = ((to - from) * 1_600) / speed
      nowMs += ms
      took.push(ms)
    }
    await runInSteps({ bytes: 262_144, workPerByte: 1_600, step }, {}, { monotonic: () => nowMs })
    expect(took.filter(ms => ms > 2).length).toBeLessThanOrEqual(5)
    expect(took.slice(-20).every(ms => ms <= 2)).toBe(true)
  })

  it('reports progress that grows, at most once a slice, and ends at 1', async () => {
    const { clock, work } = machine(1_000_000)
    const fractions: number[] = []
    const job = { bytes: 100_000, workPerByte: 300, step: (from: number, to: number) => work((to - from) * 300) }
    await runInSteps(job, { onProgress: fraction => fractions.push(fraction) }, clock)
    expect(fractions.at(-1)).toBe(1)
    expect(fractions.length).toBeGreaterThan(5)
    expect(fractions.length).toBeLessThanOrEqual(30 + 1)
    expect(fractions).toEqual(fractions.toSorted((a, b) => a - b))
  })

  it('does nothing after its signal, nor when the signal has fired before', async () => {
    const { clock, work } = machine(1_000)
    const controller = new AbortController()
    let steps = 0
    const step = (from: number, to: number): void => {
      work(to - from)
      steps++
      if (steps === 10) controller.abort()
      expect(steps).toBeLessThanOrEqual(10)
    }
    const { signal } = controller
    const job = { bytes: 1_000_000, workPerByte: 1, step }
    await expect(runInSteps(job, { signal }, clock)).rejects.toMatchObject({ code: 'aborted' })
    await expect(runInSteps(job, { signal }, clock)).rejects.toMatchObject({ code: 'aborted' })
    await expect(createPause(signal, clock)()).rejects.toMatchObject({ code: 'aborted' })
    expect(steps).toBe(10)
  })
})

/** An engine that tells of every combination it makes. */
function watched(engine: CodingEngine, onCombine: (request: CombineRequest) => void): CodingEngine {
  return {
    name: engine.name,
    workspace: shape => {
      const workspace: Workspace = engine.workspace(shape)
      return new Proxy(workspace, {
        get: (target, key) => {
          if (key === 'combine')
            return (request: CombineRequest) => {
              onCombine(request)
              target.combine(request)
            }
          const value: unknown = Reflect.get(target, key, target)
          return typeof value === 'function' ? value.bind(target) : value
        }
      })
    }
  }
}

describe('a job in the thread of its caller', () => {
  const [k, pieceBytes] = [40, 262_144]
  const source = systemRandom(k * pieceBytes)

  it('hears a signal that fires while it runs, and combines nothing more', async () => {
    const controller = new AbortController()
    let combinedAfter = 0
    let combined = 0
    const engine = watched(createJsEngine(), () => {
      combined++
      if (controller.signal.aborted) combinedAfter++
      // Fires in the next turn that the job gives away.
      if (combined === 3) setImmediate(() => controller.abort())
    })
    const job = encodeSegment(engine, { source, k, pieceBytes, count: 8 }, systemRandom, { signal: controller.signal })
    await expect(job).rejects.toMatchObject({ code: 'aborted' })
    expect(combinedAfter).toBe(0)
    expect(combined).toBeLessThan(pieceBytes / 1_024)
  })

  it('hears a signal while it still takes in the pieces of a segment', async () => {
    const controller = new AbortController()
    const pieces = Array.from({ length: k }, (_, index) => ({
      coefficients: Uint8Array.from({ length: k }, (_, i) => Number(i <= index)),
      get data() {
        if (index === 7) controller.abort()
        expect(index).toBeLessThanOrEqual(8)
        return source.subarray(index * pieceBytes, (index + 1) * pieceBytes)
      }
    }))
    const job = { pieces, k, pieceBytes, sizeBytes: source.length }
    await expect(decodeSegment(createJsEngine(), job, { signal: controller.signal })).rejects.toMatchObject({
      code: 'aborted'
    })
  })
})
