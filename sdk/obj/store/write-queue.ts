import { throwIfAborted } from '../../async/index.ts'
import { CraftecError } from '../../errors/index.ts'

/** Writers that wait. One more is told so: whoever writes faster than the disk must await what it has handed in. */
const MAX_WAITING = 4_096

/** One writer at a time, in the order of arrival. */
export class WriteQueue {
  #last: Promise<unknown> = Promise.resolve()
  #waiting = 0

  /**
   * @param signal ends the wait; a task that has begun runs to its end, so that it is done or not done
   * @throws CraftecError `limit-exceeded` | `aborted`, or what `task` throws
   */
  async run<T>(what: string, task: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    throwIfAborted(signal, what)
    if (this.#waiting >= MAX_WAITING)
      throw new CraftecError('limit-exceeded', `${MAX_WAITING} writes wait already; await some of them first`)
    this.#waiting++
    const turn = this.#last.then(() => {
      this.#waiting--
      throwIfAborted(signal, what)
      return task()
    })
    this.#last = turn.catch(() => {})
    return turn
  }
}
