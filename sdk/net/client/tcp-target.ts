import { CraftecError } from '../../errors/index.ts'
import type { StreamTarget } from '../fetch/index.ts'

/**
 * "host:port", IPv6 in brackets.
 * @throws CraftecError `invalid-argument`
 */
export function parseTcpTarget(text: string): StreamTarget {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]/?#@]+)):(\d{1,5})$/.exec(text)
  const host = match?.[1] ?? match?.[2]
  const port = Number(match?.[3])
  if (host === undefined || host.length > 255 || !(port >= 1 && port <= 65_535))
    throw new CraftecError('invalid-argument', 'expected "host:port", such as "example.org:22" or "[2001:db8::1]:22"')
  return { host, port }
}
