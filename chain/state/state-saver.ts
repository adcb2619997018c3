import type { Clock } from '../../sdk/async/index.ts'

export interface StateSaverOptions {
  readonly clock: Clock
  /** Milliseconds after the first change until it is on disk: what a crash can cost. */
  readonly delayMs: number
  readonly save: () => Promise<void>
  readonly onFailure: (error: unknown) => void
}

/** Saves some time after a change, never twice at once, and once more at the end. */
export class StateSaver {
  private readonly options: StateSaverOptions
  private cancel: (() => void) | undefined
  private running: Promise<void> = Promise.resolve()
  private closed = false

  constructor(options: StateSaverOptions) {
    this.options = options
  }

  changed(): void {
    if (this.closed) return
    this.cancel ??= this.options.clock.after(this.options.delayMs, () => {
      this.cancel = undefined
      this.running = this.running.then(() => this.save())
    })
  }

  /** Resolves when all is on disk, or could not be written. */
  async close(): Promise<void> {
    this.closed = true
    this.cancel?.()
    this.cancel = undefined
    await this.running
    await this.save()
  }

  private async save(): Promise<void> {
    try {
      await this.options.save()
    } catch (error) {
      this.options.onFailure(error)
    }
  }
}
