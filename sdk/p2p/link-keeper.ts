import type { Clock } from '../async/index.ts'
import { backoffMs } from './backoff.ts'

export interface LinkKeeperInit {
  /** Connect, and do what else belongs to the link; rejects when it did not work. Must end by itself. */
  readonly connect: () => Promise<void>
  readonly clock: Clock
  /** 0 <= result < 1 */
  readonly uniform: () => number
  readonly onChange: () => void
}

/**
 * Keeps one link up: connects, and after a failure or a loss connects again, with growing, jittered waits.
 * libp2p does not bring a lost relay back by itself (js-libp2p #3601).
 */
export class LinkKeeper {
  private readonly init: LinkKeeperInit
  private phase: 'idle' | 'connecting' | 'up' | 'waiting' | 'stopped' = 'idle'
  private failures = 0
  private cancelWait: (() => void) | undefined

  constructor(init: LinkKeeperInit) {
    this.init = init
  }

  get up(): boolean {
    return this.phase === 'up'
  }

  /** At least one attempt failed since the link was last up. */
  get failing(): boolean {
    return this.failures > 0
  }

  start(): void {
    if (this.phase === 'idle') this.attempt()
  }

  /** The link, or what belongs to it, was lost. */
  lost(): void {
    if (this.phase === 'up') this.retry()
  }

  stop(): void {
    this.phase = 'stopped'
    this.cancelWait?.()
  }

  private attempt(): void {
    this.phase = 'connecting'
    this.init.connect().then(
      () => {
        if (this.phase !== 'connecting') return
        this.phase = 'up'
        this.failures = 0
        this.init.onChange()
      },
      () => {
        if (this.phase === 'connecting') this.retry()
      }
    )
  }

  private retry(): void {
    this.phase = 'waiting'
    this.cancelWait = this.init.clock.after(backoffMs(this.failures, this.init.uniform()), () => this.attempt())
    this.failures++
    this.init.onChange()
  }
}
