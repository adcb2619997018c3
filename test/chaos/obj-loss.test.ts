/**
 * Of twelve storage peers any number is killed that leaves enough pieces alive, while content is put, read and repaired, over real WebSockets:
 * the bytes come out identical.
 */
import { describe, expect, it } from 'vitest'
import { demoBytes } from '../../relay-server/devnet/demo-bytes.ts'
import { type Clock, systemClock } from '../../sdk/async/index.ts'
import {
  EPOCH_MS,
  epochOf,
  findHolders,
  MAX_TRANSFER_FRAME_BYTES,
  manifestSegmentation,
  ObjClient,
  type ObjContext,
  openManifest,
  type PieceStore,
  parseLink,
  type SegmentHealth,
  type SegmentState,
  TAKEOVER_MS,
  TRANSFER_PROTOCOL
} from '../../sdk/obj/index.ts'
import { chaosRandom, chaosRounds } from '../kit/chaos.ts'
import { spareHolders } from '../kit/spare-holders.ts'
import { type LoopbackHolder, type LoopbackStorage, loopbackStorage } from '../kit/storage-nodes.ts'

const PEERS = 12
const ROUNDS = chaosRounds({ ordinary: 1, long: 12 })
const ROUND_MS = 300_000
/** One segment, or two. */
const SIZES = ROUNDS > 2 ? [3_000_011, 12_000_013] : [3_000_011]
/** Twelve have a few pieces more than the network should. */
const ENOUGH_TO_REPAIR = 4
/** So late in an epoch the next four in rank take over from the dead. */
const LATE_MS = 4.2 * TAKEOVER_MS
/** What the holders' records live. */
const EPOCHS = 7

interface Stored {
  readonly bytes: Uint8Array
  readonly link: string
  readonly manifestId: Uint8Array
  /** Pieces that each segment needs. */
  readonly segments: readonly number[]
}

describe.each(Array.from({ length: ROUNDS }, (_, round) => round))('of twelve peers, round %i', round => {
  const random = chaosRandom(`obj-loss ${round}`)
  const below = (limit: number): number => Math.floor(random() * limit)
  const size = SIZES[round % SIZES.length] ?? 0
  const bytes = demoBytes(below(1_000_000), size)

  const twelve = (network: LoopbackStorage, parts: Partial<ObjContext> = {}): Promise<LoopbackHolder[]> =>
    Promise.all(Array.from({ length: PEERS }, () => network.holder({}, parts)))

  const describeStored = async (store: PieceStore, manifestId: Uint8Array, link: string): Promise<Stored> => {
    const manifest = openManifest((await store.manifest(manifestId)) ?? new Uint8Array(0))
    const cut = manifestSegmentation(manifest)
    return { bytes, link, manifestId, segments: manifest.segments.map((_, index) => cut.segment(index).k) }
  }

  /** Put, and have it spread to all; the publisher is gone then. */
  const stored = async (network: LoopbackStorage): Promise<Stored> => {
    const context = await network.client()
    const publisher = new ObjClient(context)
    const { link, manifestId, distribution } = await publisher.put(bytes)
    expect(await distribution.done).toMatchObject({ status: 'done', peers: PEERS })
    await publisher.stop()
    return describeStored(context.store, manifestId, link)
  }

  /** Some of those that can be spared, at least so many if there are. */
  const victims = async (holders: readonly LoopbackHolder[], content: Stored, least = 1): Promise<LoopbackHolder[]> => {
    const stores = holders.map(({ context }) => context.store)
    const spare = await spareHolders(stores, content.manifestId, content.segments, random)
    const count = Math.max(least, 1 + below(spare.length))
    return spare.slice(0, count).flatMap(place => holders[place] ?? [])
  }

  const expectReadable = async (network: LoopbackStorage, { link }: Stored, what: string): Promise<void> => {
    const reader = new ObjClient(await network.client())
    expect(Buffer.compare(await reader.get(link).bytes(), bytes), what).toBe(0)
    await reader.stop()
  }

  it('a get survives the death of all that can be spared', { timeout: ROUND_MS }, async () => {
    await using network = await loopbackStorage(TRANSFER_PROTOCOL, MAX_TRANSFER_FRAME_BYTES)
    const holders = await twelve(network)
    const content = await stored(network)
    const dying = await victims(holders, content)
    const after = below(size / 2)
    const deaths: Promise<void>[] = []
    const onProgress = ({ bytes }: { readonly bytes: number }): void => {
      if (deaths.length === 0 && bytes >= after) deaths.push(...dying.map(holder => holder.kill()))
    }
    const reader = new ObjClient(await network.client())
    const read = await reader.get(content.link, { onProgress }).bytes()
    const moment = `${dying.length} killed after ${after} bytes`
    expect(deaths, moment).toHaveLength(dying.length)
    expect(Buffer.compare(read, bytes), moment).toBe(0)
    await Promise.all(deaths)
    await reader.stop()
  })

  it('a spread survives the death of any, and what was spread can be read', { timeout: ROUND_MS }, async () => {
    await using network = await loopbackStorage(TRANSFER_PROTOCOL, MAX_TRANSFER_FRAME_BYTES)
    const holders = await twelve(network)
    const context = await network.client()
    const publisher = new ObjClient(context)
    const { link, manifestId, distribution } = await publisher.put(bytes)
    // The publisher has it all: any number of the others may go.
    const dying = holders.slice(0, 1 + below(PEERS - 1))
    const after = below(40)
    await new Promise<void>(resolve => {
      const end = distribution.onState(state => {
        if (state.status === 'sending' && state.piecesStored < after) return
        end()
        resolve()
      })
    })
    await Promise.all(dying.map(holder => holder.kill()))
    network.retire(dying.map(holder => holder.context.node.peerId))
    const moment = `${dying.length} killed after ${after} pieces`
    expect(await distribution.done, moment).toMatchObject({ status: 'done' })
    await publisher.stop()
    await expectReadable(network, await describeStored(context.store, manifestId, link), moment)
  })

  it('a repair survives deaths in the middle of it, and what is left can lose more', {
    timeout: ROUND_MS
  }, async () => {
    await using network = await loopbackStorage(TRANSFER_PROTOCOL, MAX_TRANSFER_FRAME_BYTES)
    let aheadMs = 0
    const clock: Clock = { ...systemClock, now: () => systemClock.now() + aheadMs }
    const seen: SegmentState[] = []
    const faults: string[] = []
    const keeper = {
      onHealth: (_: Uint8Array, __: number, { state }: SegmentHealth) => void seen.push(state),
      onFault: (_: string, why: string) => void faults.push(why)
    }
    const holders = await Promise.all(Array.from({ length: PEERS }, () => network.holder({ keeper }, { clock })))
    const content = await stored(network)
    const observer = await network.client()
    const { contentId } = parseLink(content.link)
    const [relay] = observer.relays(contentId)
    if (!relay) throw new Error('a network has a relay')
    await expect.poll(() => findHolders(observer.node, relay, contentId), { timeout: 20_000 }).toHaveLength(PEERS)
    let alive = holders
    const deaths: Promise<void>[] = []
    const kill = async (least?: number): Promise<void> => {
      const dying = await victims(alive, content, least)
      alive = alive.filter(holder => !dying.includes(holder))
      network.retire(dying.map(holder => holder.context.node.peerId))
      deaths.push(...dying.map(holder => holder.kill()))
    }
    await kill(ENOUGH_TO_REPAIR)
    let middle: Promise<void> | undefined
    for (const { context } of alive)
      context.store.onChange(change => {
        if (change.type === 'pieces-added') middle ??= kill()
      })
    const first = epochOf(systemClock.now())
    for (let epoch = first; epoch < first + EPOCHS; epoch++) {
      for (const holder of holders) {
        if (!alive.includes(holder)) continue
        aheadMs = epoch * EPOCH_MS + LATE_MS - systemClock.now()
        await holder.service.keeper?.round()
      }
      if (seen.slice(-content.segments.length).every(state => state === 'healthy')) break
    }
    const moment = `${PEERS - alive.length} killed, health ${seen.join(', ')}, faults ${faults.join(', ')}`
    expect(middle, moment).toBeDefined()
    await middle
    await kill()
    await Promise.all(deaths)
    aheadMs = 0
    await expectReadable(network, content, moment)
  })
})
