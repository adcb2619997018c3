import { CraftecError } from '../../../errors/index.ts'
import type { PieceStore } from '../piece-store.ts'
import { STORE_METHODS, type StoreLink } from './store-link.ts'

/** The way to a store in this thread. */
export function localLink(store: PieceStore): StoreLink {
  return {
    call: async ({ method, args }, { signal, onProgress } = {}) => {
      if (!Object.hasOwn(STORE_METHODS, method)) throw new CraftecError('invalid-argument', 'no such method of a store')
      const at = STORE_METHODS[method]
      const given = [...args]
      if (at !== undefined)
        given[at] = {
          ...(given[at] as object | undefined),
          ...(signal && { signal }),
          ...(onProgress && { onProgress })
        }
      const task = store[method] as (...args: unknown[]) => Promise<unknown>
      return task.apply(store, given)
    },
    onChange: listener => store.onChange(listener),
    close: () => store.close()
  }
}
