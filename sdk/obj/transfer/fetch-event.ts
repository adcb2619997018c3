/** What the fetch plan is told, and what it wants done. */
import type { IndexSet } from './index-set.ts'
import type { EndReason, SegmentHoldings } from './transfer-message.ts'

/** Why a peer is of no more use to this fetch. */
export type DropReason = 'stalled' | 'broken-promises' | 'unknown-content' | 'refused'

export type FetchEvent =
  /**
   * Pieces of `segment` are wanted from now on; those in `held` are here already.
   * @param recoded whether recoded ones will do
   * @param sources all that is needed of it, as long as they can be had; absent: all of it
   */
  | {
      readonly type: 'segment'
      readonly segment: number
      readonly k: number
      readonly rank: number
      readonly held: IndexSet
      readonly recoded: boolean
      readonly sources?: IndexSet | undefined
    }
  /** The segment is complete, or not wanted any more. */
  | { readonly type: 'forget'; readonly segment: number }
  | {
      readonly type: 'have'
      readonly peer: string
      readonly first: number
      readonly segments: readonly SegmentHoldings[]
    }
  /** A verified piece. @param index undefined for a recoded one */
  | {
      readonly type: 'piece'
      readonly peer: string
      readonly request: number
      readonly index: number | undefined
      readonly innovative: boolean
    }
  | {
      readonly type: 'end'
      readonly peer: string
      readonly request: number
      readonly reason: EndReason
      readonly retryAfterMs: number
    }
  | { readonly type: 'lost'; readonly peer: string }
  | { readonly type: 'tick' }

export type FetchEffect =
  | {
      readonly type: 'want'
      readonly peer: string
      readonly request: number
      readonly segment: number
      readonly committed: IndexSet
      readonly recoded: number
    }
  | { readonly type: 'cancel'; readonly peer: string; readonly request: number }
  | { readonly type: 'query'; readonly peer: string; readonly first: number }
  | { readonly type: 'drop'; readonly peer: string; readonly why: DropReason }
