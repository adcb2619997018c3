/** Messages of `/craftec/obj/1`, docs/protocol/craftobj.md. */
import type { IndexSet } from './index-set.ts'

export const TRANSFER_PROTOCOL = '/craftec/obj/1'

/** Why an exchange ended. */
export type EndReason =
  /** All that was asked for was sent. */
  | 'done'
  /** Nothing more here that would help. */
  | 'exhausted'
  /** This content is not known here. */
  | 'unknown'
  /** Too much to do; `retryAfterMs` says when to ask again. */
  | 'busy'
  /** Not taken: the quota is used up, or this node stores nothing for others. */
  | 'refused'
  /** The asker ended it. */
  | 'cancelled'
  /** What was sent did not verify. */
  | 'invalid'

export type ByeReason = 'done' | 'idle' | 'stopping' | 'protocol'

/** What a piece is made of; its data follows in CHUNK messages. */
export interface PieceHead {
  /** One scalar a source piece. */
  readonly coefficients: Uint8Array
  /** Root of the piece's hash tree, 32 bytes. */
  readonly root: Uint8Array
  /** Why to believe it, as piece/ encodes it: a Merkle path, or the signature of whoever recoded it. */
  readonly provenance: Uint8Array
}

/** What a holder has of one segment. */
export interface SegmentHoldings {
  readonly committed: IndexSet
  /** Pieces that were recoded, at most 255 counted. */
  readonly recoded: number
}

export interface Want {
  readonly manifestId: Uint8Array
  readonly segment: number
  /** Committed pieces to send. */
  readonly committed: IndexSet
  /** Recoded pieces to send that are not in the span of `rows`. */
  readonly recoded: number
  /** Newly recoded pieces to make and send, whatever the asker holds: for repair. */
  readonly fresh: number
  /** Coefficients of what the asker holds, k bytes each; only the choice of recoded pieces depends on them. */
  readonly rows: readonly Uint8Array[]
}

export interface Offer {
  readonly manifestId: Uint8Array
  readonly segment: number
  /** Pieces that would be sent. */
  readonly pieces: number
  readonly pieceBytes: number
}

/** `request` is chosen by the asker, and no other open exchange of the channel has it. */
export type TransferMessage =
  | { readonly kind: 'manifest-request'; readonly request: number; readonly manifestId: Uint8Array }
  | { readonly kind: 'manifest'; readonly request: number; readonly total: number; readonly bytes: Uint8Array }
  | {
      readonly kind: 'query'
      readonly request: number
      readonly manifestId: Uint8Array
      readonly first: number
    }
  | {
      readonly kind: 'have'
      readonly request: number
      readonly first: number
      readonly more: boolean
      readonly segments: readonly SegmentHoldings[]
    }
  | ({ readonly kind: 'want'; readonly request: number } & Want)
  | { readonly kind: 'cancel'; readonly request: number }
  | ({ readonly kind: 'piece'; readonly request: number } & PieceHead)
  | { readonly kind: 'chunk'; readonly data: Uint8Array }
  | { readonly kind: 'end'; readonly request: number; readonly reason: EndReason; readonly retryAfterMs: number }
  | ({ readonly kind: 'offer'; readonly request: number } & Offer)
  | { readonly kind: 'grant'; readonly request: number; readonly pieces: number; readonly manifest: boolean }
  | { readonly kind: 'stored'; readonly request: number; readonly pieces: number }
  | { readonly kind: 'challenge'; readonly request: number; readonly bytes: Uint8Array }
  | { readonly kind: 'proof'; readonly request: number; readonly bytes: Uint8Array }
  | { readonly kind: 'peers-request'; readonly request: number; readonly contentId: Uint8Array }
  | { readonly kind: 'peers'; readonly request: number; readonly records: readonly Uint8Array[] }
  | { readonly kind: 'bye'; readonly reason: ByeReason }

export type TransferKind = TransferMessage['kind']
