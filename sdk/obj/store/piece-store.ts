/**
 * What keeps pieces. One interface for all engines; `test/kit/piece-store-contract.ts` is what it means, run against each of them.
 *
 * Content is known by its manifest id; a piece by (manifest id, segment, piece id). Pieces are trusted as given: whoever puts them
 * has verified them. A promise that resolves means: on the disk, and there after a crash at the next moment.
 */

export interface PieceRecord {
  /** 32 bytes; binds the piece to the bytes of its segment. */
  readonly id: Uint8Array
  /** k bytes. */
  readonly coefficients: Uint8Array
  /** Root of the piece's tree of 1 KiB leaves, 32 bytes. */
  readonly root: Uint8Array
  /** Why the piece is believed: path to the manifest's root, or a recoder's signature; at most 4,096 bytes. */
  readonly provenance: Uint8Array
}

export interface StoredPiece {
  readonly record: PieceRecord
  /** Exactly the content's pieceBytes. */
  readonly data: Uint8Array
}

/** How people know the content. Stays on this device: names are not in manifests. */
export interface ContentLabel {
  readonly name: string
  /** Media type; empty when unknown. */
  readonly type: string
}

export interface NewContent {
  /** SHA-256 of the whole manifest, 32 bytes. */
  readonly manifestId: Uint8Array
  /** 32 bytes; several manifests may describe the same content. */
  readonly contentId: Uint8Array
  /** As published, signature included; at most 4 MiB. */
  readonly manifest: Uint8Array
  readonly pieceBytes: number
  readonly segments: number
  /** Of the content, in bytes. */
  readonly size: number
  /** Never evicted. Default false. */
  readonly pinned?: boolean
  /** `own`: put or fetched by this device. `peer`: kept for somebody else, and counted against their quota. */
  readonly origin: 'own' | 'peer'
  /** Whose quota it counts against, 1..128 characters of printable ASCII; required for `peer`, meaningless for `own`. */
  readonly peer?: string
  readonly label?: ContentLabel
}

export interface ContentInfo extends Omit<NewContent, 'manifest' | 'pinned'> {
  readonly pinned: boolean
  /** Milliseconds since the Unix epoch. */
  readonly addedAt: number
  /** When a piece was last written, or read by somebody who wanted it, to the minute; what eviction goes by. */
  readonly usedAt: number
  /** Pieces held of all segments. */
  readonly pieces: number
  /** What they take of the quota. */
  readonly storedBytes: number
}

export interface ContentPage {
  /** Manifest id after which to go on. */
  readonly after?: Uint8Array
  /** 1..1000, default 100. */
  readonly limit?: number
}

/** Pieces that a peer would like to leave here. */
export interface PushOffer {
  readonly manifestId: Uint8Array
  readonly segment: number
  /** 1..1024 */
  readonly pieces: number
  readonly pieceBytes: number
  /** Who pushes: 1..128 characters of printable ASCII. */
  readonly from: string
  /** Pushes that were promised room and have not been put yet; at most 1024. */
  readonly promised?: readonly Pick<PushOffer, 'from' | 'pieces' | 'pieceBytes'>[]
}

export interface PutOptions {
  /**
   * The peer that pushed the pieces; they may displace only what the rule of docs/storage.md lets them. Absent: the device's own wish,
   * before which all unpinned content gives way, that of peers first.
   */
  readonly from?: string | undefined
  readonly signal?: AbortSignal
  /** The buffers behind the pieces are given away and end up empty; an engine in a worker then copies nothing. Default false. */
  readonly transfer?: boolean
  /**
   * Called before the put resolves with the buffers that `transfer` took, where they come back without a copy. Else they stay with the
   * caller, as in an engine of this thread, or are gone.
   */
  readonly giveBack?: (buffers: readonly ArrayBuffer[]) => void
}

export interface ReadOptions {
  /** First byte, default 0. */
  readonly from?: number
  /** Behind the last byte, default the piece's end. */
  readonly to?: number
  /** Where to write; at least `to - from` bytes. The result is a view on it. */
  readonly into?: Uint8Array
  /** Whether eviction is to think that somebody wanted the content. Default true; what is read to check or prove it was not wanted. */
  readonly countsAsUse?: boolean
  readonly signal?: AbortSignal
}

export interface StoreUsage {
  /** Taken by pieces. */
  readonly bytes: number
  /** What pieces may take in all: the caller's cap, or what the system grants, whichever is less. */
  readonly quota: number
  readonly contents: number
  readonly pieces: number
  /** Taken by content of each peer: at most the 1,000 that take most. */
  readonly perPeer: Readonly<Record<string, number>>
}

export interface RemoveOptions {
  /** Only content that has no pieces and is not pinned: what a put that failed leaves. Default false. */
  readonly ifEmpty?: boolean
}

export interface EvictOptions {
  /** Manifests that stay, whatever their value. */
  readonly keep?: readonly Uint8Array[]
  readonly signal?: AbortSignal
}

export interface EvictionReport {
  readonly freedBytes: number
  /** Manifest ids of what went, least valuable first. */
  readonly evicted: readonly Uint8Array[]
}

/** Higher stays longer. Pure, so that tests and other policies can replace it. */
export type ContentValue = (content: ContentInfo, nowMs: number) => number

export interface LostPiece {
  readonly manifestId: Uint8Array
  readonly segment: number
  readonly id: Uint8Array
}

export interface VerifyOptions {
  readonly signal?: AbortSignal
  readonly onProgress?: (checked: number, total: number) => void
}

export interface VerifyReport {
  /** Pieces that were read and checked against their root. */
  readonly checked: number
  /** Pieces whose bytes are gone or changed; they are no longer in the store. The first 1,000. */
  readonly lost: readonly LostPiece[]
  /** All of them, also those not listed. */
  readonly lostCount: number
}

export type StoreChange =
  | { readonly type: 'content-added' | 'content-changed'; readonly manifestId: Uint8Array }
  /** `evicted`: nobody asked for it, it gave way to something else. */
  | { readonly type: 'content-removed'; readonly manifestId: Uint8Array; readonly evicted?: boolean }
  | { readonly type: 'pieces-added' | 'pieces-removed'; readonly manifestId: Uint8Array; readonly segment: number }

/**
 * All methods reject with CraftecError: `invalid-argument` for values out of range, `content-unknown` for a manifest that is not in
 * the store (where not said otherwise), `storage-full` when the quota or the disk is used up (nothing was changed then),
 * `limit-exceeded` when a peer's quota is used up and nothing may give way, `storage-unavailable` when the medium failed, `storage-corrupt` when what is on it
 * does not decode, `aborted`, `timeout`, and `stopped` after close().
 */
export interface PieceStore {
  /** Idempotent: content that is there stays as it is, and is the answer. */
  addContent(content: NewContent): Promise<ContentInfo>
  /**
   * What was put under a provisional manifest id, because the manifest could not be written before the last segment was coded, becomes
   * `content`, in one step. If that content is there already, it stays, and the provisional one is removed.
   * @throws CraftecError `invalid-argument` when the provisional content is of a peer, or has another pieceBytes
   */
  adopt(provisionalId: Uint8Array, content: NewContent): Promise<ContentInfo>
  content(manifestId: Uint8Array): Promise<ContentInfo | undefined>
  manifest(manifestId: Uint8Array): Promise<Uint8Array | undefined>
  /** At most 100 manifests. */
  byContentId(contentId: Uint8Array): Promise<ContentInfo[]>
  /** In the order of manifest ids. */
  contents(page?: ContentPage): Promise<ContentInfo[]>

  /**
   * How many of the pieces a put with `from` would take at this moment, 0..`pieces`. Changes nothing: whoever promises room counts it in
   * with the next offer.
   */
  roomFor(offer: PushOffer): Promise<number>
  /**
   * All of them or none. A piece whose id is there already stays as it is and is not counted, so that a put may be repeated.
   * @param pieces 1..1024, of one segment
   * @returns how many are new
   */
  putPieces(
    manifestId: Uint8Array,
    segment: number,
    pieces: readonly StoredPiece[],
    options?: PutOptions
  ): Promise<number>
  /** In the order in which they were put; none for content that is not there. */
  pieces(manifestId: Uint8Array, segment: number): Promise<PieceRecord[]>
  /** Pieces held of each segment. */
  held(manifestId: Uint8Array): Promise<Uint16Array>
  /** @returns undefined when the piece is not there */
  readPiece(
    manifestId: Uint8Array,
    segment: number,
    id: Uint8Array,
    options?: ReadOptions
  ): Promise<Uint8Array | undefined>
  /** @returns how many there were */
  removePieces(manifestId: Uint8Array, segment: number, ids: readonly Uint8Array[]): Promise<number>
  /** Pieces, manifest and label, pinned or not. @returns whether it was there, and was removed */
  removeContent(manifestId: Uint8Array, options?: RemoveOptions): Promise<boolean>

  pin(manifestId: Uint8Array): Promise<void>
  unpin(manifestId: Uint8Array): Promise<void>
  setLabel(manifestId: Uint8Array, label: ContentLabel | undefined): Promise<void>

  /** Small state beside the pieces. @param key 1..256 characters of printable ASCII */
  value(key: string): Promise<Uint8Array | undefined>
  /** @param value at most 1 MiB; undefined removes */
  setValue(key: string, value: Uint8Array | undefined): Promise<void>
  /** In the order of keys, at most 1000. */
  values(prefix: string, after?: string): Promise<{ readonly key: string; readonly value: Uint8Array }[]>

  usage(): Promise<StoreUsage>
  /** Remove unpinned content, least valuable first, until `needBytes` are free or none is left. */
  evict(needBytes: number, options?: EvictOptions): Promise<EvictionReport>
  /** Read every piece and drop those that are not what they were. Reading and writing go on meanwhile. */
  verify(options?: VerifyOptions): Promise<VerifyReport>
  /** @returns ends the subscription */
  onChange(listener: (change: StoreChange) => void): () => void
  /** Waits for what is being written. Idempotent. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}
