/** The chain's time: a block every `slotMs`, stamped with the clock's time plus what tests have travelled ahead. */
import type { Clock } from '../sdk/async/index.ts'
import type { Ledger } from './ledger/index.ts'

export interface TimelineOptions {
  readonly ledger: Ledger
  readonly clock: Clock
  /** Milliseconds from block to block; a real cluster aims at 400. */
  readonly slotMs: number
  /** Seconds already travelled ahead. */
  readonly aheadSeconds?: bigint
}

export class Timeline {
  readonly slotMs: number
  private readonly ledger: Ledger
  private readonly clock: Clock
  private ahead: bigint
  private cancel: (() => void) | undefined

  constructor({ ledger, clock, slotMs, aheadSeconds = 0n }: TimelineOptions) {
    this.ledger = ledger
    this.clock = clock
    this.slotMs = slotMs
    this.ahead = aheadSeconds
  }

  get aheadSeconds(): bigint {
    return this.ahead
  }

  /** Blocks come by themselves from now on. */
  start(): void {
    this.cancel ??= this.clock.after(this.slotMs, () => {
      this.cancel = undefined
      this.nextBlock()
      this.start()
    })
  }

  stop(): void {
    this.cancel?.()
    this.cancel = undefined
  }

  nextBlock(): void {
    this.ledger.advance(1n, this.now())
  }

  /** Let `slots` pass at once, and with them the time they take. */
  advanceSlots(slots: bigint): void {
    this.ahead += (slots * BigInt(this.slotMs)) / 1000n
    this.ledger.advance(slots, this.now())
  }

  /** Let `seconds` pass at once, and with them the slots that fit in: at least one. */
  advanceSeconds(seconds: bigint): void {
    this.ahead += seconds
    const slots = (seconds * 1000n) / BigInt(this.slotMs)
    this.ledger.advance(slots > 0n ? slots : 1n, this.now())
  }

  private now(): bigint {
    return secondsOf(this.clock) + this.ahead
  }
}

/** Seconds since the Unix epoch by `clock`. */
export function secondsOf(clock: Clock): bigint {
  return BigInt(Math.floor(clock.now() / 1000))
}
