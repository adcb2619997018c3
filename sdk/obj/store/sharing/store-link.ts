import type { PieceStore, StoreChange } from '../piece-store.ts'

/**
 * The methods of a store that cross threads and tabs, and where their options stand: signals and progress cannot be copied, and are
 * carried beside the call.
 */
export const STORE_METHODS = {
  addContent: undefined,
  adopt: undefined,
  content: undefined,
  manifest: undefined,
  byContentId: undefined,
  contents: undefined,
  roomFor: undefined,
  putPieces: 3,
  pieces: undefined,
  held: undefined,
  readPiece: 3,
  removePieces: undefined,
  removeContent: undefined,
  pin: undefined,
  unpin: undefined,
  setLabel: undefined,
  value: undefined,
  setValue: undefined,
  values: undefined,
  usage: undefined,
  evict: 1,
  verify: 0
} as const satisfies Partial<Record<keyof PieceStore, number | undefined>>

export type StoreMethod = keyof typeof STORE_METHODS

export interface StoreCall {
  readonly method: StoreMethod
  /** As of the method, options without signal and progress. */
  readonly args: readonly unknown[]
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((done: number, total: number) => void) | undefined
  /** Buffers that need not be copied. */
  readonly transfer?: readonly ArrayBuffer[]
  /** Told of them when they are no longer needed, if they can come back without a copy. */
  readonly giveBack?: ((buffers: readonly ArrayBuffer[]) => void) | undefined
}

/** A way to a store: in this thread, behind a port, or in another tab. */
export interface StoreLink {
  /** Rejects with CraftecError, that of the store or of the way to it. Calls may be made twice when the way breaks: all are idempotent. */
  call(call: StoreCall, options?: CallOptions): Promise<unknown>
  onChange(listener: (change: StoreChange) => void): () => void
  close(): Promise<void>
}

/** The end of a channel between threads or tabs. */
export interface StorePort {
  /** Buffers in `transfer` move instead of being copied. */
  readonly moves: boolean
  post(message: unknown, transfer?: readonly ArrayBuffer[]): void
  /** One listener. */
  listen(listener: (message: unknown) => void): void
  /** Calls back when the other side is known to be gone; never, where that cannot be known. */
  onLost?(listener: (cause: unknown) => void): void
  close(): void
}
