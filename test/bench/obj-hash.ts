/**
 * Hashing what a publisher commits to: trees of pieces, a content as it streams past, and a whole segment with its coding. Baselines are
 * what one would use without a kernel: noble for both, and WebCrypto, which hashes fast but answers each leaf in a promise of its own.
 */
import { sha256 } from '@noble/hashes/sha2.js'
import { systemRandom } from '../../sdk/async/index.ts'
import { createNobleEngine } from '../../sdk/crypto/index.ts'
import { createWasmHashEngine } from '../../sdk/obj/hashing/wasm-hash-engine.ts'
import { commitSegment, DEFAULT_PIECE_BYTES, LEAF_BYTES, loadCodingEngine, parityPieces } from '../../sdk/obj/index.ts'
import { compileModule } from '../../sdk/wasm/index.ts'
import { createCodecPool } from '../../workers/index.ts'
import type { BenchSuite, Measurement } from './harness.ts'

const K = 40
const COUNT = K + parityPieces(K)
const ROUND_MS = 50
/** Segments in flight. */
const AT_ONCE = 3
/** Promises in flight: more did not make WebCrypto faster. */
const IN_FLIGHT = 64

export const suite: BenchSuite = {
  name: 'obj-hash',
  rounds: 9,
  warmUpRounds: 2,
  timeoutMs: 20_000,
  inWorker: true,
  open: async () => {
    const kernel = await compileModule(new URL('../../wasm/dist/obj-hash.wasm', import.meta.url))
    // Streams by the kernel also on Node, which has something better.
    const hashing = createWasmHashEngine(kernel, createNobleEngine())
    const coding = await loadCodingEngine()
    const piece = systemRandom(DEFAULT_PIECE_BYTES)
    const pieces = new Uint8Array(COUNT * DEFAULT_PIECE_BYTES)
    for (let at = 0; at < K * DEFAULT_PIECE_BYTES; at += piece.length) pieces.set(piece, at)
    const segment = pieces.subarray(0, K * DEFAULT_PIECE_BYTES)
    const stream = hashing.stream()
    const pool = createCodecPool()
    const inPool = await pool.hashStream()
    let rooms: Uint8Array[] = Array.from({ length: AT_ONCE }, () => pieces.slice())
    return {
      close: () => pool.dispose(),
      rows: [
        {
          measurement: rate('trees of pieces (wasm)', piece.length, () => hashing.pieceRoot(piece)),
          baseline: rate('noble', piece.length, () => nobleRoot(piece)),
          bar: { of: 'ratio', atLeast: 2.2 }
        },
        {
          measurement: rate('trees of pieces, beside WebCrypto', piece.length, () => hashing.pieceRoot(piece)),
          baseline: rate('its leaves only', piece.length, () => webCryptoLeaves(piece)),
          bar: { of: 'ratio', atLeast: 1.2 }
        },
        {
          measurement: rate('content as a stream (wasm)', piece.length, () => stream.update(piece)),
          baseline: rate('noble stream', piece.length / 4, () => sha256(piece.subarray(0, piece.length / 4))),
          bar: { of: 'ratio', atLeast: 1.3 }
        },
        {
          measurement: rate('a segment committed, in one thread', segment.length, async () => {
            await commitSegment(coding, hashing, job(pieces), systemRandom)
            hashing.stream().update(segment).digest()
          }),
          baseline: rate('the content hash alone', segment.length, () => hashing.stream().update(segment).digest()),
          bar: { of: 'ratio', atLeast: 0.28 }
        },
        {
          measurement: rate('a content committed, through the pool', AT_ONCE * segment.length, async () => {
            rooms = await Promise.all(
              rooms.map(async room => {
                const hashed = await inPool.update(room.subarray(0, segment.length))
                return (await pool.commit(job(new Uint8Array(hashed.buffer, 0, pieces.length)))).pieces
              })
            )
          }),
          baseline: rate('in one thread', segment.length, async () => {
            await commitSegment(coding, hashing, job(pieces), systemRandom)
            hashing.stream().update(segment).digest()
          })
          // no bar: how much a second thread gains is up to who else wants the cores
        }
      ]
    }
  }
}

function job(pieces: Uint8Array): Parameters<typeof commitSegment>[2] {
  return { k: K, pieceBytes: DEFAULT_PIECE_BYTES, pieces, sourceBytes: K * DEFAULT_PIECE_BYTES }
}

/** The tree as one would write it on the library. */
function nobleRoot(piece: Uint8Array): Uint8Array {
  let level: Uint8Array[] = []
  for (let at = 0; at < piece.length; at += LEAF_BYTES)
    level.push(
      sha256
        .create()
        .update(Uint8Array.of(0))
        .update(piece.subarray(at, at + LEAF_BYTES))
        .digest()
    )
  while (level.length > 1) {
    const above: Uint8Array[] = []
    for (let at = 0; at + 1 < level.length; at += 2) {
      const [left, right] = [level[at], level[at + 1]]
      if (left && right) above.push(sha256.create().update(Uint8Array.of(1)).update(left).update(right).digest())
    }
    level = above
  }
  return level[0] ?? piece
}

async function webCryptoLeaves(piece: Uint8Array): Promise<void> {
  const message = new Uint8Array(1 + LEAF_BYTES)
  let running: Promise<ArrayBuffer>[] = []
  for (let at = 0; at < piece.length; at += LEAF_BYTES) {
    message.set(piece.subarray(at, at + LEAF_BYTES), 1)
    running.push(crypto.subtle.digest('SHA-256', message.slice()))
    if (running.length < IN_FLIGHT) continue
    await Promise.all(running)
    running = []
  }
  await Promise.all(running)
}

function rate(id: string, bytes: number, run: () => unknown): Measurement {
  return {
    id,
    unit: 'MB/s',
    run: async () => {
      const started = performance.now()
      let calls = 0
      let elapsed = 0
      do {
        await run()
        calls++
        elapsed = performance.now() - started
      } while (elapsed < ROUND_MS)
      return (calls * bytes) / 1e3 / elapsed
    }
  }
}
