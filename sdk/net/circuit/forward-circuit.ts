/**
 * A circuit that a relay passes on: a layer off towards the exit, a layer on towards the client. Cells wait here between
 * the two links, at most a window of them in each direction, because credit goes back only when a cell has left.
 */
import type { RandomBytes } from '../../async/index.ts'
import { type AcceptedForward, answerCreate, BODY_BYTES } from '../onion/index.ts'
import type { CircuitEnd, CircuitHalf } from './circuit-half.ts'
import { DESTROY, type DestroyReason } from './destroy-reason.ts'
import type { CircuitHost, HopCircuit } from './hop-circuit.ts'
import type { LinkCore } from './link-core.ts'

export class ForwardCircuit implements CircuitEnd, HopCircuit {
  readonly bornMs: number
  lastCellMs: number
  private readonly host: CircuitHost
  private readonly random: RandomBytes
  private readonly accepted: AcceptedForward
  private readonly previous: CircuitHalf
  private next: CircuitHalf | undefined
  private passedOnMs = 0
  private forwardCells: Uint8Array[] = []
  private backwardCells: Uint8Array[] = []
  private open = false
  private over = false

  constructor(host: CircuitHost, random: RandomBytes, previous: CircuitHalf, accepted: AcceptedForward) {
    this.host = host
    this.random = random
    this.previous = previous
    this.accepted = accepted
    this.bornMs = host.nowMs()
    this.lastCellMs = this.bornMs
  }

  get isOpen(): boolean {
    return this.open
  }

  get isOver(): boolean {
    return this.over
  }

  get queuedBytes(): number {
    return (this.forwardCells.length + this.backwardCells.length) * BODY_BYTES
  }

  /** The next hop is reachable over `link`. `false`: the link has no room. */
  passOn(link: LinkCore): boolean {
    if (this.over || this.next !== undefined) return true
    this.next = link.open(this)
    if (this.next === undefined) return false
    this.passedOnMs = this.host.nowMs()
    this.next.create(this.accepted.packet)
    // Draw our fresh key while the rest of the path answers.
    void this.accepted.hop.cipher
    return true
  }

  created(_half: CircuitHalf, packet: Uint8Array): void {
    const waitUs = (this.host.nowMs() - this.passedOnMs) * 1000
    this.open = true
    this.lastCellMs = this.host.tickMs
    this.previous.answer(answerCreate(this.accepted.hop, packet, waitUs, this.random))
  }

  relayed(half: CircuitHalf, body: Uint8Array): void {
    const { cipher } = this.accepted.hop
    this.lastCellMs = this.host.tickMs
    if (half === this.previous) {
      try {
        cipher.forward(body)
      } catch {
        this.host.counters.badRelayCells++
        this.destroy(DESTROY.protocol)
        return
      }
      this.host.counters.cellsForward++
      this.forwardCells.push(body)
      this.next?.ready()
    } else {
      cipher.backward(body)
      this.host.counters.cellsBackward++
      this.backwardCells.push(body)
      this.previous.ready()
    }
    this.host.hold(BODY_BYTES)
  }

  nextBody(half: CircuitHalf, body: Uint8Array): boolean {
    const cell = (half === this.previous ? this.backwardCells : this.forwardCells).shift()
    if (cell === undefined) return false
    body.set(cell)
    this.host.hold(-BODY_BYTES)
    const from = half === this.previous ? this.next : this.previous
    from?.passed()
    return true
  }

  ended(_half: CircuitHalf, reason: DestroyReason): void {
    this.destroy(reason)
  }

  destroy(reason: DestroyReason): void {
    if (this.over) return
    this.over = true
    this.previous.destroy(reason)
    this.next?.destroy(reason)
    this.host.hold(-this.queuedBytes)
    this.forwardCells = []
    this.backwardCells = []
    // Reading the cipher of a circuit that was never passed on would make one.
    if (this.next !== undefined) this.accepted.hop.cipher.destroy()
    this.accepted.hop.forget()
    this.host.forget(this)
  }
}
