import { describe, expect, it } from 'vitest'
import { unitVector } from '../coding/index.ts'
import { encodeProvenance } from '../piece/index.ts'
import type { PieceRecord } from '../store/index.ts'
import { IndexSet } from './index-set.ts'
import { ReadAhead } from './read-ahead.ts'

const K = 40
const PIECE_BYTES = 256 * 1024
const id = (fill: number) => new Uint8Array(32).fill(fill)
const record = (index: number): PieceRecord => ({
  id: id(index),
  coefficients: unitVector(K, index),
  root: id(index),
  provenance: encodeProvenance({ kind: 'committed', index, path: new Uint8Array(0) })
})
const want = (...indices: readonly number[]) => ({
  manifestId: id(0),
  segment: 0,
  committed: IndexSet.of(...indices),
  recoded: 0,
  fresh: 0,
  rows: []
})

/** Answers a read when told to; counts what is asked of it. */
function slowStore(pieces: number) {
  const started: number[] = []
  const answers = new Map<number, () => void>()
  let [lookups, reading, most] = [0, 0, 0]
  const store = {
    pieces: async () => {
      lookups++
      return Array.from({ length: pieces }, (_, index) => record(index))
    },
    readPiece: (_manifestId: Uint8Array, _segment: number, [index = 0]: Uint8Array) => {
      started.push(index)
      most = Math.max(most, ++reading)
      return new Promise<Uint8Array>(resolve => {
        answers.set(index, () => {
          reading--
          resolve(new Uint8Array(PIECE_BYTES).fill(index))
        })
      })
    }
  }
  const answerAll = (): void => {
    for (const answer of answers.values()) answer()
    answers.clear()
  }
  return { store, started, answerAll, lookups: () => lookups, most: () => most }
}
const settled = () => new Promise(resolve => setImmediate(resolve))

describe('pieces that were asked for', () => {
  it('are read in the order of the wants, those of later wants too, and looked up once', async () => {
    const { store, started, answerAll, lookups } = slowStore(8)
    const ahead = new ReadAhead(store, () => 0)
    const wants = [want(3), want(1), want(5, 6)].map(each => ahead.begin(each))
    const taken: number[] = []
    for (const { wanted } of wants)
      for (const { take } of (await wanted).pieces) {
        const data = take()
        await settled()
        answerAll()
        taken.push((await data)?.[0] ?? -1)
      }
    expect(taken).toEqual([3, 1, 5, 6])
    expect(started).toEqual(taken)
    expect(lookups()).toBe(1)
  })

  it('wait in memory up to a bound, however many are asked for', async () => {
    const { store, answerAll, most, started } = slowStore(K)
    const ahead = new ReadAhead(store, () => 0)
    const { wanted } = ahead.begin(want(...Array.from({ length: K }, (_, index) => index)))
    const { pieces } = await wanted
    expect(started).toHaveLength(2)
    for (const { take } of pieces) {
      const data = take()
      answerAll()
      await data
    }
    expect(started).toHaveLength(K)
    expect(most()).toBeLessThanOrEqual((1024 * 1024) / PIECE_BYTES)
  })

  it('are not read when nobody takes them any more, and make room for others', async () => {
    const { store, started } = slowStore(K)
    const ahead = new ReadAhead(store, () => 0)
    const first = ahead.begin(want(0, 1, 2, 3))
    const second = ahead.begin(want(10, 11))
    await first.wanted
    await second.wanted
    expect(started).toEqual([0, 1])
    first.drop()
    expect(started).toEqual([0, 1, 10, 11])
  })

  it('are looked up again after a while, and after a failure', async () => {
    const { store, lookups } = slowStore(1)
    let now = 0
    let isBroken = true
    const broken = {
      ...store,
      pieces: () => (isBroken ? Promise.reject(new Error('the disk')) : store.pieces())
    }
    const ahead = new ReadAhead(broken, () => now)
    await expect(ahead.begin(want(0)).wanted).rejects.toThrow('the disk')
    isBroken = false
    for (now of [0, 500, 2_000]) expect((await ahead.begin(want(0)).wanted).known).toBe(true)
    expect(lookups()).toBe(2)
  })
})
