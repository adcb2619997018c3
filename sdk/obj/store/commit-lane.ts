import type { IndexChange, IndexTable, StoreIndex } from './store-index.ts'

/** Commits that wait or run; each keeps its rows in memory. The disk is behind by what their writers have not been told yet. */
const MAX_COMMITS = 4

/**
 * Commits in the order they were made, behind whoever makes them: a commit waits for the disk and takes no part of it, time in which the
 * bytes of the next write can go there. The next write sees rows as they will be. When a commit fails, all behind it fail as it did:
 * they build on its rows.
 */
export class CommitLane {
  readonly #index: StoreIndex
  /** Rows of commits that have not ended, and whose they are. */
  readonly #ahead = new Map<string, { readonly value: Uint8Array | undefined; readonly of: readonly IndexChange[] }>()
  /** Oldest first. */
  readonly #running: Promise<void>[] = []
  #last: Promise<void> = Promise.resolve()

  constructor(index: StoreIndex) {
    this.#index = index
  }

  /** A row as it will be when all commits have ended. */
  async get(table: IndexTable, key: string): Promise<Uint8Array | undefined> {
    const ahead = this.#ahead.get(nameOf(table, key))
    return ahead ? ahead.value : this.#index.get(table, key)
  }

  /** There is room for one more. Never rejects. */
  async room(): Promise<void> {
    while (this.#running.length >= MAX_COMMITS) await this.#running[0]?.catch(() => {})
  }

  /** @returns when it is on the disk, and all before it are @throws CraftecError as {@link StoreIndex.commit} of this or an earlier one */
  commit(changes: readonly IndexChange[]): Promise<void> {
    for (const { table, key, value } of changes) this.#ahead.set(nameOf(table, key), { value, of: changes })
    const commit = this.#last
      .then(() => this.#index.commit(changes))
      .finally(() => {
        this.#running.shift()
        for (const { table, key } of changes) {
          const name = nameOf(table, key)
          if (this.#ahead.get(name)?.of === changes) this.#ahead.delete(name)
        }
      })
    commit.catch(() => {}) // met by who waits for it
    this.#running.push(commit)
    this.#last = commit
    return commit
  }

  /** Nothing is behind. @throws as the commit that failed, until {@link restart} */
  settled(): Promise<void> {
    return this.#last
  }

  /** Begin anew, from what the index says, after a failure. */
  async restart(): Promise<void> {
    await this.#last.catch(() => {})
    this.#last = Promise.resolve()
  }
}

function nameOf(table: IndexTable, key: string): string {
  return `${table}/${key}`
}
