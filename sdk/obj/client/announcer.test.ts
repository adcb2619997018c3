import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../../test/kit/manual-clock.ts'
import { newContent, pieces } from '../../../test/kit/store-content.ts'
import { identityFromSeed, peerIdFromPublicKey } from '../../identity/index.ts'
import { createMemoryPieceStore } from '../store/index.ts'
import { Announcer } from './announcer.ts'
import type { ObjContext } from './obj-context.ts'

const ADDRESS = '/ip4/127.0.0.1/tcp/4001/ws'

/** A node that is itself the relay of all it holds: what it announces is seen at once. */
async function node() {
  const nodeIdentity = await identityFromSeed(new Uint8Array(32).fill(1))
  const clock = new ManualClock()
  const store = createMemoryPieceStore()
  const peerId = peerIdFromPublicKey(nodeIdentity.publicKey)
  const state = { addresses: [ADDRESS] as string[], told: 0 }
  const context = {
    node: { peerId, publicKey: nodeIdentity.publicKey, addresses: () => state.addresses },
    relays: () => [{ peerId, addresses: [ADDRESS] }],
    ownTable: { put: () => state.told++ },
    store,
    nodeIdentity,
    clock
  } as unknown as ObjContext
  const announcer = new Announcer(context, false)
  announcer.start()
  /** Time passes, and what is done about it is done. */
  const pass = async (ms: number): Promise<number> => {
    clock.advance(ms)
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
    return state.told
  }
  await pass(0)
  return { store, announcer, state, pass }
}

describe('what a node holds', () => {
  it('is told at once when it changes, and what follows soon after, together', async () => {
    const { store, announcer, pass } = await node()
    const content = newContent(1)
    await store.addContent(content)
    await pass(1_000)
    await store.putPieces(content.manifestId, 0, pieces(content, 0, 1))
    expect(await pass(0)).toBe(1)
    for (const segment of [1, 2]) await store.putPieces(content.manifestId, segment, pieces(content, segment, 1))
    expect(await pass(199)).toBe(1)
    expect(await pass(1)).toBe(2)
    expect(await pass(10_000)).toBe(2)
    announcer.stop()
  })

  it('is not told while it is being put, and at once when it was', async () => {
    const { store, announcer, pass } = await node()
    const [content, early] = [newContent(1), newContent(2)]
    const draft = { ...content, manifestId: new Uint8Array(32).fill(9), contentId: new Uint8Array(32).fill(9) }
    await store.addContent(draft)
    for (const segment of [0, 1]) await store.putPieces(draft.manifestId, segment, pieces(content, segment, 1))
    expect(await pass(1_000)).toBe(0)
    // that something else was told just now makes no difference
    await store.addContent(early)
    await store.putPieces(early.manifestId, 0, pieces(early, 0, 1))
    expect(await pass(0)).toBe(1)
    await store.adopt(draft.manifestId, content)
    expect(await pass(0)).toBe(2)
    announcer.stop()
  })

  it('is told soon after the node can be reached, and a change does not wait for that', async () => {
    const { store, announcer, state, pass } = await node()
    state.addresses = []
    const content = newContent(1)
    await store.addContent(content)
    await store.putPieces(content.manifestId, 0, pieces(content, 0, 1))
    for (const ms of [0, 100, 200, 400, 800, 1_600, 2_000]) expect(await pass(ms)).toBe(0)
    state.addresses = [ADDRESS]
    expect(await pass(1_999)).toBe(0)
    await store.putPieces(content.manifestId, 1, pieces(content, 1, 1))
    expect(await pass(0)).toBe(1)
    expect(await pass(10_000)).toBe(1)
    announcer.stop()
  })
})
