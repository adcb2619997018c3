import { CraftecError } from '../../errors/index.ts'
import { createProver, encodeChallenge, judgeAnswer, type Prover } from '../audit/index.ts'
import { equalBytes } from '../hashing/index.ts'
import { EPOCH_MS } from '../health/index.ts'
import type { KeeperContext } from './keeper-context.ts'
import { type OwnPiece, ownPieces } from './own-pieces.ts'

export type SelfAuditContext = Pick<KeeperContext, 'store' | 'hashing' | 'random' | 'clock'>

export interface SelfAuditReport {
  /** Pieces that were read from the disk and answered for. */
  readonly checked: number
  /** Pieces that could not be answered for, and are not in the store any more. */
  readonly rotten: number
  /** Pieces that the disk did not give: they stay, for it may give them the next time. */
  readonly unreadable: number
}

type Finding = 'sound' | 'rotten' | 'unreadable' | 'gone'

/** An answer needs the whole tree of the piece, so that one leaf of it shows any byte that changed. */
const SAMPLES = 1

/**
 * A holder that audits itself, as others do it: disks rot quietly, and whoever finds out first is believed the less for it. What fails is
 * dropped, so that nothing is claimed that cannot be shown, and the next scan finds it missing and has it made anew.
 */
export class SelfAudit {
  readonly #context: SelfAuditContext
  readonly #piecesPerRound: number
  readonly #prove: Prover
  /** Where the last round ended. */
  #walk: AsyncGenerator<OwnPiece, void, undefined> | undefined
  #beganMs: number | undefined

  /** @param piecesPerRound each is read and hashed; 0 for no self-audit */
  constructor(context: SelfAuditContext, piecesPerRound: number) {
    this.#context = context
    this.#piecesPerRound = piecesPerRound
    this.#prove = createProver(context.store, context.hashing)
  }

  /**
   * Look at the next pieces. All are looked at before one is for the second time, and that not within half an hour of the first.
   * @throws CraftecError those of the store, but for pieces that cannot be read
   */
  async round(signal: AbortSignal): Promise<SelfAuditReport> {
    const counts: Record<Finding, number> = { sound: 0, rotten: 0, unreadable: 0, gone: 0 }
    for (let turn = 0; turn < this.#piecesPerRound && !signal.aborted; turn++) {
      const piece = await this.#next()
      if (piece === undefined) break
      counts[await this.#look(piece)]++
    }
    const { sound, rotten, unreadable } = counts
    return { checked: sound + rotten, rotten, unreadable }
  }

  async #next(): Promise<OwnPiece | undefined> {
    const { store, clock, random } = this.#context
    if (this.#walk === undefined) {
      const now = clock.monotonic()
      if (this.#beganMs !== undefined && now - this.#beganMs < EPOCH_MS) return undefined
      this.#beganMs = now
      // from anywhere: a node that is started often would never come to the end
      this.#walk = ownPieces(store, random(32))
    }
    try {
      const { value } = await this.#walk.next()
      if (!value) this.#walk = undefined
      return value ?? undefined
    } catch (error) {
      this.#walk = undefined
      throw error
    }
  }

  async #look(piece: OwnPiece): Promise<Finding> {
    const { store } = this.#context
    const { manifest, segment, id } = piece
    const held = await store.pieces(manifest.id, segment)
    if (!held.some(record => equalBytes(record.id, id))) return 'gone'
    const first = await this.#ask(piece)
    // Dropping is for good, and memory errs as disks do.
    const finding = first === 'rotten' ? await this.#ask(piece) : first
    if (finding === 'rotten') await store.removePieces(manifest.id, segment, [id])
    return finding
  }

  async #ask({ manifest, segment, id }: OwnPiece): Promise<Finding> {
    const { store, random } = this.#context
    const target = { kind: 'piece', id } as const
    const challenge = { manifestId: manifest.id, segment, target, nonce: random(32), samples: SAMPLES }
    const answer = await this.#prove(encodeChallenge(challenge))
    if (answer !== undefined)
      return judgeAnswer(manifest, challenge, answer, 0).outcome === 'passed' ? 'sound' : 'rotten'
    try {
      // a file that was cut has nothing there; a disk that fails says so
      return (await store.readPiece(manifest.id, segment, id, { countsAsUse: false })) ? 'unreadable' : 'rotten'
    } catch (error) {
      if (error instanceof CraftecError && error.code !== 'stopped') return 'unreadable'
      throw error
    }
  }
}
