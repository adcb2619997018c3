/**
 * One channel of a holder, seen from the holder: what may be asked, how much at once, and which piece of which offer a chunk belongs
 * to. Messages in, actions out; the shell around it reads, stores and sends.
 */
import { CraftecError } from '../../errors/index.ts'
import { type AssembledPiece, PieceAssembler } from './piece-assembler.ts'
import { MAX_MANIFEST_BYTES } from './transfer-limits.ts'
import type { Offer, TransferMessage, Want } from './transfer-message.ts'

/** Exchanges that may be open on one channel; who asks for more hears `busy`. */
export const MAX_OPEN_REQUESTS = 32
/** One is stored while the next arrives. */
export const MAX_OPEN_OFFERS = 2
const BUSY_RETRY_MS = 1_000

export type ProviderAction =
  | { readonly type: 'send'; readonly message: TransferMessage }
  | { readonly type: 'manifest'; readonly request: number; readonly manifestId: Uint8Array }
  | { readonly type: 'holdings'; readonly request: number; readonly manifestId: Uint8Array; readonly first: number }
  | { readonly type: 'pieces'; readonly request: number; readonly want: Want }
  | { readonly type: 'prove'; readonly request: number; readonly challenge: Uint8Array }
  | { readonly type: 'holders'; readonly request: number; readonly contentId: Uint8Array }
  | { readonly type: 'admit'; readonly request: number; readonly offer: Offer }
  | {
      readonly type: 'store'
      readonly request: number
      readonly offer: Offer
      readonly manifest: Uint8Array | undefined
      readonly pieces: readonly AssembledPiece[]
    }
  | { readonly type: 'bye' }

interface OpenOffer {
  readonly offer: Offer
  /** Pieces that may still come; undefined until it was granted. */
  left: number | undefined
  readonly wantsManifest: boolean
  manifest: Uint8Array | undefined
  manifestFilled: number
  readonly pieces: AssembledPiece[]
}

export class ProviderCore {
  /** Requests that have no final answer yet; true when they were cancelled. */
  readonly #open = new Map<number, boolean>()
  readonly #offers = new Map<number, OpenOffer>()
  readonly #assembler = new PieceAssembler()

  /** Whether anything is being worked on: a channel that is idle may be closed. */
  get busy(): boolean {
    return this.#open.size > 0
  }

  /** @throws CraftecError `protocol-violation` */
  take(message: TransferMessage): ProviderAction[] {
    switch (message.kind) {
      case 'manifest-request':
        return this.#begin(message.request, {
          type: 'manifest',
          request: message.request,
          manifestId: message.manifestId.slice()
        })
      case 'query':
        return this.#begin(message.request, {
          type: 'holdings',
          request: message.request,
          manifestId: message.manifestId.slice(),
          first: message.first
        })
      case 'want':
        return this.#begin(message.request, {
          type: 'pieces',
          request: message.request,
          want: {
            ...message,
            manifestId: message.manifestId.slice(),
            rows: message.rows.map(row => row.slice())
          }
        })
      case 'challenge':
        return this.#begin(message.request, {
          type: 'prove',
          request: message.request,
          challenge: message.bytes.slice()
        })
      case 'peers-request':
        return this.#begin(message.request, {
          type: 'holders',
          request: message.request,
          contentId: message.contentId.slice()
        })
      case 'offer':
        return this.#beginOffer(message.request, { ...message, manifestId: message.manifestId.slice() })
      case 'cancel':
        // an answer may have crossed it
        if (this.#open.has(message.request)) this.#open.set(message.request, true)
        return []
      case 'manifest':
        return this.#takeManifest(this.#granted(message.request), message)
      case 'piece': {
        const offer = this.#granted(message.request)
        if ((offer.left ?? 0) < 1) throw new CraftecError('protocol-violation', 'more pieces than were granted')
        offer.left = (offer.left ?? 0) - 1
        this.#assembler.begin(message.request, message, new Uint8Array(offer.offer.pieceBytes))
        return []
      }
      case 'chunk': {
        const piece = this.#assembler.add(message.data)
        if (piece) this.#granted(piece.request).pieces.push(piece)
        return []
      }
      case 'end':
        return this.#endOffer(message.request)
      case 'bye':
        return [{ type: 'bye' }]
      default:
        throw new CraftecError('protocol-violation', `a ${message.kind} message from someone who asks`)
    }
  }

  /** The shell has granted an offer. @returns what to send */
  grant(request: number, pieces: number, wantsManifest: boolean): TransferMessage {
    const open = this.#offers.get(request)
    if (!open) throw new CraftecError('internal', 'granted an offer that is not open')
    this.#offers.set(request, { ...open, left: pieces, wantsManifest })
    return { kind: 'grant', request, pieces, manifest: wantsManifest }
  }

  isCancelled(request: number): boolean {
    return this.#open.get(request) ?? true
  }

  /** The final answer to a request is on its way. */
  finish(request: number): void {
    this.#open.delete(request)
    this.#offers.delete(request)
  }

  #begin(request: number, action: ProviderAction): ProviderAction[] {
    if (this.#open.has(request)) throw new CraftecError('protocol-violation', 'a request number that is in use')
    if (this.#open.size >= MAX_OPEN_REQUESTS) return [busy(request)]
    this.#open.set(request, false)
    return [action]
  }

  #beginOffer(request: number, offer: Offer): ProviderAction[] {
    if (this.#offers.size >= MAX_OPEN_OFFERS) return [busy(request)]
    const actions = this.#begin(request, { type: 'admit', request, offer })
    if (this.#open.has(request))
      this.#offers.set(request, {
        offer,
        left: undefined,
        wantsManifest: false,
        manifest: undefined,
        manifestFilled: 0,
        pieces: []
      })
    return actions
  }

  #granted(request: number): OpenOffer {
    const open = this.#offers.get(request)
    if (open?.left === undefined) throw new CraftecError('protocol-violation', 'pieces that nobody asked for')
    return open
  }

  #takeManifest(open: OpenOffer, { total, bytes }: TransferMessage & { kind: 'manifest' }): ProviderAction[] {
    open.manifest ??= new Uint8Array(Math.min(total, MAX_MANIFEST_BYTES))
    if (!open.wantsManifest || total !== open.manifest.length || open.manifestFilled + bytes.length > total)
      throw new CraftecError('protocol-violation', 'parts of a manifest that do not fit together')
    open.manifest.set(bytes, open.manifestFilled)
    open.manifestFilled += bytes.length
    return []
  }

  #endOffer(request: number): ProviderAction[] {
    const { offer, manifest, manifestFilled, pieces } = this.#granted(request)
    if (manifest && manifestFilled < manifest.length)
      throw new CraftecError('protocol-violation', 'an offer that ended before its manifest')
    // what comes after its end belongs to nothing
    this.#offers.delete(request)
    return [{ type: 'store', request, offer, manifest, pieces }]
  }
}

function busy(request: number): ProviderAction {
  return { type: 'send', message: { kind: 'end', request, reason: 'busy', retryAfterMs: BUSY_RETRY_MS } }
}
