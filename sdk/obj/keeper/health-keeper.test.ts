import { describe, expect, it } from 'vitest'
import { type StorageHolder, storageNetwork } from '../../../test/kit/storage-network.ts'
import { type Clock, systemClock, systemRandom } from '../../async/index.ts'
import { encodeStorageReceipt, openStorageReceipt, type SignedStorageReceipt } from '../audit/index.ts'
import { ObjClient } from '../client/index.ts'
import { targetPieces } from '../coding/index.ts'
import { EPOCH_MS, epochOf, type SegmentHealth, TAKEOVER_MS } from '../health/index.ts'
import { announceHoldings, signHolderRecord } from '../holders/index.ts'
import { createMemoryPieceStore, type PieceStore } from '../store/index.ts'
import { HealthKeeper } from './index.ts'

const FILE_BYTES = 1_200_000
const K = 5
const BEGAN = epochOf(Date.now()) * EPOCH_MS

interface Kept {
  readonly keeper: HealthKeeper
  readonly node: StorageHolder
  readonly receipts: SignedStorageReceipt[]
  readonly faults: [string, string][]
  readonly health: SegmentHealth[]
}

/** A keeper whose calendar stands still: who is elected must not depend on when the test runs. */
function keep(node: StorageHolder, nowMs = BEGAN): Kept {
  const clock: Clock = { ...systemClock, now: () => nowMs }
  const kept = {
    receipts: [] as SignedStorageReceipt[],
    faults: [] as [string, string][],
    health: [] as SegmentHealth[]
  }
  const keeper = new HealthKeeper(
    { ...node.context, clock },
    {
      onReceipt: receipt => kept.receipts.push(receipt),
      onFault: (peer, why) => kept.faults.push([peer, why]),
      onHealth: (_, __, health) => kept.health.push(health)
    }
  )
  return { keeper, node, ...kept }
}

async function announce(node: StorageHolder): Promise<void> {
  const [content] = await node.context.store.contents()
  if (!content) throw new Error('a holder holds something')
  const { contentId, manifestId, pieces } = content
  const [relay] = node.context.relays(contentId)
  if (!relay) throw new Error('a network has a relay')
  const issuedAt = BEGAN / 1000
  const record = await signHolderRecord(
    {
      contentId,
      manifestId,
      durable: true,
      pieces,
      issuedAt,
      expiresAt: issuedAt + 14_400,
      addresses: node.peer.addresses
    },
    node.identity
  )
  await announceHoldings(node.context.node, relay, [record])
}

const held = async (node: StorageHolder): Promise<number> =>
  (await node.context.store.contents()).reduce((sum, { pieces }) => sum + pieces, 0)

async function published(holders: number, stores: readonly (PieceStore | undefined)[] = []) {
  const network = storageNetwork({ ...systemClock, now: () => BEGAN })
  const nodes = Array.from({ length: holders }, (_, index) => {
    const store = stores[index]
    return network.holder(store ? { store } : {})
  })
  const client = new ObjClient(network.node().context)
  const { distribution } = await client.put(systemRandom(FILE_BYTES))
  expect((await distribution.done).status).toBe('done')
  await client.stop()
  return { network, nodes }
}

describe('a keeper', () => {
  it('is elected alone, believes audits only, and has made what a dead holder took with it', async () => {
    const { network, nodes } = await published(3)
    const [lost, ...left] = nodes
    if (!lost) throw new Error('three holders')
    lost.stop()
    network.retire(lost)
    const fresh = [network.holder(), network.holder(), network.holder()]
    for (const node of left) await announce(node)
    const kept = left.map(node => keep(node))
    const before = (await Promise.all(left.map(held))).reduce((sum, pieces) => sum + pieces, 0)
    expect(before).toBeLessThan(targetPieces(K))
    const reports = []
    for (const { keeper } of kept) reports.push(await keeper.round())
    expect(reports.map(({ scanned }) => scanned).sort()).toEqual([0, 1])
    const scanner = kept.find(({ receipts }) => receipts.length > 0)
    const other = kept.find(({ receipts }) => receipts.length === 0)
    expect(scanner?.health[0]).toMatchObject({ k: K, rank: K, pieces: before, missing: targetPieces(K) - before })
    expect(scanner?.faults).toEqual([])
    for (const receipt of scanner?.receipts ?? []) {
      expect(openStorageReceipt(encodeStorageReceipt(receipt)).storageNode).toEqual(other?.node.identity.publicKey)
      expect(receipt.challenger).toEqual(scanner?.node.identity.publicKey)
    }
    const earned = []
    for await (const bytes of other?.node.earned.export() ?? []) earned.push(openStorageReceipt(bytes))
    expect(earned).toEqual(scanner?.receipts)
    expect(earned).toHaveLength(1)
    for (const node of fresh) expect(await held(node)).toBeGreaterThan(2)
    const after = (await Promise.all([...left, ...fresh].map(held))).reduce((sum, pieces) => sum + pieces, 0)
    expect(after).toBe(targetPieces(K))
    expect(reports.reduce((sum, { repaired }) => sum + repaired, 0)).toBe(after - before)
  })

  it('looks at a segment once in an epoch, and scales what is read a lot', async () => {
    const { nodes } = await published(3)
    for (const node of nodes) await announce(node)
    const kept = nodes.map(node => keep(node, BEGAN))
    const [content] = (await nodes[0]?.context.store.contents()) ?? []
    if (!content) throw new Error('a holder holds something')
    for (const { keeper } of kept) for (let time = 0; time < 100; time++) keeper.read(content.manifestId, 0, 2, K)
    const reports = []
    for (const { keeper } of kept) reports.push(await keeper.round())
    const health = kept.flatMap(one => one.health)
    expect(health).toHaveLength(1)
    expect(health[0]?.target).toBe(4 * targetPieces(K))
    for (const { keeper } of kept) reports.push(await keeper.round())
    expect(reports.reduce((sum, { scanned }) => sum + scanned, 0)).toBe(1)
    expect(kept[0]?.keeper.knowledge(content).readsPerHour).toBeGreaterThan(40)
  })

  it('names a holder that lost what it says it has, and does not count it', async () => {
    const rotten = createMemoryPieceStore()
    const read = rotten.readPiece.bind(rotten)
    const { nodes } = await published(2, [rotten])
    for (const node of nodes) await announce(node)
    rotten.readPiece = async (...where) => (await read(...where))?.map(byte => byte ^ 1)
    const [liar, honest] = nodes
    if (!liar || !honest) throw new Error('two holders')
    // late enough for either to take over
    const { keeper, faults, health, receipts } = keep(honest, BEGAN + TAKEOVER_MS)
    expect((await keeper.round()).scanned).toBe(1)
    expect(faults).toEqual([[liar.peer.peerId, 'wrong-leaves']])
    expect(receipts).toEqual([])
    expect(health[0]).toMatchObject({ holders: 1, state: 'critical' })
  })

  it('leaves the work to whoever was heard to do it', async () => {
    const { nodes } = await published(2)
    for (const node of nodes) await announce(node)
    const kept = nodes.map(node => keep(node, BEGAN + TAKEOVER_MS))
    const [first, second] = await Promise.all(
      kept.map(async one => [(await keep(one.node).keeper.round()).scanned, one] as const)
    )
    const [winner, loser] = first?.[0] === 1 ? [first[1], second?.[1]] : [second?.[1], first?.[1]]
    if (!winner || !loser) throw new Error('two keepers')
    const [content] = await loser.node.context.store.contents()
    loser.keeper.heard(winner.node.peer.peerId, new Uint8Array(5))
    expect((await loser.keeper.round()).scanned).toBe(1)
    const challenge = new Uint8Array(32 + 4 + 1 + 2 + 32 + 1)
    challenge.set(content?.manifestId ?? [])
    challenge[36] = 1
    challenge[challenge.length - 1] = 1
    loser.keeper.heard(winner.node.peer.peerId, challenge)
    expect((await loser.keeper.round()).scanned).toBe(0)
  })

  it('does nothing after it was stopped, and survives a store that is closed', async () => {
    const { nodes } = await published(1)
    const [node] = nodes
    if (!node) throw new Error('a holder')
    const { keeper } = keep(node)
    keeper.stop()
    expect(await keeper.round()).toEqual({ scanned: 0, repaired: 0, retired: 0, rotten: 0 })
    await node.context.store.close()
    expect(await keep(node).keeper.round()).toEqual({ scanned: 0, repaired: 0, retired: 0, rotten: 0 })
  })
})
