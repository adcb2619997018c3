import type { Clock } from '../../async/index.ts'
import type { HttpConnection } from './http-connection.ts'

/** Servers close idle connections after 5 s (Node) to 75 s (nginx); a connection kept longer is mostly a dead one. */
const IDLE_MS = 15_000
/** Idle connections kept per key and in all; each holds an open stream at the exit. */
const MAX_IDLE_PER_KEY = 6
const MAX_IDLE = 64

interface Idle<Tag> {
  readonly key: string
  readonly connection: HttpConnection
  readonly tag: Tag
  readonly cancelTimer: () => void
}

/**
 * Idle connections that may carry another request. The key must hold everything that separates two requests: isolation key,
 * path rules, scheme, host and port. `Tag` is what the owner wants to know again about a connection, such as its circuit.
 */
export class ConnectionPool<Tag> {
  readonly #clock: Clock
  #idle: Idle<Tag>[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get size(): number {
    return this.#idle.length
  }

  /** The connection used last: it is the least likely to have been closed by the server. */
  take(key: string): { connection: HttpConnection; tag: Tag } | undefined {
    const found = this.#idle.findLast(entry => entry.key === key)
    if (!found) return undefined
    this.#remove(found)
    return found
  }

  /** Keep an idle connection; it is closed if it is too many, gets too old, or its peer ends it. */
  put(key: string, connection: HttpConnection, tag: Tag): void {
    if (!connection.idle) return
    const entry: Idle<Tag> = {
      key,
      connection,
      tag,
      cancelTimer: this.#clock.after(IDLE_MS, () => this.#drop(entry))
    }
    this.#idle.push(entry)
    connection.watchIdle(() => this.#drop(entry))
    const sameKey = this.#idle.filter(other => other.key === key)
    const oldest =
      sameKey.length > MAX_IDLE_PER_KEY ? sameKey[0] : this.#idle.length > MAX_IDLE ? this.#idle[0] : undefined
    if (oldest) this.#drop(oldest)
  }

  /** Close every idle connection. */
  clear(): void {
    for (const entry of [...this.#idle]) this.#drop(entry)
  }

  #drop(entry: Idle<Tag>): void {
    this.#remove(entry)
    entry.connection.close()
  }

  #remove(entry: Idle<Tag>): void {
    entry.cancelTimer()
    this.#idle = this.#idle.filter(other => other !== entry)
  }
}
