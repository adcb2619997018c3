import { throwIfAborted } from '../../async/index.ts'
import { CraftecError } from '../../errors/index.ts'

/** Writers that wait. One more is told so: whoever writes faster than the disk must await what it has handed in. */
const MAX_WAITING = 4_096
/** What they may hold in memory together: some segments of the largest kind. */
const MAX_WAITING_BYTES = 256 * 1024 * 1024

/** One writer at a time, in the order of arrival. */
export class WriteQueue {
  #last: Promise<unknown> = Promise.resolve()
  #waiting = 0
  #waitingBytes = 0

  /**
   * @param options.signal ends the wait; a task that has begun runs to its end, so that it is done or not done
   * @param options.bytes that the task keeps in memory while it waits
   * @throws CraftecError `limit-exceeded` | `aborted`, or what `task` throws
   */
  async run<T>(
    what: string,
    task: () => Promise<T>,
    { signal, bytes = 0 }: { readonly signal?: AbortSignal | undefined; readonly bytes?: number } = {}
  ): Promise<T> {
    throwIfAborted(signal, what)
    // One alone may be as large as it likes.
    const isTooMuch = this.#waitingBytes > 0 && this.#waitingBytes + bytes > MAX_WAITING_BYTES
    if (this.#waiting >= MAX_WAITING || isTooMuch)
      throw new CraftecError(
        'limit-exceeded',
        `${this.#waiting} writes of ${this.#waitingBytes} bytes wait already; await some of them first`
      )
    this.#waiting++
    this.#waitingBytes += bytes
    const turn = this.#last.then(() => {
      this.#waiting--
      this.#waitingBytes -= bytes
      throwIfAborted(signal, what)
      return task()
    })
    this.#last = turn.catch(() => {})
    return turn
  }
}
