import type { ErrorWire } from '../../../errors/index.ts'
import type { StoreChange } from '../piece-store.ts'
import type { StoreCall } from './store-link.ts'

/** What goes through a {@link StorePort}. Both ends are of this origin and this release. */
export type ToStore =
  | {
      readonly type: 'call'
      readonly id: number
      readonly call: StoreCall
      readonly wantsProgress: boolean
      /** Buffers that moved here with the call, and are wanted back with its answer. */
      readonly lent: readonly ArrayBuffer[]
    }
  | { readonly type: 'abort'; readonly id: number }
  | { readonly type: 'close' }

export type FromStore =
  | { readonly type: 'done'; readonly id: number; readonly value: unknown; readonly lent: readonly ArrayBuffer[] }
  | { readonly type: 'failed'; readonly id: number; readonly error: ErrorWire }
  | { readonly type: 'progress'; readonly id: number; readonly done: number; readonly total: number }
  | { readonly type: 'change'; readonly change: StoreChange }
  | { readonly type: 'closed' }
