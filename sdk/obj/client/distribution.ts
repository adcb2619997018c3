import { ByteReader, ByteWriter } from '../../codec/index.ts'

/** How far the spreading of a content to storage peers has come. */
export type DistributionState =
  /** No storage peer is known, or none takes it now; it is tried again. */
  | { readonly status: 'waiting'; readonly why: 'no-storage-peer' | 'refused' | 'unreachable' }
  | { readonly status: 'sending'; readonly piecesStored: number; readonly piecesWanted: number; readonly peers: number }
  /** Every storage peer known has its share, and acknowledged it as written. */
  | { readonly status: 'done'; readonly piecesStored: number; readonly peers: number }
  /** Nothing is to be spread: `replicas: 0`. */
  | { readonly status: 'local' }
  /** The content was removed, or the node is stopping; after a restart it goes on. */
  | { readonly status: 'stopped' }

/** Spreading goes on by itself in the background; this is how to watch it. */
export interface Distribution {
  readonly state: DistributionState
  /** @param listener called with each new state @returns a function that ends it */
  onState(listener: (state: DistributionState) => void): () => void
  /** Resolves when it is done, local or stopped. Never rejects. */
  readonly done: Promise<DistributionState>
}

/** The mutable side of a {@link Distribution}. */
export class DistributionWatch implements Distribution {
  readonly done: Promise<DistributionState>
  readonly #settle: (state: DistributionState) => void
  readonly #listeners = new Set<(state: DistributionState) => void>()
  #state: DistributionState = { status: 'waiting', why: 'no-storage-peer' }

  constructor() {
    const { promise, resolve } = Promise.withResolvers<DistributionState>()
    this.done = promise
    this.#settle = resolve
  }

  get state(): DistributionState {
    return this.#state
  }

  onState(listener: (state: DistributionState) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  set(state: DistributionState): void {
    this.#state = state
    for (const listener of [...this.#listeners]) listener(state)
    if (state.status === 'done' || state.status === 'local' || state.status === 'stopped') this.#settle(state)
  }
}

type Ended = Extract<DistributionState, { status: 'done' | 'local' }>

/** A note for after a reload: pieces and peers, or nothing for content that stays here. */
export function encodeDistributed(state: Ended): Uint8Array {
  if (state.status === 'local') return new Uint8Array(0)
  return new ByteWriter(8).u32(state.piecesStored).u32(state.peers).finish()
}

/** @throws CraftecError `malformed` */
export function decodeDistributed(note: Uint8Array): Ended {
  if (note.length === 0) return { status: 'local' }
  const reader = new ByteReader(note, 'note of a distribution')
  const state: Ended = { status: 'done', piecesStored: reader.u32(), peers: reader.u32() }
  reader.end()
  return state
}
