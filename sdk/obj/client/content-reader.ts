import { throwIfAborted } from '../../async/index.ts'
import { CraftecError } from '../../errors/index.ts'
import type { ContentLink } from '../content/index.ts'
import type { SignedManifest } from '../manifest/index.ts'
import { voidByEvidence } from '../receipts/index.ts'
import { ContentFetcher, type PeerFault } from '../transfer/index.ts'
import { completeContent } from './complete-content.ts'
import { findManifest } from './find-content.ts'
import type { ObjContext } from './obj-context.ts'
import { openReach, privateReach, type Reach, warmReach } from './reach.ts'
import { contentSize, readContent } from './read-content.ts'
import { type ByteRange, type RetrievedContent, resolveRange, retrievedContent } from './retrieved-content.ts'

export interface GetOptions {
  readonly range?: ByteRange
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: (progress: GetProgress) => void
  /**
   * Fetch through circuits that end at the holders: relays do not learn what is asked for, holders do not learn who asks. Takes a link with a
   * manifest id; slower; nothing is kept. Each holder has a circuit of its own. Default false.
   */
  readonly private?: boolean
  /** Told of each peer that lied or stalled; the content arrives all the same. */
  readonly onFault?: (fault: PeerFault) => void
  /** Give up when nothing useful has come for this long, in milliseconds. Default 30,000. */
  readonly idleTimeoutMs?: number
}

export interface GetProgress {
  /** Bytes of pieces that came over the network so far. */
  readonly bytes: number
  readonly peers: number
}

const DEFAULT_IDLE_MS = 30_000

interface Opened {
  readonly manifest: SignedManifest
  /** Whoever gave the manifest is still connected. */
  readonly reach: Reach
}

/** Finds manifests, and reads what they describe: the way from a link to bytes. */
export class ContentReader {
  readonly #context: ObjContext

  constructor(context: ObjContext) {
    this.#context = context
  }

  /** @throws CraftecError `content-unavailable` | `aborted` */
  async manifest(link: ContentLink, signal: AbortSignal, options: GetOptions = {}): Promise<SignedManifest> {
    return (await this.#open(link, signal, options)).manifest
  }

  async #open(link: ContentLink, signal: AbortSignal, options: GetOptions): Promise<Opened> {
    const reach = warmReach(this.#reach(options), this.#context.clock)
    const { idleTimeoutMs: timeoutMs = DEFAULT_IDLE_MS, onFault } = options
    return { manifest: await findManifest(this.#context, reach, link, { signal, timeoutMs, onFault }), reach }
  }

  /** Nothing happens before the result is read. @param running throws when the node does not run */
  open(link: ContentLink, options: GetOptions, signal: AbortSignal, running: () => void): RetrievedContent {
    let opened: Promise<Opened> | undefined
    const open = (): Promise<Opened> => {
      running()
      opened ??= this.#open(link, signal, options)
      opened.catch(() => {
        opened = undefined
      })
      return opened
    }
    const refuse = async (manifest: SignedManifest, cause: CraftecError): Promise<CraftecError> => {
      opened = undefined
      const error = this.#context.badManifests.add(manifest, cause)
      await this.#forget(manifest)
      return error
    }
    const { range: asked } = options
    return retrievedContent({
      info: async () => {
        const { manifest } = await open()
        const local = await this.#context.store.content(manifest.id)
        const size = contentSize(manifest)
        return {
          contentId: manifest.contentId,
          manifestId: manifest.id,
          size,
          range: resolveRange(asked, size),
          name: link.name ?? (local?.label?.name || undefined),
          type: link.mediaType ?? (local?.label?.type || undefined)
        }
      },
      read: range => this.#read(open, refuse, link, range ?? asked, options, signal)
    })
  }

  /** Fetch what is not here. @throws CraftecError as reading does */
  async complete(manifest: SignedManifest, options: GetOptions, signal: AbortSignal): Promise<void> {
    const held = await this.#context.store.held(manifest.id)
    const fetcher = this.#fetcher(manifest, options)
    try {
      await completeContent(fetcher, manifest, held, signal)
    } finally {
      await fetcher.close()
    }
  }

  #reach({ private: hidden = false }: GetOptions): Reach {
    return hidden ? privateReach(this.#context) : openReach(this.#context)
  }

  #fetcher(manifest: SignedManifest, options: GetOptions, reach = this.#reach(options)): ContentFetcher {
    const { store, hashing, coding, codec, scores, clock, random } = this.#context
    let bytes = 0
    const peers = new Set<string>()
    const { contentId, id: manifestId } = manifest
    return new ContentFetcher(
      {
        openSession: (peer, signal) => reach.open(peer, signal),
        store,
        hashes: hashing,
        codec,
        engine: async () => coding,
        scores,
        clock,
        random
      },
      manifest,
      {
        findHolders: signal => reach.search({ contentId, manifestId }, signal),
        keep: reach.keep,
        ...(options.idleTimeoutMs === undefined ? {} : { idleTimeoutMs: options.idleTimeoutMs }),
        onFault: fault => {
          if (fault.evidence) this.#void(manifest, fault.evidence)
          options.onFault?.(fault)
        },
        onBytes: (count, peer) => {
          bytes += count
          peers.add(peer)
          options.onProgress?.({ bytes, peers: peers.size })
        }
      }
    )
  }

  /** What a proven liar was given for the content counts for nothing. The read goes on meanwhile. */
  #void(manifest: SignedManifest, evidence: Uint8Array): void {
    // a store that fails keeps its receipts: the liar is banned all the same
    voidByEvidence(this.#context.issued, manifest, evidence).catch(() => {})
  }

  /**
   * Only where the manifest was not named by a link can it be of other content than was asked for. Another is read in its place if nothing
   * was handed out, and if it says the same size, which the caller may know by now.
   */
  async *#read(
    open: () => Promise<Opened>,
    refuse: (manifest: SignedManifest, cause: CraftecError) => Promise<CraftecError>,
    link: ContentLink,
    range: ByteRange | undefined,
    options: GetOptions,
    signal: AbortSignal
  ): AsyncGenerator<Uint8Array, void, undefined> {
    let refused: { readonly error: CraftecError; readonly size: number } | undefined
    for (let given = 0; ; ) {
      throwIfAborted(signal, 'get')
      const opened = await open().catch(error => {
        throwIfAborted(signal, 'get')
        throw refused?.error ?? error
      })
      const size = contentSize(opened.manifest)
      if (refused && refused.size !== size) throw refused.error
      try {
        for await (const bytes of this.#readManifest(opened, link, range, options, signal)) {
          given += bytes.length
          yield bytes
        }
        return
      } catch (error) {
        throwIfAborted(signal, 'get')
        const cause = CraftecError.from(error)
        if (link.manifestId || cause.code !== 'content-corrupt') throw error
        refused = { error: await refuse(opened.manifest, cause), size }
        if (given > 0) throw refused.error
      }
    }
  }

  async *#readManifest(
    { manifest, reach }: Opened,
    link: ContentLink,
    range: ByteRange | undefined,
    options: GetOptions,
    signal: AbortSignal
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const resolved = resolveRange(range, contentSize(manifest))
    const fetcher = this.#fetcher(manifest, options, reach)
    const onAbort = (): void => void fetcher.close()
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      const { codec, hashing } = this.#context
      const source = { fetcher, codec, hashing, isNamed: link.manifestId !== undefined }
      for await (const bytes of readContent(source, manifest, resolved, link.key)) {
        throwIfAborted(signal, 'get')
        yield bytes
      }
    } finally {
      signal.removeEventListener('abort', onAbort)
      await fetcher.close()
    }
  }

  /** What was fetched of it is of no use to anybody; what somebody pinned is theirs to remove. */
  async #forget({ id }: SignedManifest): Promise<void> {
    const { store } = this.#context
    if ((await store.content(id))?.pinned === false) await store.removeContent(id)
  }
}
