/**
 * One onion link to one neighbour, without its I/O: circuit ids, windows and credit, and whose cell goes next
 * (docs/protocol/craftnet.md §3). The shell feeds `receive` and empties `pull` while the channel takes frames, so cells
 * are chosen as late as possible and a slow link holds nothing but what its circuits hold.
 */
import type { RandomBytes } from '../../async/index.ts'
import { CraftecError } from '../../errors/index.ts'
import {
  type CellCredit,
  decodeCell,
  encodeCredit,
  encodeDestroy,
  encodeHandshake,
  encodeRelay,
  MAX_CREDITS_PER_CELL,
  relayBody
} from './cell.ts'
import { type CircuitEnd, CircuitHalf } from './circuit-half.ts'
import { DESTROY, type DestroyReason, destroyReason } from './destroy-reason.ts'

const DEFAULT_MAX_CIRCUITS = 4096
/** Cells about births and deaths that may wait beside one CREATE or CREATED a circuit; a peer that reads leaves few. */
const CONTROL_SLACK_CELLS = 1024
const TOP_BIT = 0x80000000

type ControlCell =
  | { readonly command: 'create' | 'created'; readonly half: CircuitHalf; readonly packet: Uint8Array }
  | { readonly command: 'destroy'; readonly id: number; readonly reason: DestroyReason }

export interface LinkCounters {
  cellsReceived: number
  cellsSent: number
  /** Cells for circuits that are gone, or never were. */
  cellsDropped: number
  paddingReceived: number
  /** Circuits ended because the neighbour broke their rules. */
  circuitViolations: number
}

export interface LinkCoreOptions {
  readonly localIdentity: Uint8Array
  readonly remoteIdentity: Uint8Array
  readonly random: RandomBytes
  readonly maxCircuits?: number
  /** Something waits for {@link LinkCore.pull}. Called often; must not call back into the link. */
  readonly onOutput: () => void
}

/** Attaches an end to a circuit that the neighbour opens, or destroys the half. `packet` is only valid during the call. */
export type CircuitAcceptor = (half: CircuitHalf, packet: Uint8Array) => void

export class LinkCore {
  readonly remoteIdentity: Uint8Array
  /** Our identity is the lexicographically higher one of the two. */
  readonly isLocalHigher: boolean
  readonly counters: LinkCounters = {
    cellsReceived: 0,
    cellsSent: 0,
    cellsDropped: 0,
    paddingReceived: 0,
    circuitViolations: 0
  }
  /** Without one, every circuit that the neighbour opens is refused: a client is not a relay. */
  acceptor: CircuitAcceptor | undefined
  private readonly random: RandomBytes
  private readonly onOutput: () => void
  private readonly maxCircuits: number
  /** The top bit of the ids we choose; the neighbour's have the other. */
  private readonly ownBit: number
  private readonly circuits = new Map<number, CircuitHalf>()
  private readonly control: ControlCell[] = []
  private readonly ring: CircuitHalf[] = []
  private readonly creditDue = new Set<CircuitHalf>()
  private nextId: number
  private closed = false

  constructor(options: LinkCoreOptions) {
    this.remoteIdentity = options.remoteIdentity
    this.random = options.random
    this.onOutput = options.onOutput
    this.maxCircuits = options.maxCircuits ?? DEFAULT_MAX_CIRCUITS
    this.isLocalHigher = isHigher(options.localIdentity, options.remoteIdentity)
    this.ownBit = this.isLocalHigher ? TOP_BIT : 0
    const bytes = options.random(4)
    this.nextId = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0)
  }

  get circuitCount(): number {
    return this.circuits.size
  }

  get isFull(): boolean {
    return this.circuits.size >= this.maxCircuits
  }

  get isClosed(): boolean {
    return this.closed
  }

  /** A new circuit over this link, or `undefined` when the link is closed or full. */
  open(end: CircuitEnd): CircuitHalf | undefined {
    if (this.closed || this.isFull) return undefined
    let id: number
    do {
      this.nextId = (this.nextId + 1) & ~TOP_BIT
      id = (this.ownBit | this.nextId) >>> 0
    } while (id === 0 || this.circuits.has(id))
    const half = new CircuitHalf(this, id, end)
    this.circuits.set(id, half)
    return half
  }

  /**
   * Take one frame from the neighbour, for good: what it says about a circuit goes to the circuit's end, which may keep
   * or overwrite the bytes.
   * @throws CraftecError `protocol-violation`: the neighbour broke the rules of the link, which must be closed
   */
  receive(frame: Uint8Array): void {
    if (this.closed) return
    this.counters.cellsReceived++
    const cell = decodeCell(frame)
    switch (cell.command) {
      case 'padding':
        this.counters.paddingReceived++
        return
      case 'credit':
        for (const credit of cell.credits) this.receiveCredit(credit)
        return
      case 'create':
        this.receiveCreate(cell.circuitId, cell.packet)
        return
    }
    const half = this.circuits.get(cell.circuitId)
    if (half?.end === undefined) {
      this.counters.cellsDropped++
      return
    }
    switch (cell.command) {
      case 'relay':
        if (half.established && half.countReceived()) half.end.relayed(half, cell.body)
        else this.violate(half)
        return
      case 'created':
        if (half.established || !this.isOwn(half.id) || !half.announced) this.violate(half)
        else {
          half.established = true
          half.end.created(half, cell.packet)
        }
        return
      case 'destroy':
        this.forget(half)
        half.end.ended(half, destroyReason(cell.reason))
    }
  }

  /** Write the next cell into `frame` (CELL_BYTES). `false`: nothing waits, and `frame` holds nothing of use. */
  pull(frame: Uint8Array): boolean {
    const sent = !this.closed && (this.pullControl(frame) || this.pullCredit(frame) || this.pullRelay(frame))
    if (sent) this.counters.cellsSent++
    return sent
  }

  /** The link is gone: every circuit on it ends. Idempotent. */
  close(reason: DestroyReason = DESTROY.linkLost): void {
    if (this.closed) return
    this.closed = true
    const halves = [...this.circuits.values()]
    this.circuits.clear()
    this.control.length = 0
    this.ring.length = 0
    this.creditDue.clear()
    for (const half of halves) {
      half.alive = false
      half.end?.ended(half, reason)
    }
  }

  /** @internal for CircuitHalf */
  schedule(half: CircuitHalf): void {
    if (half.scheduled || !half.canSend) return
    half.scheduled = true
    this.ring.push(half)
    this.onOutput()
  }

  /** @internal for CircuitHalf */
  scheduleCredit(half: CircuitHalf): void {
    if (!half.alive) return
    this.creditDue.add(half)
    this.onOutput()
  }

  /** @internal for CircuitHalf */
  queue(cell: ControlCell): void {
    if (this.closed) return
    this.control.push(cell)
    this.onOutput()
  }

  /** @internal for CircuitHalf */
  remove(half: CircuitHalf, reason: DestroyReason): void {
    if (!half.alive) return
    this.forget(half)
    if (half.announced) this.queue({ command: 'destroy', id: half.id, reason })
  }

  private forget(half: CircuitHalf): void {
    half.alive = false
    this.circuits.delete(half.id)
    this.creditDue.delete(half)
  }

  private isOwn(id: number): boolean {
    return (id & TOP_BIT) >>> 0 === this.ownBit
  }

  private receiveCreate(id: number, packet: Uint8Array): void {
    if (this.isOwn(id)) throw violation('it opened a circuit under an id that is ours to choose')
    if (this.circuits.has(id)) throw violation('it opened a circuit under an id in use')
    if (this.control.length > this.maxCircuits + CONTROL_SLACK_CELLS)
      throw violation('it opens circuits without reading the answers')
    const half = new CircuitHalf(this, id)
    half.announced = true
    if (this.isFull || this.acceptor === undefined) {
      half.alive = false
      this.queue({ command: 'destroy', id, reason: this.isFull ? DESTROY.limit : DESTROY.noRoute })
      return
    }
    this.circuits.set(id, half)
    this.acceptor(half, packet)
    if (half.end === undefined) this.remove(half, DESTROY.noRoute)
  }

  private receiveCredit({ circuitId, cells }: CellCredit): void {
    const half = this.circuits.get(circuitId)
    if (half === undefined) return
    if (half.addWindow(cells)) half.ready()
    else this.violate(half)
  }

  private violate(half: CircuitHalf): void {
    this.counters.circuitViolations++
    this.remove(half, DESTROY.protocol)
    half.end?.ended(half, DESTROY.protocol)
  }

  private pullControl(frame: Uint8Array): boolean {
    if (this.control.length === 0) return false
    for (let cell = this.control.shift(); cell !== undefined; cell = this.control.shift()) {
      if (cell.command === 'destroy') {
        encodeDestroy(frame, cell.id, cell.reason, this.random)
        return true
      }
      if (!cell.half.alive) continue
      cell.half.announced = true
      encodeHandshake(frame, cell.command, cell.half.id, cell.packet, this.random)
      return true
    }
    return false
  }

  private pullCredit(frame: Uint8Array): boolean {
    if (this.creditDue.size === 0) return false
    const credits: CellCredit[] = []
    for (const half of this.creditDue) {
      this.creditDue.delete(half)
      credits.push({ circuitId: half.id, cells: half.takeCredit() })
      if (credits.length === MAX_CREDITS_PER_CELL) break
    }
    encodeCredit(frame, credits)
    return true
  }

  /** One cell of one circuit, then the next circuit's turn: who sends much waits behind who sends little. */
  private pullRelay(frame: Uint8Array): boolean {
    for (let half = this.ring.shift(); half !== undefined; half = this.ring.shift()) {
      half.scheduled = false
      if (!half.canSend) continue
      if (half.end?.nextBody(half, relayBody(frame)) !== true) continue
      half.spendWindow()
      encodeRelay(frame, half.id)
      if (half.canSend) {
        half.scheduled = true
        this.ring.push(half)
      }
      return true
    }
    return false
  }
}

function isHigher(one: Uint8Array, other: Uint8Array): boolean {
  for (let at = 0; at < one.length; at++) {
    const difference = (one[at] ?? 0) - (other[at] ?? 0)
    if (difference !== 0) return difference > 0
  }
  return false
}

function violation(message: string): CraftecError {
  return new CraftecError('protocol-violation', `the neighbour broke the rules of the onion link: ${message}`)
}
