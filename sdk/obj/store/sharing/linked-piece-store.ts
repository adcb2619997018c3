import { CraftecError } from '../../../errors/index.ts'
import type {
  ContentInfo,
  ContentLabel,
  ContentPage,
  EvictionReport,
  EvictOptions,
  NewContent,
  PieceRecord,
  PieceStore,
  PushOffer,
  PutOptions,
  ReadOptions,
  RemoveOptions,
  StoreChange,
  StoredPiece,
  StoreUsage,
  VerifyOptions,
  VerifyReport
} from '../piece-store.ts'
import type { CallOptions, StoreLink, StoreMethod } from './store-link.ts'

/** A store at the other end of a link, as if it were here. */
export function linkedPieceStore(link: StoreLink): PieceStore {
  return new LinkedPieceStore(link)
}

class LinkedPieceStore implements PieceStore {
  readonly #link: StoreLink
  #closing: Promise<void> | undefined

  constructor(link: StoreLink) {
    this.#link = link
  }

  addContent(content: NewContent): Promise<ContentInfo> {
    return this.#call('addContent', [content])
  }

  adopt(provisionalId: Uint8Array, content: NewContent): Promise<ContentInfo> {
    return this.#call('adopt', [provisionalId, content])
  }

  content(manifestId: Uint8Array): Promise<ContentInfo | undefined> {
    return this.#call('content', [manifestId])
  }

  manifest(manifestId: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#call('manifest', [manifestId])
  }

  byContentId(contentId: Uint8Array): Promise<ContentInfo[]> {
    return this.#call('byContentId', [contentId])
  }

  contents(page: ContentPage = {}): Promise<ContentInfo[]> {
    return this.#call('contents', [page])
  }

  roomFor(offer: PushOffer): Promise<number> {
    return this.#call('roomFor', [offer])
  }

  async putPieces(
    manifestId: Uint8Array,
    segment: number,
    pieces: readonly StoredPiece[],
    { signal, from, transfer = false, giveBack }: PutOptions = {}
  ): Promise<number> {
    const { packed, buffers, areCopies } = transfer ? given(pieces) : copied(pieces)
    return this.#call('putPieces', [manifestId, segment, packed, { from }], {
      signal,
      transfer: buffers,
      ...(areCopies ? {} : { giveBack })
    })
  }

  pieces(manifestId: Uint8Array, segment: number): Promise<PieceRecord[]> {
    return this.#call('pieces', [manifestId, segment])
  }

  held(manifestId: Uint8Array): Promise<Uint16Array> {
    return this.#call('held', [manifestId])
  }

  async readPiece(
    manifestId: Uint8Array,
    segment: number,
    id: Uint8Array,
    { signal, into, ...range }: ReadOptions = {}
  ): Promise<Uint8Array | undefined> {
    const bytes = await this.#call<Uint8Array | undefined>('readPiece', [manifestId, segment, id, range], { signal })
    if (bytes === undefined || into === undefined) return bytes
    if (into.length < bytes.length)
      throw new CraftecError('invalid-argument', `into: expected at least ${bytes.length} bytes, got ${into.length}`)
    into.set(bytes)
    return into.subarray(0, bytes.length)
  }

  removePieces(manifestId: Uint8Array, segment: number, ids: readonly Uint8Array[]): Promise<number> {
    return this.#call('removePieces', [manifestId, segment, ids])
  }

  removeContent(manifestId: Uint8Array, options: RemoveOptions = {}): Promise<boolean> {
    return this.#call('removeContent', [manifestId, options])
  }

  pin(manifestId: Uint8Array): Promise<void> {
    return this.#call('pin', [manifestId])
  }

  unpin(manifestId: Uint8Array): Promise<void> {
    return this.#call('unpin', [manifestId])
  }

  setLabel(manifestId: Uint8Array, label: ContentLabel | undefined): Promise<void> {
    return this.#call('setLabel', [manifestId, label])
  }

  value(key: string): Promise<Uint8Array | undefined> {
    return this.#call('value', [key])
  }

  setValue(key: string, value: Uint8Array | undefined): Promise<void> {
    return this.#call('setValue', [key, value])
  }

  values(prefix: string, after?: string): Promise<{ key: string; value: Uint8Array }[]> {
    return this.#call('values', [prefix, after])
  }

  usage(): Promise<StoreUsage> {
    return this.#call('usage', [])
  }

  evict(needBytes: number, { signal, keep }: EvictOptions = {}): Promise<EvictionReport> {
    return this.#call('evict', [needBytes, { keep }], { signal })
  }

  verify({ signal, onProgress }: VerifyOptions = {}): Promise<VerifyReport> {
    // Progress is wanted in any case: it shows that the other side is alive.
    return this.#call('verify', [{}], { signal, onProgress: onProgress ?? (() => {}) })
  }

  onChange(listener: (change: StoreChange) => void): () => void {
    return this.#link.onChange(listener)
  }

  close(): Promise<void> {
    this.#closing ??= this.#link.close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #call<T>(method: StoreMethod, args: readonly unknown[], options?: CallOptions): Promise<T> {
    if (this.#closing !== undefined) throw new CraftecError('stopped', 'the store is closed; open it again')
    return (await this.#link.call({ method, args }, options)) as T
  }
}

interface Packed {
  readonly packed: readonly StoredPiece[]
  readonly buffers: readonly ArrayBuffer[]
  readonly areCopies: boolean
}

/** Whole buffers change hands; shared memory and that of WebAssembly cannot, and is copied. */
function given(pieces: readonly StoredPiece[]): Packed {
  const isOwned = pieces.every(({ data }) => data.buffer instanceof ArrayBuffer && !data.buffer.detached)
  if (!isOwned) return copied(pieces)
  const buffers = [...new Set(pieces.map(({ data }) => data.buffer as ArrayBuffer))]
  return { packed: pieces, buffers, areCopies: false }
}

/** One buffer of just the pieces: a view on something larger would be copied with all of it. */
function copied(pieces: readonly StoredPiece[]): Packed {
  const whole = new Uint8Array(pieces.reduce((sum, { data }) => sum + data.length, 0))
  let at = 0
  const packed = pieces.map(({ record, data }) => {
    whole.set(data, at)
    at += data.length
    return { record, data: whole.subarray(at - data.length, at) }
  })
  return { packed, buffers: [whole.buffer], areCopies: true }
}
