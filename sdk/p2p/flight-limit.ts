/** What may always be on the way: two of the longest frames, and twice the credit that a receiver may hold back. */
export const MIN_FLIGHT_BYTES = 512 * 1024
const STEP_BYTES = 64 * 1024
/** One departure in so many bytes is remembered: enough to time what comes back, and a bound on how many there are. */
const MARK_BYTES = 64 * 1024
/** A trip this many times the quickest one waited in queues: more on the way would only wait longer. */
const UNHURRIED = 1.1
const CONGESTED = 1.5

/** When the byte with this number left. */
interface Mark {
  readonly byte: number
  readonly at: number
}

/**
 * How much a sender should have on the way, whatever credit it was given: enough for the way's length, and little more. Pure: times are
 * arguments, in milliseconds that never go back.
 *
 * WebRTC needs it. SCTP doubles what it has on the way until packets are lost, and Chromium loses them as soon as more than its sockets
 * take is sent at once: of a burst of 1 MiB so many that the association stands still for seconds, waiting for one timeout after the other
 * (measured from page to page, MB/s in the first four seconds of a new connection: 1.5 without this, 12 with it). SCTP's window never
 * grows beyond what it is given to send, so a sender that gives it less is never lost so much.
 *
 * Bytes count as arrived when the receiver's reader took them and gave their credit back. While trips take about as long as the quickest
 * one, more is let go; what takes longer waits in queues.
 */
export class FlightLimit {
  private limit = MIN_FLIGHT_BYTES
  private sentBytes = 0
  private onTheWay = 0
  private quickestMs = Number.POSITIVE_INFINITY
  private marks: Mark[] = []

  /** Nothing more should be sent until credit comes back. */
  get full(): boolean {
    return this.onTheWay >= this.limit
  }

  /** A frame of `cost` credit left. */
  sent(cost: number, at: number): void {
    this.sentBytes += cost
    this.onTheWay += cost
    const last = this.marks.at(-1)
    if (last === undefined || this.sentBytes - last.byte >= MARK_BYTES) this.marks.push({ byte: this.sentBytes, at })
  }

  /** `credit` came back. What a receiver gives beyond that, to widen its window, says nothing about what has arrived. */
  returned(credit: number, at: number): void {
    const wasFull = this.full
    this.onTheWay = Math.max(0, this.onTheWay - credit)
    const arrived = this.sentBytes - this.onTheWay
    const waiting = this.marks.filter(mark => mark.byte > arrived)
    const latest = this.marks[this.marks.length - waiting.length - 1]
    this.marks = waiting
    if (latest === undefined) return
    const tripMs = at - latest.at
    this.quickestMs = Math.min(this.quickestMs, tripMs)
    if (tripMs > CONGESTED * this.quickestMs) this.limit = Math.max(MIN_FLIGHT_BYTES, this.limit - STEP_BYTES)
    // a limit that holds nothing back need not grow
    else if (wasFull && tripMs <= UNHURRIED * this.quickestMs) this.limit += STEP_BYTES
  }
}
