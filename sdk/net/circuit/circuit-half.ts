/**
 * One circuit on one link: its id and its two hop-by-hop windows (docs/protocol/craftnet.md §3). A relay joins two
 * halves; a client and an exit put a stream multiplexer behind one.
 */
import { CIRCUIT_WINDOW_CELLS, CREDIT_STEP_CELLS } from './cell.ts'
import type { DestroyReason } from './destroy-reason.ts'
import type { LinkCore } from './link-core.ts'

/** What stands behind a circuit on a link. Only the link calls it. */
export interface CircuitEnd {
  /** Write the next RELAY body into `body`. `false`: none waits; {@link CircuitHalf.ready} says when one does. */
  nextBody(half: CircuitHalf, body: Uint8Array): boolean
  /** `packet` is a view of a frame. */
  created(half: CircuitHalf, packet: Uint8Array): void
  /** `body` is the end's own from now on. */
  relayed(half: CircuitHalf, body: Uint8Array): void
  /** The neighbour ended the circuit, broke its rules or is gone; the half is dead. */
  ended(half: CircuitHalf, reason: DestroyReason): void
}

export class CircuitHalf {
  readonly link: LinkCore
  readonly id: number
  /** Absent only while a circuit that the neighbour opens is being accepted. */
  end: CircuitEnd | undefined
  alive = true
  /** CREATED has passed, so RELAY cells may. */
  established = false
  /** The neighbour knows of the circuit and must hear of its end. */
  announced = false
  /** In the link's ring of circuits that have something to send. */
  scheduled = false
  private sendWindow = CIRCUIT_WINDOW_CELLS
  /** RELAY cells received for which no credit was sent yet, and those of them that were passed on or consumed. */
  private outstanding = 0
  private due = 0

  constructor(link: LinkCore, id: number, end?: CircuitEnd) {
    this.link = link
    this.id = id
    this.end = end
  }

  get canSend(): boolean {
    return this.alive && this.established && this.sendWindow > 0
  }

  /** Something waits to be sent. Free to call again. */
  ready(): void {
    this.link.schedule(this)
  }

  /** A RELAY cell of the neighbour was passed on or consumed. */
  passed(): void {
    if (++this.due === CREDIT_STEP_CELLS) this.link.scheduleCredit(this)
  }

  create(packet: Uint8Array): void {
    this.link.queue({ command: 'create', half: this, packet })
  }

  answer(packet: Uint8Array): void {
    this.established = true
    this.link.queue({ command: 'created', half: this, packet })
  }

  /** End the circuit on this link, without a call to {@link CircuitEnd.ended}. Idempotent. */
  destroy(reason: DestroyReason): void {
    this.link.remove(this, reason)
  }

  /** @internal for the link: a RELAY cell goes out */
  spendWindow(): void {
    this.sendWindow--
  }

  /** @internal for the link: credit came. `false` when it is more than was spent */
  addWindow(cells: number): boolean {
    if (this.sendWindow + cells > CIRCUIT_WINDOW_CELLS) return false
    this.sendWindow += cells
    return true
  }

  /** @internal for the link: a RELAY cell came. `false` when the neighbour had no window for it */
  countReceived(): boolean {
    if (this.outstanding === CIRCUIT_WINDOW_CELLS) return false
    this.outstanding++
    return true
  }

  /** @internal for the link: all credit that is due goes out */
  takeCredit(): number {
    const cells = this.due
    this.due = 0
    this.outstanding -= cells
    return cells
  }
}
