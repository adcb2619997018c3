/**
 * Reads pieces before it is their turn to be sent, also those of the wants that come after: a store in a worker, or a disk, takes longer to
 * answer than a fast link takes to carry one piece.
 */
import type { PieceRecord, PieceStore } from '../store/index.ts'
import { choosePieces } from './piece-source.ts'
import type { Want } from './transfer-message.ts'

/** What may wait in memory for one peer, in bytes; a piece more while the length of a piece is not known. */
const AHEAD_BYTES = 1024 * 1024
const LEAST_READS = 2
const MOST_READS = 16
/** What a segment's look-up gave is good for so long: a segment is asked for piece by piece. */
const LOOKUP_MS = 1_000
const LOOKUPS = 4

export interface WantedPiece {
  readonly record: PieceRecord
  /** To be called once, in the order in which the pieces are given. @returns undefined when it was evicted meanwhile */
  take(): Promise<Uint8Array | undefined>
}

export interface WantedPieces {
  /** False when nothing of the segment is here. */
  readonly known: boolean
  readonly pieces: readonly WantedPiece[]
}

interface Read {
  readonly start: () => void
  readonly data: Promise<Uint8Array | undefined>
  isStarted: boolean
  isOver: boolean
}

interface Lookup {
  readonly held: Promise<readonly PieceRecord[]>
  readonly atMs: number
}

/** One for each peer that is served. */
export class ReadAhead {
  readonly #store: Pick<PieceStore, 'pieces' | 'readPiece'>
  readonly #now: () => number
  readonly #lookups = new Map<string, Lookup>()
  readonly #waiting: Read[] = []
  /** Reads that were started, and not taken yet. */
  #open = 0
  #most = LEAST_READS
  /** Wants are looked up one after another, so that their reads are in the order of their answers. */
  #turn: Promise<unknown> = Promise.resolve()

  /** @param now milliseconds, monotonic */
  constructor(store: Pick<PieceStore, 'pieces' | 'readPiece'>, now: () => number) {
    this.#store = store
    this.#now = now
  }

  /**
   * Begin to read what a want asks for, as soon as there is room. Answer wants in the order of the calls.
   * @returns the pieces, and `drop`, to be called when no more of them will be taken
   */
  begin(want: Want): { readonly wanted: Promise<WantedPieces>; readonly drop: () => void } {
    const reads: Read[] = []
    let isDropped = false
    const wanted = this.#turn.then(async () => {
      const held = await this.#held(want)
      const pieces = isDropped ? [] : choosePieces(held, want).map(record => this.#enqueue(want, record, reads))
      return { known: held.length > 0, pieces }
    })
    wanted.catch(() => {}) // met by whoever awaits it
    this.#turn = wanted.catch(() => {})
    const drop = (): void => {
      isDropped = true
      this.#end(...reads)
    }
    return { wanted, drop }
  }

  #held({ manifestId, segment }: Want): Promise<readonly PieceRecord[]> {
    const key = `${manifestId.join()}/${segment}`
    const known = this.#lookups.get(key)
    if (known && this.#now() - known.atMs < LOOKUP_MS) return known.held
    const held = this.#store.pieces(manifestId, segment)
    this.#lookups.delete(key)
    this.#lookups.set(key, { held, atMs: this.#now() })
    const [oldest] = this.#lookups.keys()
    if (this.#lookups.size > LOOKUPS && oldest !== undefined) this.#lookups.delete(oldest)
    held.catch(() => this.#lookups.delete(key))
    return held
  }

  #enqueue({ manifestId, segment }: Want, record: PieceRecord, reads: Read[]): WantedPiece {
    const { promise, resolve } = Promise.withResolvers<Uint8Array | undefined>()
    promise.catch(() => {})
    const read: Read = {
      start: () => resolve(this.#store.readPiece(manifestId, segment, record.id)),
      data: promise,
      isStarted: false,
      isOver: false
    }
    reads.push(read)
    this.#waiting.push(read)
    this.#startMore()
    const take = async (): Promise<Uint8Array | undefined> => {
      try {
        const data = await read.data
        if (data) this.#most = Math.min(MOST_READS, Math.max(LEAST_READS, Math.floor(AHEAD_BYTES / data.length)))
        return data
      } finally {
        this.#end(read)
      }
    }
    return { record, take }
  }

  #startMore(): void {
    while (this.#open < this.#most) {
      const read = this.#waiting.shift()
      if (!read) return
      if (read.isOver) continue
      this.#open++
      read.isStarted = true
      read.start()
    }
  }

  #end(...reads: readonly Read[]): void {
    for (const read of reads) {
      if (read.isStarted && !read.isOver) this.#open--
      read.isOver = true
    }
    this.#startMore()
  }
}
