/**
 * Storage among liars, over real WebSockets: whatever peers send instead of pieces, a get succeeds, names who lied, and stays within
 * its memory.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { demoBytes } from '../../relay-server/devnet/demo-bytes.ts'
import { systemClock } from '../../sdk/async/index.ts'
import { type Identity, publicKeyFromPeerId } from '../../sdk/identity/index.ts'
import {
  decodeEvidence,
  encodeProvenance,
  IndexSet,
  judgeEvidence,
  ObjClient,
  type ObjContext,
  openManifest,
  type PeerFault,
  type StorageService,
  signRecoded,
  startStorageService,
  TRANSFER_PROTOCOL
} from '../../sdk/obj/index.ts'
import { MAX_TRANSFER_FRAME_BYTES } from '../../sdk/obj/transfer/transfer-limits.ts'
import { TransferLink } from '../../sdk/obj/transfer/transfer-link.ts'
import type { TransferMessage } from '../../sdk/obj/transfer/transfer-message.ts'
import type { Channel } from '../../sdk/p2p/index.ts'
import { type Liar, type LoopbackStorage, loopbackStorage } from '../kit/storage-nodes.ts'

const MIB = 1024 * 1024
const FILE_BYTES = 6 * MIB
const PIECE_BYTES = 256 * 1024
const K = FILE_BYTES / PIECE_BYTES
const ALL = IndexSet.of(...Array.from({ length: K + Math.floor(K / 5) }, (_, index) => index))

type Want = Extract<TransferMessage, { kind: 'want' }>
type OnWant = (link: TransferLink, want: Want, identity: Identity) => Promise<void>

/** Claims to hold all, committed pieces or recoded ones, and answers wants in its own way. */
function claiming(recoded: number, onWant: OnWant) {
  return async (channel: Channel, identity: Identity): Promise<void> => {
    const link = new TransferLink(channel, systemClock)
    for (;;) {
      const message = await link.receive()
      if (message === undefined) return
      if (message.kind === 'query') {
        const segments = [{ committed: recoded > 0 ? new IndexSet() : IndexSet.of(...ALL), recoded }]
        await link.send({ kind: 'have', request: message.request, first: 0, more: false, segments })
      } else if (message.kind === 'want') await onWant(link, message, identity)
      else if ('request' in message && message.kind !== 'cancel')
        await link.send({ kind: 'end', request: message.request, reason: 'unknown', retryAfterMs: 0 })
    }
  }
}

const randomPiece = (k: number) => ({
  coefficients: crypto.getRandomValues(new Uint8Array(k)),
  root: crypto.getRandomValues(new Uint8Array(32)),
  provenance: encodeProvenance({ kind: 'committed', index: 0, path: new Uint8Array(5 * 32) })
})

/** Pieces that are noise, with headers that are noise. */
const garbage = claiming(0, (link, { request }) => link.sendPiece(request, randomPiece(K), demoBytes(7, PIECE_BYTES)))

/** Never answers. */
const stalling = claiming(0, async () => {})

/** Has nothing after all, every time. */
const boasting = claiming(0, (link, { request }) =>
  link.send({ kind: 'end', request, reason: 'exhausted', retryAfterMs: 0 })
)

/** Sends what nobody asked for, as fast as it is taken. */
const flooding = claiming(0, async (link, { request }) => {
  for (;;) await link.sendPiece(request, randomPiece(K), new Uint8Array(PIECE_BYTES))
})

/** Bytes that are no messages. */
const babbling = async (channel: Channel): Promise<void> => {
  for (;;) await channel.send(crypto.getRandomValues(new Uint8Array(65_536)))
}

/** Recoded pieces, correctly signed and hashed, of something else than the segment. */
const polluting =
  (context: ObjContext) =>
  (channel: Channel, own: Identity): Promise<void> =>
    claiming(255, async (link, { request, manifestId, segment, recoded }, identity) => {
      for (let sent = 0; sent < recoded; sent++) {
        const data = demoBytes(sent * 13, PIECE_BYTES)
        const coefficients = crypto.getRandomValues(new Uint8Array(K))
        const root = context.hashing.pieceRoot(data)
        const claim = { manifestId, segment, coefficients, root }
        const signature = await signRecoded(identity, claim)
        const provenance = encodeProvenance({ kind: 'recoded', recoder: identity.publicKey, signature })
        await link.sendPiece(request, { coefficients, root, provenance }, data)
      }
      await link.send({ kind: 'end', request, reason: 'done', retryAfterMs: 0 })
    })(channel, own)

/** Valid pieces, of another content. */
const otherContent = (context: ObjContext, manifestId: Uint8Array) =>
  claiming(0, async (link, { request, committed }) => {
    for (const record of (await context.store.pieces(manifestId, 0)).slice(0, committed.size)) {
      const data = await context.store.readPiece(manifestId, 0, record.id)
      const { coefficients, root, provenance } = record
      if (data) await link.sendPiece(request, { coefficients, root, provenance }, data)
    }
  })

describe('a get among liars', () => {
  let network: LoopbackStorage
  let content: { readonly contentId: Uint8Array; readonly manifestId: Uint8Array; readonly link: string }
  let publisher: ObjContext
  let holders: Awaited<ReturnType<LoopbackStorage['holder']>>[]
  beforeEach(async () => {
    network = await loopbackStorage(TRANSFER_PROTOCOL, MAX_TRANSFER_FRAME_BYTES)
    holders = await Promise.all([network.holder(), network.holder(), network.holder()])
    publisher = await network.client()
    const client = new ObjClient(publisher)
    const { link, manifestId, distribution } = await client.put(demoBytes(0, FILE_BYTES))
    expect(await distribution.done).toMatchObject({ status: 'done', peers: 3 })
    const stored = await publisher.store.content(manifestId)
    if (!stored) throw new Error('the publisher lost what it put')
    content = { contentId: stored.contentId, manifestId, link }
  })
  afterEach(() => network[Symbol.asyncDispose]())

  /**
   * At first only liars answer: the honest come back when one of them has been found out, or believed. So it does not depend on who is
   * quicker whether the liars are asked at all.
   */
  const get = async (...liars: readonly Liar[]): Promise<{ faults: PeerFault[]; peakBytes: number }> => {
    const faults: PeerFault[] = []
    const client = new ObjClient(await network.client())
    await client.stat(content.link)
    for (const { service } of holders) service.stop()
    await Promise.all(liars.map(liar => liar.claim(content)))
    let revived: StorageService[] | undefined
    const revive = (): void => {
      revived ??= holders.map(({ context }) => startStorageService(context, { intake: true, durable: true }))
    }
    const before = process.memoryUsage()
    const baseline = before.heapUsed + before.arrayBuffers
    let peakBytes = 0
    const watch = setInterval(() => {
      const { heapUsed, arrayBuffers } = process.memoryUsage()
      peakBytes = Math.max(peakBytes, heapUsed + arrayBuffers - baseline)
    }, 20)
    const onFault = (fault: PeerFault): void => {
      faults.push(fault)
      revive()
    }
    try {
      const bytes = await client.get(content.link, { onFault, onProgress: revive }).bytes()
      expect(Buffer.compare(bytes, demoBytes(0, FILE_BYTES))).toBe(0)
    } finally {
      clearInterval(watch)
      await client.stop()
      for (const service of revived ?? []) service.stop()
    }
    return { faults, peakBytes }
  }

  it.each([
    ['garbage', () => garbage, 'invalid-piece'],
    ['pieces that nobody asked for', () => flooding, 'invalid-piece'],
    ['bytes that are no messages', () => babbling, 'protocol-violation'],
    ['valid pieces of another content', () => otherContent(publisher, content.manifestId), 'invalid-piece']
  ] as const)('names the sender of %s', async (name, behave, why) => {
    if (name.startsWith('valid')) {
      const other = new ObjClient(publisher)
      const { manifestId } = await other.put(demoBytes(99, FILE_BYTES), { replicas: 0 })
      const liar = await network.liar(otherContent(publisher, manifestId))
      const { faults } = await get(liar)
      expect(faults).toContainEqual(expect.objectContaining({ peer: liar.peerId, why }))
      return
    }
    const liar = await network.liar(behave())
    const { faults, peakBytes } = await get(liar)
    expect(faults).toContainEqual(expect.objectContaining({ peer: liar.peerId, why }))
    expect(peakBytes).toBeLessThan(100 * MIB)
  })

  it('names who signed recoded pieces that are something else, and gives the right bytes', async () => {
    const liar = await network.liar(polluting(publisher))
    const { faults } = await get(liar)
    const fault = faults.find(({ why }) => why === 'polluted-piece')
    expect(fault?.peer).toBe(liar.peerId)
    const manifest = openManifest((await publisher.store.manifest(content.manifestId)) ?? new Uint8Array(0))
    const verdict = judgeEvidence(manifest, decodeEvidence(fault?.evidence ?? new Uint8Array(0)))
    expect(verdict).toMatchObject({ liar: 'recoder', key: publicKeyFromPeerId(liar.peerId) })
  })

  it('is not held up by peers that promise everything and send nothing', async () => {
    const [silent, hollow] = [await network.liar(stalling), await network.liar(boasting)]
    const { faults } = await get(silent, hollow)
    expect(faults.every(({ peer }) => peer === silent.peerId || peer === hollow.peerId)).toBe(true)
    expect(faults).toContainEqual({ peer: hollow.peerId, why: 'broken-promises' })
  })

  it('succeeds with all of them at once', async () => {
    const liars = await Promise.all(
      [garbage, flooding, babbling, stalling, boasting, polluting(publisher)].map(behave => network.liar(behave))
    )
    const { peakBytes } = await get(...liars)
    expect(peakBytes).toBeLessThan(150 * MIB)
  })
})

describe('a storage peer', () => {
  it('cuts off who offers forever, and goes on serving others', async () => {
    await using network = await loopbackStorage(TRANSFER_PROTOCOL, MAX_TRANSFER_FRAME_BYTES)
    const { context, service } = await network.holder()
    const hostile = await network.client()
    const at = { peerId: context.node.peerId, addresses: context.node.addresses() }
    const channel = await hostile.node.openChannel(at, TRANSFER_PROTOCOL, { maxFrameBytes: MAX_TRANSFER_FRAME_BYTES })
    const link = new TransferLink(channel, systemClock)
    const offering = (async () => {
      for (let request = 0; ; request++)
        await link.send({
          kind: 'offer',
          request,
          manifestId: crypto.getRandomValues(new Uint8Array(32)),
          segment: 0,
          pieces: 512,
          pieceBytes: PIECE_BYTES
        })
    })()
    await expect(offering).rejects.toMatchObject({ code: 'link-closed' })
    expect(service.stats.violations).toBe(1)
    const honest = new ObjClient(await network.client())
    const { distribution } = await honest.put(demoBytes(0, MIB))
    expect(await distribution.done).toMatchObject({ status: 'done', peers: 1 })
    await honest.stop()
  })
})
