import { ACCEPT_ENCODING } from '../http/index.ts'

/**
 * What every request says unless the caller says otherwise: the same words from every machine, browser and release, so
 * that they tell a target nothing about the user. The product is named because many servers refuse a nameless client.
 */
const DEFAULT_HEADERS: readonly (readonly [string, string])[] = [
  ['user-agent', 'Mozilla/5.0 (compatible; craftec-web)'],
  ['accept', '*/*'],
  ['accept-language', 'en-US,en;q=0.5'],
  ['accept-encoding', ACCEPT_ENCODING]
]

/** Defaults first, in fixed order, then the caller's own. */
export function requestHeaders(own: readonly (readonly [string, string])[]): (readonly [string, string])[] {
  const given = new Set(own.map(([name]) => name.toLowerCase()))
  const defaults = DEFAULT_HEADERS.filter(([name]) => !given.has(name)).map(([name, value]) =>
    // A range of compressed bytes cannot be decompressed (Fetch standard, "HTTP-network-or-cache fetch").
    name === 'accept-encoding' && given.has('range') ? ([name, 'identity'] as const) : ([name, value] as const)
  )
  return [...defaults, ...own]
}
