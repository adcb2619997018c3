import { afterEach, describe, expect, it } from 'vitest'
import { systemRandom } from '../../sdk/async/index.ts'
import { sha256 } from '../../sdk/crypto/index.ts'
import { commitSegment, createJsEngine, describeCommitted, hashSegment } from '../../sdk/obj/index.ts'
import { hashing } from '../../test/kit/published-content.ts'
import { type CodecPool, createCodecPool } from './codec-pool.ts'

const [K, COUNT, PIECE_BYTES] = [6, 8, 32_768]
const SEGMENT = systemRandom(K * PIECE_BYTES - 99)
const room = (): Uint8Array => {
  // Old bytes where zeros belong: the job must not rely on a clean buffer.
  const pieces = new Uint8Array(COUNT * PIECE_BYTES).fill(0xaa)
  pieces.set(SEGMENT)
  return pieces
}
const job = () => ({ k: K, pieceBytes: PIECE_BYTES, pieces: room(), sourceBytes: SEGMENT.length })

let pool: CodecPool | undefined
afterEach(() => pool?.dispose())

describe.each([0, 2])('a codec pool with %i workers', workers => {
  it('commits to a segment as one thread does', async () => {
    pool = createCodecPool({ workers })
    const made = await pool.commit(job())
    const expected = await commitSegment(createJsEngine(), hashing, job(), () => made.parityCoefficients.slice())
    expect(Buffer.compare(made.pieces, expected.pieces)).toBe(0)
    expect(made.pieceRoots).toEqual(expected.pieceRoots)
    expect(made.hash).toEqual(await hashSegment(hashing, SEGMENT, PIECE_BYTES))
    expect(made.pieces.subarray(SEGMENT.length, K * PIECE_BYTES).every(byte => byte === 0)).toBe(true)
    expect(describeCommitted(hashing, K, made).segment.committed).toBe(COUNT)
  })

  it('refuses buffers that do not fit the segment', async () => {
    pool = createCodecPool({ workers })
    for (const wrong of [
      { pieces: new Uint8Array((K - 1) * PIECE_BYTES) },
      { pieces: new Uint8Array(COUNT * PIECE_BYTES - 1) },
      { sourceBytes: K * PIECE_BYTES + 1 },
      { sourceBytes: (K - 1) * PIECE_BYTES },
      { sourceBytes: 0 }
    ])
      await expect(pool.commit({ ...job(), ...wrong })).rejects.toMatchObject({ code: 'invalid-argument' })
  })

  it('hashes messages in the order of their parts, several at once, beside jobs, and gives the buffers back', async () => {
    pool = createCodecPool({ workers })
    const messages = [systemRandom(700_001), systemRandom(64), new Uint8Array(0)]
    const work = pool.commit(job())
    const hashes = await Promise.all(messages.map(() => pool?.hashStream()))
    const digests = await Promise.all(
      hashes.map(async (hash, index) => {
        const message = messages[index] ?? new Uint8Array(0)
        const parts = [message.slice(0, 1000), message.slice(1000)]
        const back = parts.map(part => hash?.update(part))
        const digest = hash?.digest()
        expect(Buffer.concat(((await Promise.all(back)) as Uint8Array[]).map(part => part))).toEqual(
          Buffer.from(message)
        )
        return digest
      })
    )
    expect(digests).toEqual(messages.map(message => sha256(message)))
    await work
  })

  it('forgets messages that were given up, and refuses more than it can hold', async () => {
    pool = createCodecPool({ workers: Math.min(workers, 1) })
    const open = await Promise.all(Array.from({ length: 64 }, () => pool?.hashStream()))
    await expect(pool.hashStream()).rejects.toMatchObject({ code: 'limit-exceeded' })
    open[0]?.cancel()
    await expect(pool.hashStream()).resolves.toBeDefined()
    await pool.dispose()
    await expect(open[1]?.update(new Uint8Array(1))).rejects.toMatchObject({ code: 'stopped' })
  })
})
