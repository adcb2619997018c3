import { throwIfAborted } from '../sdk/async/index.ts'

/** Where a transfer waits while its user wants it to. */
export class PauseGate {
  #closed: PromiseWithResolvers<void> | undefined

  get paused(): boolean {
    return this.#closed !== undefined
  }

  pause(): void {
    this.#closed ??= Promise.withResolvers()
  }

  resume(): void {
    this.#closed?.resolve()
    this.#closed = undefined
  }

  /**
   * Resolves at once unless paused. A person may pause for as long as they like: what ends the wait is they, or the signal.
   * @throws CraftecError `aborted`, or the signal's own reason
   */
  async pass(signal: AbortSignal): Promise<void> {
    while (this.#closed && !signal.aborted) {
      const { promise: aborted, resolve } = Promise.withResolvers<void>()
      const onAbort = (): void => resolve()
      signal.addEventListener('abort', onAbort, { once: true })
      await Promise.race([this.#closed.promise, aborted])
      signal.removeEventListener('abort', onAbort)
    }
    throwIfAborted(signal, 'transfer')
  }
}
