import type { StoreChange } from './piece-store.ts'

type Listener = (change: StoreChange) => void

/** Listeners of one store. What one of them throws is its own affair, and reported as an uncaught error. */
export class ChangeListeners {
  readonly #listeners = new Set<Listener>()

  add(listener: Listener): () => void {
    // A wrapper, so that the same function can be added twice.
    const entry: Listener = change => listener(change)
    this.#listeners.add(entry)
    return () => this.#listeners.delete(entry)
  }

  emit(change: StoreChange): void {
    for (const listener of [...this.#listeners])
      try {
        listener(change)
      } catch (error) {
        reportError(error)
      }
  }

  clear(): void {
    this.#listeners.clear()
  }
}

/** Node has no reportError; rejecting nobody's promise reaches the same handlers. */
function reportError(error: unknown): void {
  if (typeof globalThis.reportError === 'function') globalThis.reportError(error)
  else void Promise.reject(error)
}
