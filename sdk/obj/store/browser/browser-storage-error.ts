import { CraftecError } from '../../../errors/index.ts'

/** What a browser's storage throws, in our terms. */
export function browserStorageError(error: unknown): CraftecError {
  if (error instanceof CraftecError) return error
  const { name, message } = error instanceof Error ? error : { name: '', message: String(error) }
  if (name === 'QuotaExceededError')
    return new CraftecError(
      'storage-full',
      'the browser has no room left for this site; nothing was changed. Remove content, or ask for more with navigator.storage.persist()',
      { cause: error }
    )
  if (name === 'VersionError')
    return new CraftecError(
      'storage-unavailable',
      'a later release of this site has changed the store; reload the page',
      {
        cause: error
      }
    )
  return new CraftecError(
    'storage-unavailable',
    `the browser's storage failed (${name}: ${message}). In a private window, or where site data is blocked, use a store in memory`,
    { cause: error }
  )
}
