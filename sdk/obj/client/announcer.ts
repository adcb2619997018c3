import { decodeHex, encodeHex } from '../../codec/index.ts'
import type { PeerAddresses } from '../../p2p/index.ts'
import { equalBytes } from '../hashing/index.ts'
import { announceHoldings, MAX_RECORD_ADDRESSES, signHolderRecord } from '../holders/index.ts'
import type { ContentInfo } from '../store/index.ts'
import { DhtProvider } from './dht-provider.ts'
import type { ObjContext } from './obj-context.ts'

/** What changes first is told at once, more within this time together: a put or an intake changes a content segment by segment. */
const GATHER_MS = 200
/** A record's life, and when it is said again. Those of a tab are short: it may close at any moment. */
const DURABLE = { lifetimeS: 4 * 60 * 60, againMs: 60 * 60_000 }
const PASSING = { lifetimeS: 20 * 60, againMs: 8 * 60_000 }
const PAGE = 100
/** Records of one round in memory. */
const BATCH = 256
/** After relays that could not be reached, or while nobody can reach this node: from the first to the second, doubling. */
const RETRY_MS = { first: 100, most: 2_000 }

/** Tells relays, and the DHT if it takes part in it, what this node holds, when it changes and again before they forget. */
export class Announcer {
  readonly #context: ObjContext
  readonly #durable: boolean
  readonly #dht: DhtProvider
  readonly #life = new AbortController()
  readonly #changed = new Set<string>()
  /** The next round, and when, as the monotonic clock counts. */
  #next: { readonly atMs: number; cancel(): void } | undefined
  #toldAtMs = Number.NEGATIVE_INFINITY
  #retryMs = RETRY_MS.first
  #cancelAgain = (): void => {}
  #unsubscribe = (): void => {}
  /** Rounds one after another. */
  #turn: Promise<void> = Promise.resolve()

  constructor(context: ObjContext, durable: boolean) {
    this.#context = context
    this.#durable = durable
    this.#dht = new DhtProvider(context)
  }

  start(): void {
    this.#unsubscribe = this.#context.store.onChange(change => {
      // a content is added whole by whoever put it: somebody may have its link within the moment
      if (change.type === 'content-added') this.#note(change.manifestId, Number.NEGATIVE_INFINITY)
      if (change.type === 'pieces-added') this.#note(change.manifestId, this.#toldAtMs + GATHER_MS)
    })
    this.#everything()
  }

  stop(): void {
    this.#unsubscribe()
    this.#dht.stop()
    this.#life.abort()
    this.#next?.cancel()
    this.#cancelAgain()
  }

  /** This node's own record of a content it holds, signed now; undefined when it holds none, or cannot be reached. */
  async record(content: ContentInfo): Promise<Uint8Array | undefined> {
    const { node, clock, nodeIdentity } = this.#context
    const addresses = node.addresses().slice(0, MAX_RECORD_ADDRESSES)
    if (content.pieces === 0 || addresses.length === 0) return undefined
    const issuedAt = Math.floor(clock.now() / 1000)
    const { lifetimeS } = this.#durable ? DURABLE : PASSING
    const { contentId, manifestId, pieces } = content
    return signHolderRecord(
      { contentId, manifestId, durable: this.#durable, pieces, issuedAt, expiresAt: issuedAt + lifetimeS, addresses },
      nodeIdentity
    )
  }

  /** @param atMs when it should be told at the latest, on the monotonic clock; now, if that has passed */
  #note(manifestId: Uint8Array, atMs: number): void {
    if (this.#life.signal.aborted) return
    this.#changed.add(encodeHex(manifestId))
    if (this.#next && this.#next.atMs <= atMs) return
    this.#next?.cancel()
    const { clock } = this.#context
    const cancel = clock.after(Math.max(0, atMs - clock.monotonic()), () => {
      this.#next = undefined
      this.#inTurn(() => this.#tellChanged())
    })
    this.#next = { atMs, cancel }
  }

  /** @param retry contents that not every relay knows yet */
  #noteAgain(retry: readonly Uint8Array[]): void {
    if (retry.length === 0) {
      this.#retryMs = RETRY_MS.first
      return
    }
    const atMs = this.#context.clock.monotonic() + this.#retryMs
    this.#retryMs = Math.min(2 * this.#retryMs, RETRY_MS.most)
    for (const manifestId of retry) this.#note(manifestId, atMs)
  }

  #everything(): void {
    this.#inTurn(() => this.#tellAll())
    const { againMs } = this.#durable ? DURABLE : PASSING
    this.#cancelAgain = this.#context.clock.after(againMs, () => this.#everything())
  }

  #inTurn(task: () => Promise<void>): void {
    this.#turn = this.#turn.then(async () => {
      // a failing store or relay: the next round tries again
      if (!this.#life.signal.aborted) await task().catch(() => {})
    })
  }

  async #tellChanged(): Promise<void> {
    const names = [...this.#changed].slice(0, BATCH)
    for (const name of names) this.#changed.delete(name)
    const found = await Promise.all(names.map(name => this.#context.store.content(decodeHex(name))))
    await this.#tell(found.filter(content => content !== undefined))
    if (this.#changed.size > 0 && !this.#next) await this.#tellChanged()
  }

  async #tellAll(): Promise<void> {
    for (let after: Uint8Array | undefined; ; ) {
      const page = await this.#context.store.contents({ limit: PAGE, ...(after ? { after } : {}) })
      await this.#tell(page)
      after = page.at(-1)?.manifestId
      if (page.length < PAGE || this.#life.signal.aborted) return
    }
  }

  async #tell(contents: readonly ContentInfo[]): Promise<void> {
    const { node, relays, ownTable, clock } = this.#context
    const again: Uint8Array[] = []
    /** By relay: the records it should have. */
    const batches = new Map<
      string,
      { readonly relay: PeerAddresses; readonly records: Uint8Array[]; ids: Uint8Array[] }
    >()
    for (const content of contents) {
      if (isDraft(content)) continue
      const record = await this.record(content)
      if (!record) {
        // not reachable yet: a tab waits for its place at a relay
        if (content.pieces > 0) again.push(content.manifestId)
        continue
      }
      this.#toldAtMs = clock.monotonic()
      if (this.#durable) this.#dht.note(content.contentId)
      for (const relay of relays(content.contentId)) {
        if (relay.peerId === node.peerId) {
          ownTable?.put(record, node.publicKey, clock.now())
          continue
        }
        const batch = batches.get(relay.peerId) ?? { relay, records: [], ids: [] }
        batches.set(relay.peerId, batch)
        batch.records.push(record)
        batch.ids.push(content.manifestId)
      }
    }
    await Promise.all(
      [...batches.values()].map(async ({ relay, records, ids }) => {
        try {
          await announceHoldings(node, relay, records, { signal: this.#life.signal, clock })
        } catch {
          again.push(...ids)
        }
      })
    )
    this.#noteAgain(again)
  }
}

/** What is being put has no manifest yet, and an id that nobody can know. */
function isDraft({ contentId, manifestId }: ContentInfo): boolean {
  return equalBytes(contentId, manifestId)
}
