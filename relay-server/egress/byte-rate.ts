import type { Clock } from '../../sdk/async/index.ts'

/** How far spending may run ahead before anyone waits: keeps short requests quick on a limited exit. */
const BURST_SECONDS = 0.25

/** A limit on bytes a second that many connections share. Bytes are spent when they have passed; who overspends waits before more. */
export class ByteRate {
  private readonly bytesPerMs: number
  private readonly burstMs = BURST_SECONDS * 1000
  private readonly clock: Clock
  /** When everything spent so far is paid for, on the monotonic clock. */
  private paidAtMs = 0

  constructor(bytesPerSecond: number, clock: Clock) {
    this.bytesPerMs = bytesPerSecond / 1000
    this.clock = clock
  }

  /** @returns milliseconds to wait before passing more */
  spend(bytes: number): number {
    const now = this.clock.monotonic()
    this.paidAtMs = Math.max(this.paidAtMs, now) + bytes / this.bytesPerMs
    return Math.max(0, this.paidAtMs - now - this.burstMs)
  }
}
