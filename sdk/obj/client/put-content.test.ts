import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { storageNetwork } from '../../../test/kit/storage-network.ts'
import { sha256 } from '../../crypto/index.ts'
import { CraftecError } from '../../errors/index.ts'
import { hashSegment } from '../manifest/index.ts'
import type { PieceStore } from '../store/index.ts'
import type { SegmentCodec } from '../transfer/index.ts'
import type { ObjContext } from './obj-context.ts'
import { DRAFT_PREFIX, type PutContentOptions, putContent } from './put-content.ts'
import { openSource } from './source-chunks.ts'

const SHAPE = { segmentBytes: 4096, pieceBytes: 1024 }

function put(context: ObjContext, bytes: Uint8Array, options: Partial<PutContentOptions> = {}) {
  const defaults = { encrypt: false, pin: true, label: undefined, shape: SHAPE }
  return putContent(context, openSource(bytes), { ...defaults, ...options })
}

/** Every segment differs. */
function content(bytes: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, index) => (index >> 10) + index)
}

/** As workers do: the bytes of a job move away, and come back in another buffer. */
function movingCodec({ commit, decode, hashStream }: SegmentCodec): SegmentCodec {
  const move = (bytes: Uint8Array): Uint8Array => structuredClone(bytes, { transfer: [bytes.buffer as ArrayBuffer] })
  return {
    commit: async (job, options) => commit({ ...job, pieces: move(job.pieces) }, options),
    decode,
    hashStream: async () => {
      const hash = await hashStream()
      return { ...hash, update: async bytes => hash.update(move(bytes)) }
    }
  }
}

/** Private fields are found on the store itself only. */
function methodOf(store: PieceStore, name: keyof PieceStore): unknown {
  return store[name].bind(store)
}

describe('putting content', () => {
  it('names it by the hash of its bytes, whatever its length, in one thread or several', async () => {
    const { context } = storageNetwork().node()
    const moving = { ...context, codec: movingCodec(context.codec) }
    await fc.assert(
      fc.asyncProperty(fc.nat(10 * SHAPE.segmentBytes), fc.boolean(), async (length, inThreads) => {
        const bytes = content(length)
        const { manifest } = await put(inThreads ? moving : context, bytes)
        expect(manifest.contentId).toEqual(sha256(bytes))
        expect(manifest.segments.map(({ hash }) => hash)).toEqual(
          await Promise.all(
            Array.from({ length: Math.ceil(length / SHAPE.segmentBytes) }, (_, segment) => {
              const part = bytes.subarray(segment * SHAPE.segmentBytes, (segment + 1) * SHAPE.segmentBytes)
              return hashSegment(context.hashing, part, manifest.pieceBytes)
            })
          )
        )
        expect(await context.store.values(DRAFT_PREFIX)).toEqual([])
      }),
      {
        numRuns: 30,
        examples: [
          [0, false],
          [SHAPE.segmentBytes, true],
          [SHAPE.segmentBytes + 1, true]
        ]
      }
    )
  })

  it('hashes little content without waiting for another thread', async () => {
    const { context } = storageNetwork().node()
    const codec: SegmentCodec = {
      ...context.codec,
      hashStream: () => Promise.reject(new CraftecError('internal', 'not needed'))
    }
    const bytes = content(SHAPE.segmentBytes)
    expect((await put({ ...context, codec }, bytes)).manifest.contentId).toEqual(sha256(bytes))
  })

  it('uses four rooms for any number of segments', async () => {
    const { context } = storageNetwork().node()
    const rooms = new Set<unknown>()
    const codec: SegmentCodec = {
      ...context.codec,
      commit: (job, options) => {
        rooms.add(job.pieces.buffer)
        return context.codec.commit(job, options)
      }
    }
    await put({ ...context, codec }, content(40 * SHAPE.segmentBytes))
    expect(rooms.size).toBeLessThanOrEqual(4)
  })

  it('fails when a segment cannot be written, whatever becomes of the others, and leaves nothing', async () => {
    for (const lost of [0, 3, 9]) {
      const { context } = storageNetwork().node()
      const { store } = context
      const putPieces: PieceStore['putPieces'] = async (id, segment, ...rest) => {
        if (segment === lost) throw new CraftecError('storage-full', 'the disk is full')
        return store.putPieces(id, segment, ...rest)
      }
      const failing = new Proxy(store, {
        get: (_, name) => (name === 'putPieces' ? putPieces : methodOf(store, name as keyof PieceStore))
      })
      await expect(put({ ...context, store: failing }, content(10 * SHAPE.segmentBytes))).rejects.toMatchObject({
        code: 'storage-full'
      })
      expect(await store.contents()).toEqual([])
      expect(await store.values(DRAFT_PREFIX)).toEqual([])
    }
  })

  it('has succeeded when the content is there, though its note cannot be removed', async () => {
    const { context } = storageNetwork().node()
    const { store } = context
    const setValue: PieceStore['setValue'] = async (key, value) => {
      if (value === undefined) throw new CraftecError('storage-full', 'the disk is full')
      return store.setValue(key, value)
    }
    const failing = new Proxy(store, {
      get: (_, name) => (name === 'setValue' ? setValue : methodOf(store, name as keyof PieceStore))
    })
    const { manifest } = await put({ ...context, store: failing }, content(SHAPE.segmentBytes))
    expect((await store.contents()).map(({ manifestId }) => manifestId)).toEqual([manifest.id])
  })

  it('ends what is under way when it is aborted, and leaves nothing', async () => {
    const { context } = storageNetwork().node()
    const controller = new AbortController()
    const onProgress = (bytes: number): void => {
      if (bytes >= 6 * SHAPE.segmentBytes) controller.abort()
    }
    const source = (async function* () {
      for (let segment = 0; segment < 20; segment++) yield content(SHAPE.segmentBytes)
    })()
    const options = { encrypt: false, pin: true, label: undefined, shape: SHAPE, onProgress }
    await expect(
      putContent(context, openSource(source), { ...options, signal: controller.signal })
    ).rejects.toMatchObject({ code: 'aborted' })
    expect(await context.store.contents()).toEqual([])
    expect(await context.store.values(DRAFT_PREFIX)).toEqual([])
  })
})
