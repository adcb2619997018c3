import { type Clock, systemClock, throwIfAborted } from '../../../async/index.ts'
import { CraftecError } from '../../../errors/index.ts'
import { ChangeListeners } from '../change-listeners.ts'
import type { StoreLink, StorePort } from './store-link.ts'
import type { FromStore, ToStore } from './store-message.ts'

/** Without an answer or progress for so long the other side is taken for dead. A put of a segment takes some 10 ms. */
const IDLE_TIMEOUT_MS = 60_000
const CLOSE_TIMEOUT_MS = 10_000

interface Waiting {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
  readonly onProgress: ((done: number, total: number) => void) | undefined
  readonly giveBack: ((buffers: readonly ArrayBuffer[]) => void) | undefined
  /** Starts the time anew. */
  alive(): void
}

/** The way to a store that somebody serves at the other end of `port`. */
export function portLink(port: StorePort, clock: Clock = systemClock): StoreLink {
  const waiting = new Map<number, Waiting>()
  const listeners = new ChangeListeners()
  let nextId = 1
  let broken: CraftecError | undefined
  let closing: Promise<void> | undefined
  const closed = Promise.withResolvers<void>()
  const send = (message: ToStore, transfer?: readonly ArrayBuffer[]): void => port.post(message, transfer)

  const breakOff = (error: CraftecError): void => {
    broken ??= error
    for (const call of waiting.values()) call.reject(error)
    closed.resolve()
  }
  port.onLost?.(cause =>
    breakOff(new CraftecError('storage-unavailable', 'the storage worker died; open the store again', { cause }))
  )
  port.listen(message => {
    const answer = message as FromStore
    if (answer.type === 'change') listeners.emit(answer.change)
    else if (answer.type === 'closed') closed.resolve()
    else {
      const call = waiting.get(answer.id)
      if (answer.type === 'done') {
        if (answer.lent.length > 0) call?.giveBack?.(answer.lent)
        call?.resolve(answer.value)
      } else if (answer.type === 'failed') call?.reject(CraftecError.fromWire(answer.error))
      else {
        call?.alive()
        call?.onProgress?.(answer.done, answer.total)
      }
    }
  })

  async function close(): Promise<void> {
    const cancel = clock.after(CLOSE_TIMEOUT_MS, closed.resolve)
    if (broken === undefined) send({ type: 'close' })
    await closed.promise
    cancel()
    port.close()
    breakOff(new CraftecError('stopped', 'the store is closed; open it again'))
  }

  return {
    call: async (call, { signal, onProgress, transfer = [], giveBack } = {}) => {
      throwIfAborted(signal, call.method)
      if (broken !== undefined) throw broken
      const id = nextId++
      let end = (): void => {}
      try {
        return await new Promise<unknown>((resolve, reject) => {
          let cancel = (): void => {}
          const late = (): void =>
            reject(new CraftecError('timeout', `${call.method}: the store did not answer within ${IDLE_TIMEOUT_MS} ms`))
          const alive = (): void => {
            cancel()
            cancel = clock.after(IDLE_TIMEOUT_MS, late)
          }
          // The store decides whether it was in time: its answer settles the call.
          const onAbort = (): void => send({ type: 'abort', id })
          signal?.addEventListener('abort', onAbort, { once: true })
          end = () => {
            cancel()
            signal?.removeEventListener('abort', onAbort)
            waiting.delete(id)
          }
          waiting.set(id, { resolve, reject, onProgress, giveBack, alive })
          alive()
          const lent = giveBack && port.moves ? transfer : []
          send({ type: 'call', id, call, wantsProgress: onProgress !== undefined, lent }, transfer)
        })
      } catch (error) {
        if (error instanceof DOMException && error.name === 'DataCloneError')
          throw new CraftecError(
            'invalid-argument',
            'bytes that cannot be handed over: given away before, or not bytes',
            {
              cause: error
            }
          )
        throw error
      } finally {
        end()
      }
    },
    onChange: listener => listeners.add(listener),
    close: () => {
      closing ??= close()
      return closing
    }
  }
}
