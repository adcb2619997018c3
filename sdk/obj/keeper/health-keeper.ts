/**
 * Looks after what a durable node holds: when it is elected for a content (health/scanner-election.ts), it audits the other holders, judges
 * each segment by what they proved, has missing pieces made, and lets go of what is too much. All decisions are in health/ and audit/;
 * here they meet the network.
 */
import { encodeHex } from '../../codec/index.ts'
import { CraftecError } from '../../errors/index.ts'
import { type PeerId, peerIdFromPublicKey, publicKeyFromPeerId } from '../../identity/index.ts'
import type { PeerAddresses } from '../../p2p/index.ts'
import { decodeChallenge, type SignedStorageReceipt } from '../audit/index.ts'
import { equalBytes } from '../hashing/index.ts'
import {
  type ContentKnowledge,
  epochOf,
  isScanner,
  planSegment,
  type SegmentState,
  scannerRanking
} from '../health/index.ts'
import { findHolders } from '../holders/index.ts'
import { manifestSegmentation, openManifest, type SignedManifest } from '../manifest/index.ts'
import { giveReceipts, type ReceiptBook } from '../receipts/index.ts'
import type { ContentInfo } from '../store/index.ts'
import { HolderSession } from '../transfer/index.ts'
import { AuditLog } from './audit-log.ts'
import { type AskedHolder, auditSegment } from './audit-segment.ts'
import { DemandLog } from './demand-log.ts'
import type { KeeperContext, KeeperEvents } from './keeper-context.ts'
import { repairSegment } from './repair-segment.ts'
import { ScanLedger } from './scan-ledger.ts'
import { SelfAudit } from './self-audit.ts'

export interface HealthKeeperOptions extends KeeperEvents {
  /** Between two rounds. Default 60,000. */
  readonly intervalMs?: number
  /** Contents looked at in a round, in turn. Default 4. */
  readonly contentsPerRound?: number
  /** Segments of a content looked at in a round; each once in an epoch. Default 4. */
  readonly segmentsPerContent?: number
  /** Pieces of its own that the node audits in a round, in turn; 0 for none. Default 64. */
  readonly ownPiecesPerRound?: number
}

export interface RoundReport {
  /** Contents for which this node was elected. */
  readonly scanned: number
  readonly repaired: number
  readonly retired: number
  /** Pieces of its own that did not stand the node's own audit: it has dropped them. */
  readonly rotten: number
}

/** Since the keeper was made. */
export interface KeeperStats {
  /** Pieces of its own that it read and answered for. */
  readonly ownChecked: number
  /** Of these, the ones that were not what they had been, and were dropped. */
  readonly ownRotten: number
  /** Those that the disk did not give. */
  readonly ownUnreadable: number
}

/**
 * Sixteen segments a minute: all that is held of them is read once, 400 MB in the whole network with segments of 10 MiB. Of the node's own disk 16 MiB a
 * minute are read beside, in pieces of 256 KiB: 50 GB in two days, for 0.1 s of CPU a minute.
 */
const DEFAULTS = { intervalMs: 60_000, contentsPerRound: 4, segmentsPerContent: 4, ownPiecesPerRound: 64 }
/** Other holders of a content that are asked; each is a connection. */
const MAX_HOLDERS = 24
/** Scanners remembered from their challenges, and states of contents from scans. */
const MAX_REMEMBERED = 4096
const WORST_FIRST: readonly SegmentState[] = ['lost', 'critical', 'degraded', 'healthy']

export class HealthKeeper {
  readonly #context: KeeperContext
  readonly #options: HealthKeeperOptions
  readonly #log = new AuditLog()
  readonly #demand = new DemandLog()
  readonly #ledger: ScanLedger
  readonly #selfAudit: SelfAudit
  #stats: KeeperStats = { ownChecked: 0, ownRotten: 0, ownUnreadable: 0 }
  /** The worst state of a content's segments in the last scan of each, by manifest id in hex. */
  readonly #states = new Map<string, SegmentState>()
  #unsubscribe = (): void => {}
  /** When somebody challenged this node for a content: that is how a scanner is heard of. */
  readonly #heard = new Map<string, number>()
  readonly #life = new AbortController()
  #after: Uint8Array | undefined
  #cancel: (() => void) | undefined

  constructor(context: KeeperContext, options: HealthKeeperOptions = {}) {
    this.#context = context
    this.#options = options
    this.#ledger = new ScanLedger(context.clock.now())
    this.#selfAudit = new SelfAudit(context, options.ownPiecesPerRound ?? DEFAULTS.ownPiecesPerRound)
    this.#unsubscribe = context.store.onChange(change => {
      if (change.type === 'pieces-added') this.#ledger.added(change, context.clock.now())
      if (change.type === 'content-removed') this.#states.delete(encodeHex(change.manifestId))
    })
  }

  get stats(): KeeperStats {
    return this.#stats
  }

  /** Receipts that this node made about others. */
  get issued(): ReceiptBook {
    return this.#context.issued
  }

  /** Pieces were sent to somebody who reads. @param k source pieces of the segment */
  read(manifestId: Uint8Array, segment: number, pieces: number, k: number): void {
    this.#demand.read({ manifestId, segment }, pieces / k, this.#context.clock.now())
  }

  /** What this node knows of a content beyond its own disk, for the order of eviction. */
  knowledge({ manifestId }: Pick<ContentInfo, 'manifestId'>): ContentKnowledge {
    const state = this.#states.get(encodeHex(manifestId))
    const readsPerHour = this.#demand.readsPerHour(manifestId, this.#context.clock.now())
    return { readsPerHour, ...(state ? { state } : {}) }
  }

  /** Begin, a whole interval from now: a node that has just come needs to find its peers first. */
  start(): void {
    this.#cancel?.()
    this.#cancel = this.#context.clock.after(this.#options.intervalMs ?? DEFAULTS.intervalMs, () => {
      void this.round().finally(() => {
        if (!this.#life.signal.aborted) this.start()
      })
    })
  }

  stop(): void {
    this.#cancel?.()
    this.#unsubscribe()
    this.#life.abort(new CraftecError('stopped', 'the node is being stopped'))
  }

  /** Tell of every challenge that this node is asked to answer. */
  heard(peer: PeerId, challenge: Uint8Array): void {
    try {
      const { manifestId } = decodeChallenge(challenge)
      this.#heard.set(`${encodeHex(manifestId)}/${peer}`, this.#context.clock.now())
    } catch {
      return
    }
    const [oldest] = this.#heard.keys()
    if (this.#heard.size > MAX_REMEMBERED && oldest !== undefined) this.#heard.delete(oldest)
  }

  /** Look at the next of its own pieces, then at the next contents. Never rejects. */
  async round(): Promise<RoundReport> {
    const report = { scanned: 0, repaired: 0, retired: 0, rotten: 0 }
    const { store } = this.#context
    const limit = this.#options.contentsPerRound ?? DEFAULTS.contentsPerRound
    try {
      report.rotten = await this.#auditSelf()
      const page = await store.contents({ limit, ...(this.#after ? { after: this.#after } : {}) })
      this.#after = page.length < limit ? undefined : page.at(-1)?.manifestId
      for (const content of page) {
        if (this.#life.signal.aborted || content.pieces === 0) continue
        const done = await this.#scan(content)
        report.scanned += done.scanned
        report.repaired += done.repaired
        report.retired += done.retired
      }
    } catch {
      // The store is being closed, or fails: whoever owns it hears of it elsewhere.
    }
    return report
  }

  /** @returns pieces dropped */
  async #auditSelf(): Promise<number> {
    const { checked, rotten, unreadable } = await this.#selfAudit.round(this.#life.signal)
    const { ownChecked, ownRotten, ownUnreadable } = this.#stats
    this.#stats = {
      ownChecked: ownChecked + checked,
      ownRotten: ownRotten + rotten,
      ownUnreadable: ownUnreadable + unreadable
    }
    return rotten
  }

  async #scan(content: ContentInfo): Promise<Omit<RoundReport, 'rotten'>> {
    const nothing = { scanned: 0, repaired: 0, retired: 0 }
    const { store, node, clock } = this.#context
    const bytes = await store.manifest(content.manifestId)
    if (!bytes || bytes.length === 0) return nothing
    const manifest = openManifest(bytes)
    const segments = this.#segments(manifest)
    if (segments.length === 0) return nothing
    const others = await this.#otherHolders(manifest)
    const self = publicKeyFromPeerId(node.peerId)
    const now = clock.now()
    const ranking = scannerRanking(manifest.id, epochOf(now), [self, ...[...others.keys()].map(publicKeyFromPeerId)])
    const name = encodeHex(manifest.id)
    const scannedAt = (key: Uint8Array): number | undefined => this.#heard.get(`${name}/${peerIdFromPublicKey(key)}`)
    if (!isScanner(ranking, self, now, scannedAt)) return nothing
    const sessions = await this.#open([...others.values()])
    const receipts: SignedStorageReceipt[] = []
    const states: SegmentState[] = []
    const report = { scanned: 1, repaired: 0, retired: 0 }
    try {
      for (const segment of segments) {
        if (this.#life.signal.aborted) break
        const done = await this.#segment(manifest, segment, content.pinned, sessions, receipts)
        report.repaired += done.repaired
        report.retired += done.retired
        states.push(done.state)
      }
    } finally {
      for (const session of sessions) void session.close()
    }
    this.#remember(name, states)
    await this.#handOut(receipts, others)
    return report
  }

  async #segment(
    manifest: SignedManifest,
    segment: number,
    pinned: boolean,
    sessions: readonly HolderSession[],
    receipts: SignedStorageReceipt[]
  ): Promise<{ readonly repaired: number; readonly retired: number; readonly state: SegmentState }> {
    const { store, node, clock, storagePeers, coding } = this.#context
    const { signal } = this.#life
    const place = { manifestId: manifest.id, segment }
    const sinceMs = clock.now()
    const holders = await this.#ask(manifest, segment, sessions)
    const liars: PeerId[] = []
    const events: KeeperEvents = {
      onReceipt: receipt => receipts.push(receipt),
      onFault: (peer, why, evidence) => {
        if (why === 'false-recoding') liars.push(peer)
        this.#options.onFault?.(peer, why, evidence)
      }
    }
    await auditSegment(this.#context, { manifest, segment, holders, log: this.#log, signal }, events)
    for (const liar of liars) await this.#void(liar, manifest.contentId, receipts)
    this.#ledger.scanned(place, sinceMs)
    const now = clock.now()
    const own = await store.pieces(manifest.id, segment)
    const others = this.#log.holders(place, now)
    const { health, repairs, retire } = planSegment({
      k: manifestSegmentation(manifest).segment(segment).k,
      level: this.#demand.level(place, others.length + 1, now),
      self: node.peerId,
      own: own.map(({ coefficients }) => coefficients),
      others,
      candidates: [
        ...new Set([...storagePeers().map(({ peerId }) => peerId), ...others.map(({ holder }) => holder), node.peerId])
      ],
      pinned,
      nowMs: now,
      sinceMs,
      addedAtMs: this.#ledger.addedAtMs(place),
      engine: coding
    })
    this.#options.onHealth?.(manifest.id, segment, health)
    const byPeer = new Map(holders.map(holder => [holder.session.peer as string, holder]))
    const repaired = await repairSegment(this.#context, manifest, segment, repairs, byPeer, signal)
    const ids = retire.flatMap(index => own[index]?.id ?? [])
    const retired = ids.length === 0 ? 0 : await store.removePieces(manifest.id, segment, ids)
    return { repaired, retired, state: health.state }
  }

  #remember(name: string, states: readonly SegmentState[]): void {
    const worst = WORST_FIRST.find(state => states.includes(state))
    if (!worst) return
    this.#states.delete(name)
    this.#states.set(name, worst)
    const [oldest] = this.#states.keys()
    if (this.#states.size > MAX_REMEMBERED && oldest !== undefined) this.#states.delete(oldest)
  }

  /** Keep receipts, tell of them, and give each to whom it is about: that is who is paid for it. */
  async #handOut(
    receipts: readonly SignedStorageReceipt[],
    holders: ReadonlyMap<PeerId, PeerAddresses>
  ): Promise<void> {
    const { node, clock } = this.#context
    if (receipts.length === 0) return
    await this.#context.issued.add(receipts, clock.now())
    for (const receipt of receipts) this.#options.onReceipt?.(receipt)
    await Promise.all(
      [...holders].map(async ([peerId, peer]) => {
        const key = publicKeyFromPeerId(peerId)
        const own = receipts.filter(({ storageNode }) => equalBytes(storageNode, key))
        // whoever cannot be reached goes without: the receipt stays in this node's own book
        if (own.length > 0) await giveReceipts(node, peer, own, { signal: this.#life.signal, clock }).catch(() => 0)
      })
    )
  }

  /** A proven lie makes void what its author was given for the content, also in this scan. */
  async #void(liar: PeerId, contentId: Uint8Array, receipts: SignedStorageReceipt[]): Promise<void> {
    const storageNode = publicKeyFromPeerId(liar)
    const left = receipts.filter(receipt => !equalBytes(receipt.storageNode, storageNode))
    receipts.splice(0, receipts.length, ...left)
    await this.#context.issued.void({ storageNode, contentId })
  }

  /** Durable holders that relays know of, and this node has no quarrel with. */
  async #otherHolders(manifest: SignedManifest): Promise<Map<PeerId, PeerAddresses>> {
    const { node, clock, scores, relays } = this.#context
    const options = { signal: this.#life.signal, clock }
    const answers = await Promise.allSettled(
      relays(manifest.contentId).map(relay => findHolders(node, relay, manifest.contentId, options))
    )
    const holders = new Map<PeerId, PeerAddresses>()
    for (const answer of answers)
      for (const { holder, manifestId, durable, addresses } of answer.status === 'fulfilled' ? answer.value : []) {
        const peerId = peerIdFromPublicKey(holder)
        const usable = durable && peerId !== node.peerId && !scores.isBanned(peerId, clock.monotonic())
        if (usable && holders.size < MAX_HOLDERS && encodeHex(manifestId) === encodeHex(manifest.id))
          holders.set(peerId, { peerId, addresses })
      }
    return holders
  }

  async #open(peers: readonly PeerAddresses[]): Promise<HolderSession[]> {
    const { node, clock, scores } = this.#context
    const opened = await Promise.allSettled(
      peers.map(peer => HolderSession.open(node, peer, { signal: this.#life.signal, clock }))
    )
    return opened.flatMap((result, index) => {
      if (result.status === 'fulfilled') return [result.value]
      const peer = peers[index]
      if (peer) scores.failed(peer.peerId, clock.monotonic())
      return []
    })
  }

  async #ask(manifest: SignedManifest, segment: number, sessions: readonly HolderSession[]): Promise<AskedHolder[]> {
    const answers = await Promise.allSettled(
      sessions.map(async session => {
        const page = await session.holdings(manifest.id, segment, { signal: this.#life.signal })
        const [holdings] = page?.segments ?? []
        return holdings && { session, holdings }
      })
    )
    return answers.flatMap(answer => (answer.status === 'fulfilled' && answer.value ? [answer.value] : []))
  }

  /** The next segments that were not looked at in this epoch. */
  #segments(manifest: SignedManifest): number[] {
    const now = this.#context.clock.now()
    return [...manifest.segments.keys()]
      .filter(segment => !this.#ledger.isScanned({ manifestId: manifest.id, segment }, now))
      .slice(0, this.#options.segmentsPerContent ?? DEFAULTS.segmentsPerContent)
  }
}
