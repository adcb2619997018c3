import { CraftecError } from '../../errors/index.ts'
import type { ExitRule, HopCount } from '../fetch/index.ts'

export interface ConnectOptions {
  /** Relays before the exit, 0 to 4. */
  readonly hops?: HopCount
  readonly exit?: ExitRule
  /** Ends the attempt; afterwards cancel the streams themselves. */
  readonly signal?: AbortSignal
  /** Milliseconds until the exit has connected. Default 30,000. */
  readonly timeoutMs?: number
}

const KEYS = ['hops', 'exit', 'signal', 'timeoutMs']
const DEFAULT_TIMEOUT_MS = 30_000
const MAX_TIMEOUT_MS = 2 ** 31 - 1

/** @throws CraftecError `unknown-option` | `invalid-argument` */
export function readConnectOptions(options: ConnectOptions): ConnectOptions & { readonly timeoutMs: number } {
  const unknown = Object.keys(options).find(key => !KEYS.includes(key))
  if (unknown !== undefined) throw new CraftecError('unknown-option', `connect has no option "${unknown}"`)
  const { timeoutMs = DEFAULT_TIMEOUT_MS } = options
  if (!(timeoutMs > 0 && timeoutMs <= MAX_TIMEOUT_MS))
    throw new CraftecError('invalid-argument', `timeoutMs must be between 1 and ${MAX_TIMEOUT_MS} milliseconds`)
  return { ...options, timeoutMs }
}
