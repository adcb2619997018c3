/** A storage node without room, and peers with and without good intentions: real sessions, real pieces, the real measure of value. */
import { describe, expect, it, onTestFinished } from 'vitest'
import { CrashDisk } from '../../../test/kit/crash-disk.ts'
import { ManualClock } from '../../../test/kit/manual-clock.ts'
import { memoryNetwork } from '../../../test/kit/memory-p2p.ts'
import { hashing, type PublishedContent, publishContent } from '../../../test/kit/published-content.ts'
import { encodeHex } from '../../codec/index.ts'
import { type ContentKnowledge, contentValue } from '../health/index.ts'
import { openIndexedPieceStore } from '../store/index.ts'
import { HolderSession } from './holder-session.ts'
import { createIntake } from './intake.ts'
import { ManifestShelf } from './manifest-shelf.ts'
import { serveTransfer } from './serve-transfer.ts'

const DAY_MS = 24 * 3_600_000
const KIB = 1_024
/** Pieces that each content leaves here. */
const PIECES = 2
const CONTENT_BYTES = PIECES * KIB

const published = (name: string): Promise<PublishedContent> =>
  publishContent({ size: CONTENT_BYTES, pieceBytes: KIB, seed: name })

/** @param contents that fill the node */
async function fullNode(contents: number) {
  const clock = new ManualClock()
  const known = new Map<string, ContentKnowledge>()
  const disk = new CrashDisk()
  const quotaBytes = contents * CONTENT_BYTES
  const store = await openIndexedPieceStore({
    index: disk.index(),
    slabs: disk.folder(),
    pieceRoot: hashing.pieceRoot,
    clock,
    quotaBytes,
    peersQuotaBytes: quotaBytes,
    peerQuotaBytes: 2 * CONTENT_BYTES,
    value: contentValue(({ manifestId }) => known.get(encodeHex(manifestId)) ?? {})
  })
  const node = memoryNetwork()
  const holder = node(250)
  const intake = createIntake({ store, hashes: hashing, manifests: new ManifestShelf(store) })
  const service = serveTransfer(holder, { store, intake })
  onTestFinished(async () => {
    service.stop()
    await store.close()
  })
  return {
    store,
    clock,
    stats: service.stats,
    /** Audits found it whole. */
    healthy: ({ manifest }: PublishedContent) => known.set(encodeHex(manifest.id), { state: 'healthy' }),
    /** Peer `number` offers its pieces of a content. */
    push: async (number: number, { manifest, segments }: PublishedContent) => {
      const session = await HolderSession.open(node(number), { peerId: holder.peerId, addresses: [] })
      const pieces = (segments[0]?.pieces ?? []).slice(0, PIECES).map(({ data, ...head }) => ({ head, data }))
      const offer = { manifestId: manifest.id, segment: 0, pieces: PIECES, pieceBytes: KIB }
      let asked = false
      const result = await session.offer(offer, manifest.bytes, async () => {
        asked = true
        return pieces
      })
      await session.close()
      return { ...result, asked }
    },
    has: async ({ manifest }: PublishedContent) => (await store.content(manifest.id))?.pieces === PIECES
  }
}

type Node = Awaited<ReturnType<typeof fullNode>>

async function countOf({ has }: Node, contents: readonly PublishedContent[]): Promise<number> {
  const held = await Promise.all(contents.map(has))
  return held.filter(Boolean).length
}

describe('a full storage node', () => {
  it('loses idle honest content to many names with fresh rubbish at the pace of an eighth a day, and the last of nobody', async () => {
    const node = await fullNode(8)
    const honest = await Promise.all(Array.from({ length: 8 }, (_, number) => published(`honest ${number}`)))
    for (const [number, content] of honest.entries()) {
      expect(await node.push(number % 4, content)).toMatchObject({ outcome: 'stored' })
      node.healthy(content)
    }
    node.clock.advance(3 * DAY_MS)
    const left: number[] = []
    for (let day = 0; day < 6; day++) {
      for (let name = 0; name < 4; name++) {
        const answer = await node.push(100 + day * 4 + name, await published(`junk ${day} ${name}`))
        // What is refused is refused before a byte of it was asked for.
        expect([answer.outcome, answer.asked]).toEqual(name === 0 && day < 4 ? ['stored', true] : ['refused', false])
      }
      left.push(await countOf(node, honest))
      node.clock.advance(DAY_MS)
    }
    expect(left).toEqual([7, 6, 5, 4, 4, 4])
    const { bytes, quota, perPeer } = await node.store.usage()
    expect(bytes).toBe(quota)
    expect(node.stats).toMatchObject({ piecesStored: 24, evicted: 4, violations: 0 })
    expect(Object.values(perPeer)).toEqual(Array.from({ length: 8 }, () => CONTENT_BYTES))
  })

  it('takes for a peer what is worth more in the place of what that peer pushed before, and of nobody else', async () => {
    const node = await fullNode(3)
    const [idle, other, third, better] = await Promise.all(['idle', 'other', 'third', 'better'].map(published))
    if (!idle || !other || !third || !better) throw new Error('four contents')
    for (const [peer, content] of [
      [1, idle],
      [2, other],
      [2, third]
    ] as const) {
      await node.push(peer, content)
      node.healthy(content)
    }
    node.clock.advance(DAY_MS)
    expect(await node.push(1, better)).toMatchObject({ outcome: 'stored', pieces: PIECES })
    expect(await Promise.all([idle, other, third, better].map(node.has))).toEqual([false, true, true, true])
  })
})
