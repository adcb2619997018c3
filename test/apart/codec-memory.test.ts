import { describe, expect, it } from 'vitest'
import { createCodecPool } from '../../workers/codec/index.ts'

const GIB = 1024 ** 3
const MIB = 1024 ** 2
const [K, PIECE_BYTES, PARITY] = [40, 262_144, 8]
const SEGMENT_BYTES = K * PIECE_BYTES
const WORKERS = 2

/** Content made on the way, cheaply: no two segments are the same. */
function makeSegment(index: number): Uint8Array {
  const words = new Uint32Array(SEGMENT_BYTES / 4)
  words.fill(index)
  for (let at = 0; at < words.length; at += 1024) words[at] = at ^ index
  return new Uint8Array(words.buffer)
}

describe('a codec pool', () => {
  it('encodes 1 GiB within 96 MiB: heaps, buffers and WebAssembly of all threads', { timeout: 120_000 }, async () => {
    const pool = createCodecPool({ workers: WORKERS })
    // Two workers up, with their modules loaded, but no segment in them.
    const small = { k: 1, pieceBytes: 64, count: 1 }
    await Promise.all(Array.from({ length: WORKERS }, () => pool.encode({ ...small, source: new Uint8Array(64) })))
    const idle = process.memoryUsage.rss()
    let peak = idle
    let next = 0
    // One segment a worker in flight, as a caller with back-pressure has it.
    const encodeRest = async (): Promise<void> => {
      let into: Uint8Array = new Uint8Array(PARITY * PIECE_BYTES)
      while (next * SEGMENT_BYTES < GIB) {
        const job = { source: makeSegment(next++), k: K, pieceBytes: PIECE_BYTES, count: PARITY, into }
        const { pieces } = await pool.encode(job)
        into = pieces
        expect(pieces.length).toBe(PARITY * PIECE_BYTES)
        peak = Math.max(peak, process.memoryUsage.rss())
      }
    }
    await Promise.all(Array.from({ length: WORKERS }, encodeRest))
    await pool.dispose()
    expect((peak - idle) / MIB).toBeLessThanOrEqual(96)
    expect((peak - idle) / MIB).toBeGreaterThan((WORKERS * SEGMENT_BYTES) / MIB)
  })
})
