import { CraftecError } from '../../errors/index.ts'
import type { PieceHead } from './transfer-message.ts'

export interface AssembledPiece {
  readonly request: number
  readonly head: PieceHead
  readonly data: Uint8Array
}

/** Puts together the one piece that is on its way over a channel: pieces follow each other, their chunks are never mixed. */
export class PieceAssembler {
  #request = 0
  #head: PieceHead | undefined
  #data: Uint8Array = new Uint8Array(0)
  #filled = 0

  /**
   * @param room memory as long as the piece
   * @throws CraftecError `protocol-violation` when the piece before is not complete
   */
  begin(request: number, head: PieceHead, room: Uint8Array): void {
    if (this.#head) throw new CraftecError('protocol-violation', 'a piece began before the last one was complete')
    this.#request = request
    // the frame these are views on is given back to the channel
    this.#head = {
      coefficients: head.coefficients.slice(),
      root: head.root.slice(),
      provenance: head.provenance.slice()
    }
    this.#data = room
    this.#filled = 0
  }

  /**
   * @returns the piece when this was its last chunk
   * @throws CraftecError `protocol-violation` for a chunk of no piece, or more bytes than the piece has
   */
  add(chunk: Uint8Array): AssembledPiece | undefined {
    const head = this.#head
    if (!head) throw new CraftecError('protocol-violation', 'a chunk that belongs to no piece')
    if (this.#filled + chunk.length > this.#data.length)
      throw new CraftecError('protocol-violation', `more than the ${this.#data.length} bytes of a piece`)
    this.#data.set(chunk, this.#filled)
    this.#filled += chunk.length
    if (this.#filled < this.#data.length) return undefined
    this.#head = undefined
    return { request: this.#request, head, data: this.#data }
  }
}
