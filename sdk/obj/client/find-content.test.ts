import { describe, expect, it } from 'vitest'
import { type PublishedContent, publishContent } from '../../../test/kit/published-content.ts'
import { type StorageNetwork, type StorageNode, storageNetwork } from '../../../test/kit/storage-network.ts'
import { encodeHex } from '../../codec/index.ts'
import { formatLink } from '../content/index.ts'
import { findHolders, HolderTable, signHolderRecord } from '../holders/index.ts'
import { type SignedManifest, signManifest } from '../manifest/index.ts'
import { pieceId } from '../piece/index.ts'
import { createMemoryPieceStore } from '../store/index.ts'
import { ObjClient } from './obj-client.ts'
import type { ObjContext } from './obj-context.ts'
import { type FoundHolder, searchHolders } from './search-holders.ts'
import { startStorageService } from './storage-service.ts'

const never = new AbortController().signal
const content = await publishContent({ size: 40_000 })
/** A manifest that claims the content's id for other bytes. */
const other = await publishContent({ size: 40_000, seed: 'other bytes' })
const lie = await signManifest({ ...other.manifest, contentId: content.manifest.contentId }, other.publisher)
const cid = encodeHex(content.manifest.contentId)

/** Content of one segment, and manifests that claim its id for other bytes: of the same length, and of fewer. */
const small = await publishContent({ size: 12_000 })
const smallCid = encodeHex(small.manifest.contentId)
const forgeries = await Promise.all(
  [12_000, 9_000].map(async size => {
    const forged = await publishContent({ size, seed: `${size} other bytes` })
    return {
      forged,
      lie: await signManifest({ ...forged.manifest, contentId: small.manifest.contentId }, forged.publisher)
    }
  })
)

/** Keep all pieces of a content on a node, which then says so. */
async function keep(node: StorageNode, { segments }: PublishedContent, manifest: SignedManifest): Promise<void> {
  const { store } = node.context
  await store.addContent({
    manifestId: manifest.id,
    contentId: manifest.contentId,
    manifest: manifest.bytes,
    pieceBytes: manifest.pieceBytes,
    segments: segments.length,
    size: manifest.size,
    origin: 'own'
  })
  for (const [segment, { pieces }] of segments.entries())
    await store.putPieces(
      manifest.id,
      segment,
      pieces.map(({ coefficients, root, provenance, data }) => ({
        record: {
          id: pieceId(manifest.segments[segment]?.hash ?? root, coefficients, root),
          coefficients,
          root,
          provenance
        },
        data
      }))
    )
}

async function known(network: StorageNetwork, holders: number, contentId = content.manifest.contentId): Promise<void> {
  const { context } = network.node()
  const [relay] = context.relays(contentId)
  if (!relay) throw new Error('a network has a relay')
  const find = async () => (await findHolders(context.node, relay, contentId)).length
  await expect.poll(find, { timeout: 10_000 }).toBe(holders)
}

async function found(context: ObjContext, manifestId?: Uint8Array): Promise<FoundHolder[]> {
  const all: FoundHolder[] = []
  const { contentId } = content.manifest
  for await (const holder of searchHolders(context, { contentId, manifestId }, never)) all.push(holder)
  return all
}

describe('a content id without a manifest', () => {
  it('is read by the manifest that most holders name', async () => {
    const network = storageNetwork()
    await keep(network.holder(), other, lie)
    // tabs cost nothing to open, and weigh little
    for (let tab = 0; tab < 3; tab++) await keep(network.holder({ durable: false }), other, lie)
    for (let honest = 0; honest < 2; honest++) await keep(network.holder(), content, content.manifest)
    await known(network, 6)
    const client = new ObjClient(network.node().context)
    expect((await client.get(cid).info()).manifestId).toEqual(content.manifest.id)
    expect(await client.get(cid).bytes()).toEqual(content.bytes)
  })

  it('ends with the publisher’s name when its bytes are others, and is read by another manifest the next time', async () => {
    const network = storageNetwork()
    await keep(network.holder(), other, lie)
    await known(network, 1)
    const { context } = network.node()
    const client = new ObjClient(context)
    await expect(client.get(cid).bytes()).rejects.toMatchObject({
      code: 'content-corrupt',
      details: { publisher: other.publisher.peerId, manifestId: encodeHex(lie.id) }
    })
    expect(await context.store.content(lie.id)).toBeUndefined()
    await keep(network.holder(), content, content.manifest)
    await known(network, 2)
    expect(await client.get(cid).bytes()).toEqual(content.bytes)
  })
})

describe('a content id of one segment, and a manifest that somebody forged for it', () => {
  const ranges = [undefined, { from: 0, to: 100 }, { from: 4_000, to: 9_000 }]
  const { contentId } = small.manifest

  it.each(forgeries)('hands out nothing, neither of all of it nor of a range', async ({ forged, lie }) => {
    const network = storageNetwork()
    await keep(network.holder(), forged, lie)
    await known(network, 1, contentId)
    for (const range of ranges) {
      const client = new ObjClient(network.node().context)
      const given: Uint8Array[] = []
      const reading = (async () => {
        for await (const bytes of client.get(smallCid, { idleTimeoutMs: 300, ...(range ? { range } : {}) }))
          given.push(bytes)
      })()
      await expect(reading).rejects.toMatchObject({
        code: 'content-corrupt',
        details: { publisher: forged.publisher.peerId, manifestId: encodeHex(lie.id) }
      })
      expect(given).toEqual([])
    }
  })

  it.each(forgeries)(
    'is read by an honest manifest, at once if the size that was told stands',
    async ({ forged, lie }) => {
      const network = storageNetwork()
      for (let liar = 0; liar < 2; liar++) await keep(network.holder(), forged, lie)
      await keep(network.holder(), small, small.manifest)
      await known(network, 3, contentId)
      for (const range of ranges) {
        const client = new ObjClient(network.node().context)
        const read = (): Promise<Uint8Array> => client.get(smallCid, range ? { range } : {}).bytes()
        if (lie.size !== small.manifest.size) await expect(read()).rejects.toMatchObject({ code: 'content-corrupt' })
        expect(await read()).toEqual(small.bytes.slice(range?.from ?? 0, range?.to ?? small.bytes.length))
      }
    }
  )
})

describe('finding holders', () => {
  /** A holder that relays have never heard of, and that knows another one. */
  async function hidden() {
    const network = storageNetwork()
    const unheard = { relays: () => [] }
    const table = new HolderTable()
    const holder = network.node()
    startStorageService({ ...holder.context, ...unheard, ownTable: table }, { intake: false, durable: true })
    await keep(holder, content, content.manifest)
    const reader: ObjContext = { ...network.node().context, ...unheard }
    return { network, table, holder, reader }
  }
  const dhtOf = (context: ObjContext, holder: StorageNode): ObjContext => ({
    ...context,
    node: { ...context.node, dht: { provide: async () => {}, findProviders: async () => [holder.peer] } }
  })

  it('goes to the DHT when relays know nobody, and asks who is found there for its manifest', async () => {
    const { holder, reader } = await hidden()
    expect(await found(reader)).toEqual([])
    expect(await found(dhtOf(reader, holder))).toMatchObject([
      { peerId: holder.identity.peerId, manifestId: content.manifest.id, durable: true }
    ])
    const client = new ObjClient(dhtOf(reader, holder))
    expect(await client.get(cid).bytes()).toEqual(content.bytes)
  })

  it('goes on to those whom holders know, as they signed it: a tab stays a tab', async () => {
    const { network, table, holder, reader } = await hidden()
    const { contentId, id: manifestId } = content.manifest
    const issuedAt = Math.floor(Date.now() / 1000)
    const others = [network.node(), network.node()]
    for (const [index, { identity, peer }] of others.entries()) {
      const fields = { contentId, manifestId, durable: index === 0, pieces: 1, issuedAt, expiresAt: issuedAt + 600 }
      const record = await signHolderRecord({ ...fields, addresses: peer.addresses }, identity)
      expect(table.put(record, identity.publicKey, Date.now())).toBe('taken')
    }
    const all = await found(dhtOf(reader, holder), manifestId)
    expect(new Map(all.map(({ peerId, durable }) => [peerId, durable]))).toEqual(
      new Map([
        [holder.identity.peerId, undefined],
        ...others.map(({ identity }, index) => [identity.peerId, index === 0] as const)
      ])
    )
  })

  it('asks whom it fetched from before and is still linked with, and needs nobody to tell it of them', async () => {
    const { holder, reader } = await hidden()
    await keep(holder, other, other.manifest)
    const linkOf = ({ manifest }: PublishedContent): string =>
      formatLink({ contentId: manifest.contentId, manifestId: manifest.id })
    const strange = { ...reader, store: createMemoryPieceStore() }
    await expect(new ObjClient(strange).get(linkOf(content), { idleTimeoutMs: 1 }).bytes()).rejects.toMatchObject({
      code: 'content-unavailable'
    })
    expect(await new ObjClient(dhtOf(reader, holder)).get(linkOf(content)).bytes()).toEqual(content.bytes)
    expect(await new ObjClient(reader).get(linkOf(other)).bytes()).toEqual(other.bytes)
  })

  it('asks relays again while a walk through the DHT takes its time', async () => {
    const network = storageNetwork()
    const { context } = network.node()
    const { promise: endless } = Promise.withResolvers<never>()
    const { promise: walking, resolve } = Promise.withResolvers<void>()
    const findProviders = (): Promise<never> => {
      resolve()
      return endless
    }
    const reader = new ObjClient({
      ...context,
      node: { ...context.node, dht: { provide: async () => {}, findProviders } }
    })
    const reading = reader.get(cid).bytes()
    await walking
    await keep(network.holder(), content, content.manifest)
    expect(await reading).toEqual(content.bytes)
  })

  it('believes nobody who speaks for others, and asks nobody twice a minute', async () => {
    const { holder, reader } = await hidden()
    const { contentId, id: manifestId } = content.manifest
    const issuedAt = Math.floor(Date.now() / 1000)
    const fields = {
      contentId,
      manifestId,
      durable: true,
      pieces: 1,
      issuedAt,
      expiresAt: issuedAt + 600,
      addresses: []
    }
    const record = await signHolderRecord(fields, holder.identity)
    const forged = record.with(40, (record[40] ?? 0) ^ 1)
    let asked = 0
    const find = (): Uint8Array[] => {
      asked++
      return [forged, forged]
    }
    const liar = { ...holder.context, ownTable: { find } as unknown as HolderTable }
    startStorageService({ ...liar, relays: () => [] }, { intake: false, durable: false })
    const context = dhtOf(reader, holder)
    for (let time = 0; time < 3; time++) expect((await found(context, manifestId)).length).toBe(1)
    expect(asked).toBe(1)
  })
})

describe('a reader whose clock is wrong', () => {
  it.each([
    ['slow', -3_600_000, 'clock-behind', 'future'],
    ['a day fast', 25 * 3_600_000, 'clock-ahead', 'expired']
  ] as const)('is told so when it is %s', async (_, skewMs, reason, refused) => {
    const network = storageNetwork()
    await keep(network.holder(), content, content.manifest)
    await known(network, 1)
    const { context } = network.node()
    const clock = { ...context.clock, now: () => context.clock.now() + skewMs }
    const client = new ObjClient({ ...context, clock })
    await expect(client.get(cid, { idleTimeoutMs: 300 }).info()).rejects.toMatchObject({
      code: 'content-unavailable',
      details: { reason }
    })
    expect(context.refusedRecords[refused]).toBeGreaterThan(0)
  })
})
