/**
 * What every piece store must do, whatever it is made of. Runs under vitest (memory, Node) and under mocha in a browser (OPFS,
 * IndexedDB), so it uses only what both have.
 */
import type { PieceStore, StoreChange, StorePolicyOptions } from '../../sdk/obj/index.ts'
import { describeStorePushes } from './piece-store-pushes.ts'
import { describeStoreQuotas } from './piece-store-quotas.ts'
import { deepEqual, equal, failsWith } from './portable-assert.ts'
import { id, newContent, piece, pieces } from './store-content.ts'

export interface StoreUnderTest {
  readonly name: string
  /** Whether what was put is there after close() and open(): not in memory. */
  readonly durable: boolean
  /** Whether a policy with a clock and a value function can be given: not across threads. */
  readonly policy: boolean
  /** Open the store of this test: the same place at each call until `reset`. */
  open(policy?: StorePolicyOptions): Promise<PieceStore>
  /** Forget everything. */
  reset(): Promise<void>
}

interface Framework {
  describe(name: string, body: () => void): void
  it(name: string, body: () => Promise<void>): void
  afterEach(body: () => Promise<void>): void
}

const KIB = 1_024

export function describePieceStore(subject: StoreUnderTest, { describe, it, afterEach }: Framework): void {
  const open: PieceStore[] = []
  const openStore = async (policy?: StorePolicyOptions): Promise<PieceStore> => {
    const store = await subject.open(policy)
    open.push(store)
    return store
  }

  describe(`piece store: ${subject.name}`, () => {
    afterEach(async () => {
      for (const store of open.splice(0)) await store.close()
      await subject.reset()
    })

    it('gives back the bytes and the record of every piece, in the order in which they came', async () => {
      const store = await openStore()
      const content = newContent(1)
      await store.addContent(content)
      const first = pieces(content, 1, 3)
      const second = pieces(content, 1, 2, 3)
      equal(await store.putPieces(content.manifestId, 1, first), 3)
      equal(await store.putPieces(content.manifestId, 1, second), 2)
      const all = [...first, ...second]
      deepEqual(
        await store.pieces(content.manifestId, 1),
        all.map(({ record }) => record)
      )
      for (const { record, data } of all) deepEqual(await store.readPiece(content.manifestId, 1, record.id), data)
      deepEqual(await store.held(content.manifestId), Uint16Array.of(0, 5, 0))
      deepEqual(await store.pieces(content.manifestId, 0), [])
    })

    it('keeps pieces of many sizes apart', async () => {
      const store = await openStore()
      const contents = [1, 1_023, 1_024, 1_025, 4_096, 5_000, 65_537, 262_144].map((pieceBytes, index) =>
        newContent(index + 1, { pieceBytes })
      )
      for (const content of contents) {
        await store.addContent(content)
        await store.putPieces(content.manifestId, 0, pieces(content, 0, 2))
      }
      for (const content of contents)
        for (const { record, data } of pieces(content, 0, 2))
          deepEqual(await store.readPiece(content.manifestId, 0, record.id), data)
    })

    it('reads any range of a piece, into memory of the caller too', async () => {
      const store = await openStore()
      const content = newContent(1)
      await store.addContent(content)
      const { record, data } = piece(content, 0, 0)
      await store.putPieces(content.manifestId, 0, [{ record, data }])
      for (const [from, to] of [
        [0, 1_000],
        [0, 0],
        [999, 1_000],
        [17, 523]
      ] as const)
        deepEqual(await store.readPiece(content.manifestId, 0, record.id, { from, to }), data.slice(from, to))
      const memory = new Uint8Array(64)
      const read = await store.readPiece(content.manifestId, 0, record.id, {
        from: 10,
        to: 30,
        into: memory.subarray(8)
      })
      deepEqual(read, data.slice(10, 30))
      deepEqual(memory.slice(8, 28), data.slice(10, 30))
      deepEqual(memory.slice(28), new Uint8Array(36))
      await failsWith('invalid-argument', store.readPiece(content.manifestId, 0, record.id, { from: 1, to: 1_001 }))
      await failsWith('invalid-argument', store.readPiece(content.manifestId, 0, record.id, { from: 9, to: 8 }))
      await failsWith(
        'invalid-argument',
        store.readPiece(content.manifestId, 0, record.id, { into: new Uint8Array(999) })
      )
    })

    it('never overwrites a piece: an id that is there stays as it is, and a put may be repeated', async () => {
      const store = await openStore()
      const content = newContent(1)
      await store.addContent(content)
      const original = piece(content, 0, 0)
      await store.putPieces(content.manifestId, 0, [original])
      equal(await store.putPieces(content.manifestId, 0, [piece(content, 0, 0, 1), piece(content, 0, 1)]), 1)
      equal(await store.putPieces(content.manifestId, 0, [piece(content, 0, 0, 1), piece(content, 0, 1)]), 0)
      deepEqual(await store.readPiece(content.manifestId, 0, original.record.id), original.data)
      equal((await store.pieces(content.manifestId, 0)).length, 2)
      const twice = piece(content, 2, 5)
      equal(await store.putPieces(content.manifestId, 2, [twice, twice]), 1)
    })

    it('takes all pieces of a put or none', async () => {
      const store = await openStore()
      const content = newContent(1)
      await store.addContent(content)
      const broken = { ...piece(content, 0, 1), data: new Uint8Array(999) }
      await failsWith('invalid-argument', store.putPieces(content.manifestId, 0, [piece(content, 0, 0), broken]))
      deepEqual(await store.pieces(content.manifestId, 0), [])
      equal((await store.usage()).bytes, 0)
    })

    it('refuses what is out of bounds, and content that it does not know', async () => {
      const store = await openStore()
      const content = newContent(1)
      const given = pieces(content, 0, 1)
      await failsWith('content-unknown', store.putPieces(content.manifestId, 0, given))
      await failsWith('content-unknown', store.pin(content.manifestId))
      await failsWith('content-unknown', store.held(content.manifestId))
      deepEqual(await store.content(content.manifestId), undefined)
      deepEqual(await store.manifest(content.manifestId), undefined)
      deepEqual(await store.pieces(content.manifestId, 0), [])
      deepEqual(await store.readPiece(content.manifestId, 0, id(9)), undefined)
      equal(await store.removeContent(content.manifestId), false)
      equal(await store.removePieces(content.manifestId, 0, [id(9)]), 0)
      await store.addContent(content)
      await failsWith('invalid-argument', store.putPieces(content.manifestId, 3, given))
      await failsWith('invalid-argument', store.putPieces(content.manifestId, -1, given))
      await failsWith('invalid-argument', store.putPieces(content.manifestId, 0, []))
      await failsWith('invalid-argument', store.putPieces(new Uint8Array(31), 0, given))
      for (const change of [{ segments: -1 }, { pieceBytes: 0 }, { size: 2 ** 53 }, { origin: 'peer' as const }])
        await failsWith('invalid-argument', store.addContent(newContent(2, change)))
      const fat = piece(content, 0, 0)
      const provenance = new Uint8Array(4_097)
      await failsWith(
        'invalid-argument',
        store.putPieces(content.manifestId, 0, [{ ...fat, record: { ...fat.record, provenance } }])
      )
    })

    it('knows contents by manifest id, by content id and in pages, labels and pins with them', async () => {
      const store = await openStore()
      const shared = { contentId: id(77) }
      for (const number of [5, 3, 9, 1, 7]) await store.addContent(newContent(number, number < 6 ? shared : {}))
      const numbers = (list: readonly { manifestId: Uint8Array }[]): unknown[] => list.map(info => info.manifestId[3])
      deepEqual(numbers(await store.contents()), [1, 3, 5, 7, 9])
      deepEqual(numbers(await store.contents({ limit: 2 })), [1, 3])
      deepEqual(numbers(await store.contents({ after: id(3), limit: 2 })), [5, 7])
      deepEqual(numbers(await store.byContentId(id(77))), [1, 3, 5])
      deepEqual(await store.byContentId(id(78)), [])
      deepEqual(await store.manifest(id(5)), newContent(5).manifest)
      await store.setLabel(id(5), { name: 'Ferien 😀.jpg', type: 'image/jpeg' })
      await store.pin(id(5))
      const info = await store.content(id(5))
      deepEqual([info?.label, info?.pinned], [{ name: 'Ferien 😀.jpg', type: 'image/jpeg' }, true])
      await store.unpin(id(5))
      await store.setLabel(id(5), undefined)
      const after = await store.content(id(5))
      deepEqual([after?.label, after?.pinned], [undefined, false])
    })

    it('adds content once: later calls change nothing', async () => {
      const store = await openStore()
      const first = await store.addContent(newContent(1, { pinned: true, label: { name: 'a', type: '' } }))
      deepEqual(await store.addContent(newContent(1, { label: { name: 'b', type: '' } })), first)
      equal((await store.usage()).contents, 1)
    })

    it('gives pieces put under a provisional id to the content they turn out to be, in one step', async () => {
      const store = await openStore()
      const [provisional, content] = [newContent(1), newContent(2)]
      const put = pieces(content, 1, 3)
      await store.addContent({ ...provisional, pinned: true })
      await store.putPieces(provisional.manifestId, 1, put)
      const { bytes } = await store.usage()
      const info = await store.adopt(provisional.manifestId, content)
      equal(info.pieces, 3)
      equal(await store.content(provisional.manifestId), undefined)
      deepEqual(await store.pieces(provisional.manifestId, 1), [])
      deepEqual(
        await store.pieces(content.manifestId, 1),
        put.map(({ record }) => record)
      )
      for (const { record, data } of put) deepEqual(await store.readPiece(content.manifestId, 1, record.id), data)
      deepEqual(await store.held(content.manifestId), Uint16Array.of(0, 3, 0))
      const usage = await store.usage()
      deepEqual([usage.bytes, usage.contents, usage.pieces], [bytes, 1, 3])
      deepEqual(
        (await store.contents()).map(({ manifestId }) => manifestId),
        [content.manifestId]
      )
    })

    it('keeps content that was there already, and removes the provisional one', async () => {
      const store = await openStore()
      const [provisional, content] = [newContent(1), newContent(2)]
      for (const known of [provisional, content]) await store.addContent(known)
      await store.putPieces(content.manifestId, 0, pieces(content, 0, 1))
      await store.putPieces(provisional.manifestId, 0, pieces(provisional, 0, 2))
      equal((await store.adopt(provisional.manifestId, content)).pieces, 1)
      equal((await store.usage()).pieces, 1)
      await failsWith('content-unknown', store.adopt(provisional.manifestId, content))
    })

    it('removes pieces and content, and the room they took', async () => {
      const store = await openStore()
      const [one, two] = [newContent(1), newContent(2)]
      for (const content of [one, two]) {
        await store.addContent(content)
        await store.putPieces(content.manifestId, 0, pieces(content, 0, 4))
      }
      equal((await store.usage()).bytes, 8 * KIB)
      const [first, second] = pieces(one, 0, 2)
      if (!first || !second) throw new Error('two pieces')
      equal(await store.removePieces(one.manifestId, 0, [first.record.id, id(4711)]), 1)
      equal(await store.readPiece(one.manifestId, 0, first.record.id), undefined)
      deepEqual(await store.readPiece(one.manifestId, 0, second.record.id), second.data)
      deepEqual(await store.held(one.manifestId), Uint16Array.of(3, 0, 0))
      equal(await store.removeContent(two.manifestId), true)
      equal(await store.content(two.manifestId), undefined)
      equal(await store.manifest(two.manifestId), undefined)
      deepEqual(await store.pieces(two.manifestId, 0), [])
      deepEqual(await store.byContentId(two.contentId), [])
      const { bytes, contents, pieces: count } = await store.usage()
      deepEqual([bytes, contents, count], [3 * KIB, 1, 3])
      // What was freed is used again, and what is there stays what it was.
      await store.putPieces(one.manifestId, 2, pieces(one, 2, 6))
      for (const each of [...pieces(one, 0, 4).slice(1)])
        deepEqual(await store.readPiece(one.manifestId, 0, each.record.id), each.data)
    })

    it('keeps small values in the order of their keys', async () => {
      const store = await openStore()
      for (const key of ['b/2', 'a', 'b/10', 'c', 'b/1']) await store.setValue(key, new TextEncoder().encode(key))
      deepEqual(
        (await store.values('b/')).map(({ key }) => key),
        ['b/1', 'b/10', 'b/2']
      )
      deepEqual(
        (await store.values('b/', 'b/1')).map(({ key, value }) => [key, new TextDecoder().decode(value)]),
        [
          ['b/10', 'b/10'],
          ['b/2', 'b/2']
        ]
      )
      await store.setValue('b/10', undefined)
      equal(await store.value('b/10'), undefined)
      deepEqual(await store.value('c'), new TextEncoder().encode('c'))
      await failsWith('invalid-argument', store.setValue('', new Uint8Array(1)))
      await failsWith('invalid-argument', store.setValue('x', new Uint8Array(1024 * KIB + 1)))
    })

    it('tells listeners what changed', async () => {
      const store = await openStore()
      const content = newContent(1)
      const seen: StoreChange[] = []
      const end = store.onChange(change => seen.push(change))
      await store.addContent(content)
      await store.putPieces(content.manifestId, 2, pieces(content, 2, 1))
      await store.pin(content.manifestId)
      await store.removePieces(content.manifestId, 2, [piece(content, 2, 0).record.id])
      await store.removeContent(content.manifestId)
      end()
      await store.addContent(content)
      const { manifestId } = content
      deepEqual(seen, [
        { type: 'content-added', manifestId },
        { type: 'pieces-added', manifestId, segment: 2 },
        { type: 'content-changed', manifestId },
        { type: 'pieces-removed', manifestId, segment: 2 },
        { type: 'content-removed', manifestId }
      ])
    })

    it('serves many callers at once', async () => {
      const store = await openStore()
      const contents = Array.from({ length: 6 }, (_, index) => newContent(index + 1))
      await Promise.all(
        contents.map(async content => {
          await store.addContent(content)
          await Promise.all(
            [0, 1, 2].map(segment => store.putPieces(content.manifestId, segment, pieces(content, segment, 3)))
          )
          await Promise.all(
            pieces(content, 1, 3).map(async ({ record, data }) =>
              deepEqual(await store.readPiece(content.manifestId, 1, record.id), data)
            )
          )
        })
      )
      const { pieces: count } = await store.usage()
      equal(count, 54)
    })

    it('reports an aborted put and changes nothing', async () => {
      const store = await openStore()
      const content = newContent(1)
      await store.addContent(content)
      const signal = AbortSignal.abort()
      await failsWith('aborted', store.putPieces(content.manifestId, 0, pieces(content, 0, 2), { signal }))
      deepEqual(await store.pieces(content.manifestId, 0), [])
    })

    it('takes buffers that are given away, several pieces of one buffer too', async () => {
      const store = await openStore()
      const content = newContent(1)
      await store.addContent(content)
      const originals = pieces(content, 0, 3)
      const whole = new Uint8Array(3 * content.pieceBytes)
      for (const [index, { data }] of originals.entries()) whole.set(data, index * content.pieceBytes)
      const given = originals.map(({ record }, index) => ({
        record,
        data: whole.subarray(index * content.pieceBytes, (index + 1) * content.pieceBytes)
      }))
      equal(await store.putPieces(content.manifestId, 0, given, { transfer: true }), 3)
      for (const { record, data } of originals) deepEqual(await store.readPiece(content.manifestId, 0, record.id), data)
    })

    it('stops with close(), and says so', async () => {
      const store = await openStore()
      await store.close()
      await store.close()
      await failsWith('stopped', store.contents())
      await failsWith('stopped', store.addContent(newContent(1)))
    })

    it('verifies all it holds', async () => {
      const store = await openStore()
      const content = newContent(1)
      await store.addContent(content)
      await store.putPieces(content.manifestId, 0, pieces(content, 0, 4))
      await store.putPieces(content.manifestId, 2, pieces(content, 2, 1))
      deepEqual(await store.verify(), { checked: 5, lost: [], lostCount: 0 })
    })

    describeStorePushes(subject, openStore, it)
    describeStoreQuotas(subject.policy, openStore, it)

    if (subject.durable)
      it('has everything again after it was closed and opened', async () => {
        const content = newContent(1, { label: { name: 'n', type: 't/t' }, pinned: true })
        const theirs = newContent(2, { origin: 'peer', peer: 'ann', pieceBytes: 70_000 })
        const before = await openStore()
        for (const each of [content, theirs]) {
          await before.addContent(each)
          await before.putPieces(each.manifestId, 0, pieces(each, 0, 5))
          await before.removePieces(each.manifestId, 0, [piece(each, 0, 3).record.id])
        }
        await before.setValue('resume/1', Uint8Array.of(1, 2, 3))
        const expected = [await before.contents(), { ...(await before.usage()), quota: 0 }]
        await before.close()

        const after = await openStore()
        deepEqual([await after.contents(), { ...(await after.usage()), quota: 0 }], expected)
        deepEqual(await after.value('resume/1'), Uint8Array.of(1, 2, 3))
        deepEqual(await after.manifest(content.manifestId), content.manifest)
        for (const each of [content, theirs]) {
          equal((await after.pieces(each.manifestId, 0)).length, 4)
          for (const index of [0, 1, 2, 4]) {
            const { record, data } = piece(each, 0, index)
            deepEqual(await after.readPiece(each.manifestId, 0, record.id), data)
          }
          // The hole that the removed piece left, and new room: neither touches what is there.
          await after.putPieces(each.manifestId, 1, pieces(each, 1, 3))
        }
        deepEqual(await after.verify(), { checked: 14, lost: [], lostCount: 0 })
      })
  })
}
