import type { DeadlineOptions } from '../../async/index.ts'
import { decodeHex, encodeHex } from '../../codec/index.ts'
import { CraftecError } from '../../errors/index.ts'
import type { CodingEngine } from '../coding/index.ts'
import { type ContentId, type ContentLink, contentIdFromHash, formatLink } from '../content/index.ts'
import type { HashEngine } from '../hashing/index.ts'
import type { SignedManifest } from '../manifest/index.ts'
import type { ContentInfo, StoreUsage } from '../store/index.ts'
import { writeArchive } from './content-archive.ts'
import { ContentReader, type GetOptions } from './content-reader.ts'
import { parseRef } from './content-ref.ts'
import type { Distribution } from './distribution.ts'
import { Distributor } from './distributor.ts'
import { newContent } from './find-content.ts'
import { importContent } from './import-content.ts'
import type { ObjContext } from './obj-context.ts'
import { DRAFT_PREFIX, putContent, readTimestamp, SEGMENTS_AT_ONCE } from './put-content.ts'
import { contentSize } from './read-content.ts'
import { type RetrievedContent, streamOf } from './retrieved-content.ts'
import { SegmentRooms } from './segment-rooms.ts'
import { openSource, type PutSource } from './source-chunks.ts'
import { type StorageService, startStorageService } from './storage-service.ts'
import { type ContentHolders, type SurveyOptions, surveyHolders } from './survey-holders.ts'

export interface PutOptions {
  /** Encrypt before anything is stored; the key is in the link and nowhere else. Default false. */
  readonly encrypt?: boolean
  /** Keep it on this device until it is unpinned. Default true: what a user stores must not vanish by itself. */
  readonly pin?: boolean
  /** Pieces that storage peers should hold for each piece of the content; 0 spreads nothing. Default: 2 + 16/k, as its health calls for. */
  readonly replicas?: number
  /** For the link and this device's list; never sent. Default: that of a File. */
  readonly name?: string
  /** Media type, as `name`. Default: that of a Blob. */
  readonly type?: string
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: (progress: PutProgress) => void
}

export interface PutProgress {
  /** Bytes of the source that were read. */
  readonly bytes: number
  /** Undefined for a stream. */
  readonly total: number | undefined
}

export interface PutResult {
  readonly cid: ContentId
  /** Opens it: content id, manifest id and, for encrypted content, the key. */
  readonly link: string
  readonly manifestId: Uint8Array
  /** Of the source, in bytes. */
  readonly size: number
  readonly distribution: Distribution
}

/** What is known of a content without reading it. */
export interface ContentStat {
  readonly cid: ContentId
  readonly manifestId: Uint8Array
  /** As it was put, in bytes. */
  readonly size: number
  readonly encrypted: boolean
  /** Milliseconds since the Unix epoch, as its publisher says. */
  readonly createdAt: number
  readonly publisher: Uint8Array
  readonly segments: number
  /** Undefined when this device holds none of it. */
  readonly local: ContentInfo | undefined
}

const PAGE = 1000
/** A put that wrote nothing for so long has died with its page. */
const STALE_DRAFT_MS = 60 * 60_000

/** `craft.obj`: storing and retrieving. */
export class ObjClient {
  readonly #context: ObjContext
  readonly #distributor: Distributor
  readonly #reader: ContentReader
  readonly #service: StorageService | undefined
  readonly #rooms: SegmentRooms
  readonly #life = new AbortController()

  /** @param share serve what is held to others while this node runs */
  constructor(context: ObjContext, { share = false }: { readonly share?: boolean } = {}) {
    this.#context = context
    this.#distributor = new Distributor(context)
    this.#reader = new ContentReader(context)
    this.#rooms = new SegmentRooms(SEGMENTS_AT_ONCE, context.clock)
    this.#service = share ? startStorageService(context, { intake: false, durable: false }) : undefined
  }

  /** Which engines do the arithmetic in this thread: `js` means that WebAssembly, or its files, could not be had. */
  engines(): { readonly coding: CodingEngine['name']; readonly hashing: HashEngine['name'] } {
    const { coding, hashing } = this.#context
    return { coding: coding.name, hashing: hashing.name }
  }

  /** Clear what a crash left, and go on spreading what was not spread. */
  async start(): Promise<void> {
    const { store, clock } = this.#context
    for (const { key, value } of await store.values(DRAFT_PREFIX)) {
      if (clock.now() - readTimestamp(value) < STALE_DRAFT_MS) continue
      await store.removeContent(decodeHex(key.slice(DRAFT_PREFIX.length)))
      await store.setValue(key, undefined)
    }
    await this.#distributor.start()
  }

  /** End everything that runs; the store stays open, it is the caller's. Never rejects. */
  async stop(): Promise<void> {
    this.#life.abort(new CraftecError('stopped', 'the node was stopped'))
    this.#distributor.stop()
    this.#service?.stop()
    this.#rooms.clear()
  }

  /**
   * Store content. Resolves when all of it is safely on this device; spreading it to storage peers goes on in the background, also after
   * a reload.
   * @example
   * import { createCraftec } from '@craftec/web'
   * const bootstrap = ['/dns4/relay.example.org/tcp/443/wss/p2p/12D3KooWGRUVh9fbJCPaM2HYmEwaVpNyHYwyPkLXvHpTQGpyCvtn']
   * const craft = await createCraftec({ bootstrap })
   * const { link, distribution } = await craft.obj.put(new Blob(['hello']), { encrypt: true, name: 'hello.txt' })
   * distribution.onState(state => console.log(state.status))
   * console.log(link, await (await craft.obj.get(link).response()).text())
   * @throws CraftecError `storage-full` | `storage-unavailable` | `aborted` | `invalid-argument` | `stopped`, and what the source throws
   */
  async put(source: PutSource, options: PutOptions = {}): Promise<PutResult> {
    this.#running()
    const opened = openSource(source)
    const { encrypt = false, pin = true, replicas, onProgress } = options
    if (replicas !== undefined && !(Number.isFinite(replicas) && replicas >= 0 && replicas <= 64))
      throw new CraftecError('invalid-argument', `replicas must be a number of 0..64, got ${replicas}`)
    const [name = '', type = ''] = [options.name ?? opened.name, options.type ?? opened.type]
    const { manifest, key } = await putContent(
      this.#context,
      opened,
      {
        encrypt,
        pin,
        label: name || type ? { name, type } : undefined,
        signal: anySignal(options.signal, this.#life.signal),
        onProgress: bytes => onProgress?.({ bytes, total: opened.size })
      },
      this.#rooms
    )
    const link: ContentLink = {
      contentId: manifest.contentId,
      manifestId: manifest.id,
      ...(key ? { key } : {}),
      ...(name ? { name } : {}),
      ...(type ? { mediaType: type } : {})
    }
    return {
      cid: contentIdFromHash(manifest.contentId),
      link: formatLink(link),
      manifestId: manifest.id,
      size: contentSize(manifest),
      distribution: await this.#distributor.add(manifest.id, replicas)
    }
  }

  /**
   * Retrieve content, from this device or from whoever holds it. Nothing happens before the result is read.
   * @param ref a link, or a content id. A link names its manifest, and nothing is handed out that does not fit. With a content id alone the
   *   manifest that most holders name is taken. Of content of one segment nothing is handed out before all of it has that id;
   *   with more segments each is what that manifest's publisher signed, and that they are the content asked for is known when all of
   *   it was read: else reading ends with `content-corrupt` and names the publisher, and the next `get` takes another manifest. A range
   *   of such content is only as good as the manifest
   * @throws CraftecError `malformed` for a string that is neither
   */
  get(ref: string, options: GetOptions = {}): RetrievedContent {
    const signal = anySignal(options.signal, this.#life.signal)
    return this.#reader.open(parseRef(ref), options, signal, () => this.#running())
  }

  /** @throws CraftecError `content-unavailable` | `malformed` | `aborted` */
  async stat(ref: string, { signal }: Pick<DeadlineOptions, 'signal'> = {}): Promise<ContentStat> {
    return this.#stat(await this.#manifest(parseRef(ref), anySignal(signal, this.#life.signal)))
  }

  async #stat(manifest: SignedManifest): Promise<ContentStat> {
    return {
      cid: contentIdFromHash(manifest.contentId),
      manifestId: manifest.id,
      size: contentSize(manifest),
      encrypted: manifest.encryption !== undefined,
      createdAt: manifest.createdAt,
      publisher: manifest.publisher,
      segments: manifest.segments.length,
      local: await this.#context.store.content(manifest.id)
    }
  }

  /** Contents that this device has anything of, in the order of their manifest ids. */
  async *ls(): AsyncGenerator<ContentInfo, void, undefined> {
    const drafts = new Set((await this.#context.store.values(DRAFT_PREFIX)).map(({ key }) => key))
    for (let after: Uint8Array | undefined; ; ) {
      const page = await this.#context.store.contents({ limit: PAGE, ...(after ? { after } : {}) })
      for (const content of page) if (content.size > 0 || !isDraft(content, drafts)) yield content
      after = page.at(-1)?.manifestId
      if (page.length < PAGE) return
    }
  }

  /** Keep it on this device: it is fetched whole if it is not here. @throws CraftecError as reading does */
  async pin(ref: string, options: Omit<GetOptions, 'range' | 'private'> = {}): Promise<void> {
    const signal = anySignal(options.signal, this.#life.signal)
    const manifest = await this.#manifest(parseRef(ref), signal)
    await this.#context.store.addContent(newContent(manifest)) // known by now, unless the store was full
    await this.#context.store.pin(manifest.id)
    await this.#reader.complete(manifest, options, signal)
  }

  /** It may go when room is needed. What others hold, they hold: nobody can be made to forget. @throws CraftecError `content-unknown` */
  async unpin(ref: string): Promise<void> {
    const local = await this.#local(ref)
    await this.#context.store.unpin(local.manifestId)
  }

  /** Take it from this device at once. @returns whether it was here */
  async remove(ref: string): Promise<boolean> {
    const { contentId, manifestId } = parseRef(ref)
    const { store } = this.#context
    const found = manifestId ? [{ manifestId }] : await store.byContentId(contentId)
    let removed = false
    for (const content of found) removed = (await store.removeContent(content.manifestId)) || removed
    return removed
  }

  /**
   * The content as one file, in encrypted form if it was encrypted: for another device, or a drawer. Fetched first if it is not here.
   * @returns a stream that reads no faster than its consumer; it errors as reading does
   */
  export(ref: string, options: Omit<GetOptions, 'range' | 'private'> = {}): ReadableStream<Uint8Array> {
    const link = parseRef(ref)
    const signal = anySignal(options.signal, this.#life.signal)
    const parts = async function* (client: ObjClient): AsyncGenerator<Uint8Array, void, undefined> {
      const manifest = await client.#manifest(link, signal)
      await client.#reader.complete(manifest, options, signal)
      yield* writeArchive(client.#context.store, manifest)
    }
    return streamOf(parts(this))
  }

  /**
   * Take in what {@link export} wrote. Every piece is verified; what was taken before an error stays.
   * @throws CraftecError `malformed` | `invalid-signature` | `storage-full` | `aborted`
   */
  async import(
    source: PutSource,
    { pin = true, signal }: { readonly pin?: boolean; readonly signal?: AbortSignal | undefined } = {}
  ): Promise<ContentStat> {
    this.#running()
    return this.#stat(await importContent(this.#context, source, { pin, signal: anySignal(signal, this.#life.signal) }))
  }

  usage(): Promise<StoreUsage> {
    return this.#context.store.usage()
  }

  /** The spreading of a content, also after a reload, and when it is over; undefined for content that was not put here. */
  distribution(manifestId: Uint8Array): Promise<Distribution | undefined> {
    return this.#distributor.distribution(manifestId)
  }

  /**
   * Who holds a content, and how safe it is: asks relays and the holders themselves, and challenges each for what it claims. Takes seconds, and
   * a megabyte or two; see {@link ContentHolders} for what the figures mean.
   * @throws CraftecError `content-unavailable` | `malformed` | `aborted` | `stopped`
   */
  async holders(ref: string, options: SurveyOptions = {}): Promise<ContentHolders> {
    const signal = anySignal(options.signal, this.#life.signal)
    return surveyHolders(this.#context, await this.#manifest(parseRef(ref), signal), { ...options, signal })
  }

  #running(): void {
    if (this.#life.signal.aborted) throw new CraftecError('stopped', 'the node was stopped; start it again')
  }

  #manifest(link: ContentLink, signal: AbortSignal): Promise<SignedManifest> {
    this.#running()
    return this.#reader.manifest(link, signal)
  }

  async #local(ref: string): Promise<ContentInfo> {
    const { contentId, manifestId } = parseRef(ref)
    const { store } = this.#context
    const local = manifestId ? await store.content(manifestId) : (await store.byContentId(contentId))[0]
    if (!local) throw new CraftecError('content-unknown', 'this device holds nothing of this content')
    return local
  }
}

function isDraft({ manifestId }: ContentInfo, drafts: ReadonlySet<string>): boolean {
  return drafts.has(DRAFT_PREFIX + encodeHex(manifestId))
}

function anySignal(first: AbortSignal | undefined, second: AbortSignal): AbortSignal {
  return first ? AbortSignal.any([first, second]) : second
}
