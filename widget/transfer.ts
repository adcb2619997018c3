import type { Clock } from '../sdk/async/index.ts'
import { CraftecError } from '../sdk/errors/index.ts'
import { PauseGate } from './pause-gate.ts'
import { TransferMeter } from './transfer-meter.ts'

export type TransferState =
  | { readonly status: 'waiting' }
  | { readonly status: 'running' }
  | { readonly status: 'done' }
  | { readonly status: 'cancelled' }
  | { readonly status: 'failed'; readonly error: CraftecError }

/** What a transfer's work may use. */
export interface TransferWork {
  readonly signal: AbortSignal
  /** Wait while the user has it paused. */
  pass(): Promise<void>
  /** @param bytes moved so far, in all */
  progress(bytes: number, total: number | undefined): void
}

/** One file on its way, in either direction, which its user can watch, pause and cancel. */
export class Transfer {
  readonly #clock: Pick<Clock, 'monotonic'>
  readonly #gate = new PauseGate()
  readonly #controller = new AbortController()
  readonly #meter = new TransferMeter()
  readonly #onChange: () => void
  #state: TransferState = { status: 'waiting' }
  #bytes = 0
  #total: number | undefined

  /** @param onChange called often; whoever draws should draw less often */
  constructor(clock: Pick<Clock, 'monotonic'>, total: number | undefined, onChange: () => void) {
    this.#clock = clock
    this.#total = total
    this.#onChange = onChange
  }

  get state(): TransferState {
    return this.#state
  }

  get paused(): boolean {
    return this.#gate.paused
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Undefined while nobody knows. */
  get total(): number | undefined {
    return this.#total
  }

  /** Bytes a second; undefined while too little is known. */
  get speed(): number | undefined {
    return this.#meter.speed(this.#bytes, this.#clock.monotonic())
  }

  get remainingMs(): number | undefined {
    return this.#meter.remainingMs(this.#bytes, this.#total, this.#clock.monotonic())
  }

  get ended(): boolean {
    return this.#state.status !== 'waiting' && this.#state.status !== 'running'
  }

  pause(): void {
    if (this.ended) return
    this.#gate.pause()
    this.#onChange()
  }

  resume(): void {
    this.#gate.resume()
    this.#meter.restart()
    this.#onChange()
  }

  cancel(): void {
    if (this.ended) return
    this.#controller.abort(new CraftecError('aborted', 'cancelled by its user'))
    this.#set({ status: 'cancelled' })
  }

  /** Do the work; how it ended is in {@link state}. Never rejects. @returns what the work gave, if it was done */
  async run<T>(work: (transfer: TransferWork) => Promise<T>): Promise<T | undefined> {
    if (this.ended) return undefined
    this.#set({ status: 'running' })
    const { signal } = this.#controller
    try {
      const result = await work({
        signal,
        pass: () => this.#gate.pass(signal),
        progress: (bytes, total) => this.#progress(bytes, total)
      })
      signal.throwIfAborted()
      this.#set({ status: 'done' })
      return result
    } catch (error) {
      if (!signal.aborted) this.#set({ status: 'failed', error: CraftecError.from(error) })
      return undefined
    }
  }

  #progress(bytes: number, total: number | undefined): void {
    this.#bytes = bytes
    this.#total = total ?? this.#total
    this.#meter.record(bytes, this.#clock.monotonic())
    this.#onChange()
  }

  #set(state: TransferState): void {
    this.#state = state
    this.#onChange()
  }
}
