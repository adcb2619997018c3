/**
 * Looks after what a durable node holds: when it is elected for a content (health/scanner-election.ts), it audits the other holders, judges
 * each segment by what they proved, has missing pieces made, and lets go of what is too much. All decisions are in health/ and audit/;
 * here they meet the network.
 */
import { encodeHex } from '../../codec/index.ts'
import { CraftecError } from '../../errors/index.ts'
import { type PeerId, peerIdFromPublicKey, publicKeyFromPeerId } from '../../identity/index.ts'
import type { PeerAddresses } from '../../p2p/index.ts'
import { decodeChallenge } from '../audit/index.ts'
import {
  assessSegment,
  countedHolders,
  epochOf,
  isScanner,
  planRepair,
  planRetirement,
  scaledTarget,
  scannerRanking
} from '../health/index.ts'
import { findHolders } from '../holders/index.ts'
import { manifestSegmentation, openManifest, type SignedManifest } from '../manifest/index.ts'
import type { ContentInfo } from '../store/index.ts'
import { HolderSession } from '../transfer/index.ts'
import { AuditLog } from './audit-log.ts'
import { type AskedHolder, auditSegment } from './audit-segment.ts'
import type { KeeperContext, KeeperEvents } from './keeper-context.ts'
import { repairSegment } from './repair-segment.ts'

export interface HealthKeeperOptions extends KeeperEvents {
  /** Between two rounds. Default 60,000. */
  readonly intervalMs?: number
  /** Contents looked at in a round, in turn. Default 8. */
  readonly contentsPerRound?: number
  /** Segments of a content looked at in a round, in turn. Default 8. */
  readonly segmentsPerContent?: number
  /** How much a content is in demand, 0..3; see `demandLevel`. Default: not at all. */
  readonly demand?: (manifestId: Uint8Array) => number
}

export interface RoundReport {
  /** Contents for which this node was elected. */
  readonly scanned: number
  readonly repaired: number
  readonly retired: number
}

const DEFAULTS = { intervalMs: 60_000, contentsPerRound: 8, segmentsPerContent: 8 }
/** Other holders of a content that are asked; each is a connection. */
const MAX_HOLDERS = 24
/** Scanners remembered from their challenges. */
const MAX_HEARD = 4096

export class HealthKeeper {
  readonly #context: KeeperContext
  readonly #options: HealthKeeperOptions
  readonly #log = new AuditLog()
  /** When somebody challenged this node for a content: that is how a scanner is heard of. */
  readonly #heard = new Map<string, number>()
  readonly #life = new AbortController()
  #after: Uint8Array | undefined
  #rounds = 0
  #cancel: (() => void) | undefined

  constructor(context: KeeperContext, options: HealthKeeperOptions = {}) {
    this.#context = context
    this.#options = options
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
    if (this.#heard.size > MAX_HEARD && oldest !== undefined) this.#heard.delete(oldest)
  }

  /** Look at the next contents. Never rejects. */
  async round(): Promise<RoundReport> {
    const report = { scanned: 0, repaired: 0, retired: 0 }
    const { store } = this.#context
    const limit = this.#options.contentsPerRound ?? DEFAULTS.contentsPerRound
    try {
      const page = await store.contents({ limit, ...(this.#after ? { after: this.#after } : {}) })
      this.#after = page.length < limit ? undefined : page.at(-1)?.manifestId
      for (const content of page) {
        if (this.#life.signal.aborted || content.pieces === 0) continue
        const done = await this.#scan(content)
        report.scanned += done.scanned
        report.repaired += done.repaired
        report.retired += done.retired
      }
      this.#rounds++
    } catch {
      // The store is being closed, or fails: whoever owns it hears of it elsewhere.
    }
    return report
  }

  async #scan(content: ContentInfo): Promise<RoundReport> {
    const nothing = { scanned: 0, repaired: 0, retired: 0 }
    const { store, node, clock } = this.#context
    const bytes = await store.manifest(content.manifestId)
    if (!bytes || bytes.length === 0) return nothing
    const manifest = openManifest(bytes)
    const others = await this.#otherHolders(manifest)
    const self = publicKeyFromPeerId(node.peerId)
    const now = clock.now()
    const ranking = scannerRanking(manifest.id, epochOf(now), [self, ...[...others.keys()].map(publicKeyFromPeerId)])
    const name = encodeHex(manifest.id)
    const scannedAt = (key: Uint8Array): number | undefined => this.#heard.get(`${name}/${peerIdFromPublicKey(key)}`)
    if (!isScanner(ranking, self, now, scannedAt)) return nothing
    const sessions = await this.#open([...others.values()])
    const report = { scanned: 1, repaired: 0, retired: 0 }
    try {
      for (const segment of this.#segments(manifest)) {
        if (this.#life.signal.aborted) break
        const done = await this.#segment(manifest, segment, content.pinned, sessions)
        report.repaired += done.repaired
        report.retired += done.retired
      }
    } finally {
      for (const session of sessions) void session.close()
    }
    return report
  }

  async #segment(
    manifest: SignedManifest,
    segment: number,
    pinned: boolean,
    sessions: readonly HolderSession[]
  ): Promise<{ readonly repaired: number; readonly retired: number }> {
    const { store, node, clock, storagePeers, coding } = this.#context
    const { signal } = this.#life
    const { k } = manifestSegmentation(manifest).segment(segment)
    const asked = await this.#ask(manifest, segment, sessions)
    await auditSegment(this.#context, manifest, segment, asked, this.#log, this.#options, signal)
    const now = clock.now()
    const own = await store.pieces(manifest.id, segment)
    const ownRows = own.map(({ coefficients }) => coefficients)
    const others = this.#log.holders({ manifestId: manifest.id, segment }, now)
    const target = scaledTarget(k, this.#options.demand?.(manifest.id) ?? 0)
    const all = [...others, { holder: node.peerId, durable: true, passedAtMs: now, pieces: ownRows }]
    const health = assessSegment(k, all, now, target, coding)
    this.#options.onHealth?.(manifest.id, segment, health)
    const tasks = planRepair({
      health,
      self: node.peerId,
      holders: countedHolders(all, now),
      candidates: [...new Set([...storagePeers().map(({ peerId }) => peerId), ...all.map(({ holder }) => holder)])]
    })
    const byPeer = new Map(asked.map(holder => [holder.session.peer as string, holder]))
    const repaired = await repairSegment(this.#context, manifest, segment, tasks, byPeer, signal)
    const drop = planRetirement({ k, target, pinned, own: ownRows, others, elected: true, nowMs: now, engine: coding })
    const record = drop === undefined ? undefined : own[drop]
    const retired = record ? await store.removePieces(manifest.id, segment, [record.id]) : 0
    return { repaired, retired }
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

  /** The segments whose turn it is. */
  #segments(manifest: SignedManifest): number[] {
    const count = manifest.segments.length
    const each = Math.min(count, this.#options.segmentsPerContent ?? DEFAULTS.segmentsPerContent)
    return Array.from({ length: each }, (_, index) => (this.#rounds * each + index) % count)
  }
}
