import { afterEach, describe, expect, it } from 'vitest'
import { systemRandom } from '../../sdk/async/index.ts'
import { type CodedPiece, createJsEngine, type DecodeJob, decodeSegment, encodeSegment } from '../../sdk/obj/index.ts'
import { type CodecPool, type CodecPoolOptions, createCodecPool } from './codec-pool.ts'
import { type CodecWorker, spawnWorker } from './worker-endpoint.ts'

const K = 8
const PIECE_BYTES = 32_768
const SEGMENT = systemRandom(K * PIECE_BYTES - 77)

let pool: CodecPool | undefined
const open = (options: CodecPoolOptions = {}): CodecPool => {
  pool = createCodecPool({ workers: 2, ...options })
  return pool
}
afterEach(() => pool?.dispose())

const job = (count = K) => ({ source: SEGMENT.slice(), k: K, pieceBytes: PIECE_BYTES, count })
/** Seconds of work without WebAssembly. */
const longJob = () => ({ source: systemRandom(64 * 262_144), k: 64, pieceBytes: 262_144, count: 64 })
const slow = { engine: 'js' } as const

function split({ coefficients, pieces }: { coefficients: Uint8Array; pieces: Uint8Array }): CodedPiece[] {
  return Array.from({ length: coefficients.length / K }, (_, row) => ({
    coefficients: coefficients.slice(row * K, (row + 1) * K),
    data: pieces.slice(row * PIECE_BYTES, (row + 1) * PIECE_BYTES)
  }))
}

/** Workers load their modules first; on a busy machine that takes seconds each. */
const TIMEOUT_MS = 60_000

describe.each([0, 2])('a codec pool with %i workers', { timeout: TIMEOUT_MS }, workers => {
  it('codes and decodes segments, several at once', async () => {
    const pool = open({ workers })
    await Promise.all(
      Array.from({ length: 5 }, async () => {
        const made = split(await pool.encode(job(K + 2)))
        const segment = await pool.decode({ pieces: made, k: K, pieceBytes: PIECE_BYTES, sizeBytes: SEGMENT.length })
        expect(Buffer.compare(segment, SEGMENT)).toBe(0)
      })
    )
    expect(pool.size).toBe(Math.max(workers, 1))
  })

  it('gives what plain JavaScript gives for the same coefficients', async () => {
    const { coefficients, pieces } = await open({ workers }).encode(job())
    const expected = await encodeSegment(createJsEngine(), job(), () => coefficients)
    expect(Buffer.compare(pieces, expected.pieces)).toBe(0)
    expect(
      Buffer.compare(
        await decodeSegment(createJsEngine(), {
          pieces: split({ coefficients, pieces }),
          k: K,
          pieceBytes: PIECE_BYTES,
          sizeBytes: SEGMENT.length
        }),
        SEGMENT
      )
    ).toBe(0)
  })

  it('stops a cancelled job at once and stays usable; waiting jobs can be cancelled too', async () => {
    const pool = open({ workers, ...slow })
    const controllers = Array.from({ length: 4 }, () => new AbortController())
    let started = (): void => {}
    const running = new Promise<void>(resolve => {
      started = resolve
    })
    const jobs = controllers.map(({ signal }) => pool.encode(longJob, { signal, onProgress: started }))
    const outcomes = Promise.allSettled(jobs)
    await running
    for (const controller of controllers) controller.abort()
    for (const outcome of await outcomes)
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'aborted' } })
    expect(pool.waiting).toBe(0)
    await expect(pool.encode(job(1))).resolves.toBeDefined()
  })

  it('reports progress that only grows and ends at 1', async () => {
    const fractions: number[] = []
    await open({ workers, ...slow }).encode(
      { source: systemRandom(16 * 262_144), k: 16, pieceBytes: 262_144, count: 4 },
      { onProgress: fraction => fractions.push(fraction) }
    )
    // The last report crosses on a port of its own and may come after the result.
    await expect.poll(() => fractions.at(-1)).toBe(1)
    expect(fractions.length).toBeGreaterThan(2)
    expect(fractions).toEqual(fractions.toSorted((a, b) => a - b))
  })

  it('refuses wrong shapes with a typed error and keeps working', async () => {
    const pool = open({ workers })
    await expect(pool.encode({ ...job(), k: 129 })).rejects.toMatchObject({ code: 'invalid-argument' })
    await expect(pool.encode({ ...job(), source: new Uint8Array(0) })).rejects.toMatchObject({
      code: 'invalid-argument'
    })
    await expect(pool.decode({ pieces: [], k: K, pieceBytes: PIECE_BYTES, sizeBytes: 1 })).rejects.toMatchObject({
      code: 'invalid-argument'
    })
    for (const pieces of [undefined, null, 7, 'x', {}])
      await expect(
        pool.decode({ pieces, k: K, pieceBytes: PIECE_BYTES, sizeBytes: 1 } as unknown as DecodeJob)
      ).rejects.toMatchObject({ code: 'invalid-argument' })
    await expect(
      pool.decode({
        pieces: [{ coefficients: new Uint8Array(3), data: new Uint8Array(9) }],
        k: K,
        pieceBytes: PIECE_BYTES,
        sizeBytes: 1
      })
    ).rejects.toMatchObject({ code: 'malformed' })
    await expect(pool.encode(job(1))).resolves.toBeDefined()
  })

  it('ends: running and waiting jobs reject, later ones too', async () => {
    const pool = open({ workers, ...slow })
    const outcomes = Promise.allSettled(Array.from({ length: 4 }, () => pool.encode(longJob)))
    await pool.dispose()
    await pool.dispose()
    for (const outcome of await outcomes)
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'stopped' } })
    await expect(pool.encode(job())).rejects.toMatchObject({ code: 'stopped' })
  })
})

describe('workers', { timeout: TIMEOUT_MS }, () => {
  it('are handed the buffer itself, not a copy, and give it back when asked to', async () => {
    const given = job(1)
    expect(await open().encode(given)).not.toHaveProperty('source')
    expect(given.source.length).toBe(0)
    const { source } = await open().encode({ ...job(1), returnSource: true })
    expect(source).toEqual(job(1).source)
  })

  it('write into shared memory where the caller has it', async () => {
    const into = new Uint8Array(new SharedArrayBuffer(2 * PIECE_BYTES))
    const { coefficients, pieces } = await open().encode({ ...job(2), into })
    expect(pieces.buffer).toBeInstanceOf(SharedArrayBuffer)
    const expected = await encodeSegment(createJsEngine(), job(2), () => coefficients)
    expect(Buffer.compare(into, expected.pieces)).toBe(0)
  })

  it('write into an array of the caller that is not shared, which comes back as the result', async () => {
    const into = new Uint8Array(2 * PIECE_BYTES)
    const { coefficients, pieces } = await open().encode({ ...job(2), into })
    expect(into.length).toBe(0)
    const expected = await encodeSegment(createJsEngine(), job(2), () => coefficients)
    expect(Buffer.compare(pieces, expected.pieces)).toBe(0)
  })

  it('refuse bytes that cannot be transferred, and go on', async () => {
    const pool = open({ workers: 1 })
    const gone = job(1)
    await pool.encode(gone)
    const memory = new WebAssembly.Memory({ initial: 8 })
    const source = new Uint8Array(memory.buffer, 0, SEGMENT.length)
    await expect(pool.encode({ ...job(1), source })).rejects.toMatchObject({ code: 'invalid-argument' })
    await expect(pool.encode(gone)).rejects.toMatchObject({ code: 'invalid-argument' })
    await expect(pool.encode(job(1))).resolves.toBeDefined()
  })

  it('that do not answer a cancelled job are ended and replaced', async () => {
    const controller = new AbortController()
    let deaf = true
    const pool = open({
      workers: 1,
      spawn: url => {
        const worker = spawnWorker(url)
        const { endpoint } = worker
        const postMessage: typeof endpoint.postMessage = (message: { path?: string[] }, transfer) => {
          const path = message.path?.[0]
          if (!deaf || path === 'start') endpoint.postMessage(message, transfer)
          else if (path === 'encode') queueMicrotask(() => controller.abort())
        }
        return { ...worker, endpoint: { ...endpoint, postMessage } }
      }
    })
    await pool.engine()
    const outcome = pool.encode(job(1), { signal: controller.signal })
    await expect(outcome).rejects.toMatchObject({ code: 'aborted' })
    deaf = false
    await expect(pool.encode(job(1))).resolves.toBeDefined()
  })

  it('outlive a progress listener that throws', async () => {
    const pool = open({ workers: 1 })
    const onProgress = (): void => {
      throw new RangeError('a listener')
    }
    await expect(pool.encode(job(1), { onProgress })).resolves.toBeDefined()
    await expect(pool.encode(job(1), { onProgress })).resolves.toBeDefined()
    expect(pool.size).toBe(1)
  })

  /** Workers whose first `mortal` die when they get their first job. */
  const mortals = (mortal: number): ((url?: string | URL) => CodecWorker) => {
    let spawned = 0
    return url => {
      const worker = spawnWorker(url)
      if (spawned++ >= mortal) return worker
      const { endpoint } = worker
      return {
        ...worker,
        endpoint: {
          ...endpoint,
          postMessage: (message: { path?: string[] }, transfer?: Transferable[]) => {
            endpoint.postMessage(message, transfer)
            if (message.path?.[0] === 'encode') worker.terminate()
          }
        }
      }
    }
  }

  it('that die are replaced, and a job given as a function is run once more', async () => {
    const pool = open({ workers: 1, spawn: mortals(1) })
    let asked = 0
    const { pieces } = await pool.encode(() => {
      asked++
      return job(1)
    })
    expect(pieces.length).toBe(PIECE_BYTES)
    expect(asked).toBe(2)
  })

  it('that die twice, or with a buffer that is gone, fail the job and not the pool', async () => {
    const pool = open({ workers: 1, spawn: mortals(3) })
    await expect(pool.encode(job(1))).rejects.toMatchObject({ code: 'internal' })
    await expect(pool.encode(() => job(1))).rejects.toMatchObject({ code: 'internal' })
    await expect(pool.encode(() => job(1))).resolves.toBeDefined()
  })

  it('have their next job in hand while they work, and give it up when it is cancelled', async () => {
    const pool = open({ workers: 1, ...slow })
    await pool.engine()
    const [first, second] = [new AbortController(), new AbortController()]
    const [running, ready, waiting] = [job(256), job(256), job(256)] as const
    const ended: string[] = []
    const note = (name: string) => (error: { code: string }) => void ended.push(`${name} ${error.code}`)
    const jobs = [
      pool.encode(running, { signal: first.signal }).catch(note('first')),
      pool.encode(ready, { signal: second.signal }).catch(note('second')),
      pool.encode(waiting).then(() => ended.push('third'))
    ]
    expect(pool.waiting).toBe(1)
    await expect.poll(() => ready.source.length).toBe(0)
    expect(waiting.source.length).toBeGreaterThan(0)
    second.abort()
    await jobs[1]
    first.abort()
    await Promise.all(jobs)
    expect(ended).toEqual(['second aborted', 'first aborted', 'third'])
  })

  it('share the jobs evenly, and the one that hashes comes last', async () => {
    const given: CodecWorker[] = []
    const pool = open({
      spawn: url => {
        const worker = spawnWorker(url)
        const { endpoint } = worker
        const postMessage: typeof endpoint.postMessage = (message: { path?: string[] }, transfer) => {
          if (message.path?.[0] === 'encode' || message.path?.[0] === 'hashStart') given.push(worker)
          endpoint.postMessage(message, transfer)
        }
        return { ...worker, endpoint: { ...endpoint, postMessage } }
      }
    })
    const hash = await pool.hashStream()
    for (let i = 0; i < 3; i++) await pool.encode(job(1))
    const [hashing, other] = given
    expect(other).not.toBe(hashing)
    expect(given).toEqual([hashing, other, other, other])
    await hash.digest()
    given.length = 0
    await Promise.all(Array.from({ length: 4 }, () => pool.encode(job(1))))
    expect(new Set(given.slice(0, 2)).size).toBe(2)
    expect(new Set(given.slice(2)).size).toBe(2)
  })

  it('hold at most 256 jobs waiting, beside those that they have', async () => {
    const pool = open({ workers: 1, ...slow })
    const outcomes = Array.from({ length: 259 }, () =>
      pool.encode(longJob).catch((error: { code: string }) => error.code)
    )
    expect(await outcomes[258]).toBe('limit-exceeded')
    await pool.dispose()
    expect(new Set(await Promise.all(outcomes.slice(0, 258)))).toEqual(new Set(['stopped']))
  })
})
