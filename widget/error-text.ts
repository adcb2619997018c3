import type { CraftecError } from '../sdk/errors/index.ts'
import type { StorageStrings } from './storage-strings.ts'

/** What went wrong, in words that help. */
export function errorText(error: CraftecError, strings: StorageStrings): string {
  return strings.errors[error.code] ?? strings.errors.internal
}
