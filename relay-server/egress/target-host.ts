import { CraftecError } from '../../sdk/errors/index.ts'
import { type IpAddress, parseIpAddress } from './ip-address.ts'

export type TargetHost =
  | { readonly kind: 'address'; readonly address: IpAddress }
  | { readonly kind: 'name'; readonly name: string }

const MAX_NAME_LENGTH = 253 // RFC 1035 §2.3.4, without the root dot
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/
const NUMBER_LABEL = /^(?:\d+|0x[0-9a-f]*)$/

/**
 * What a client asked to connect to: an address in any notation, or a host name in canonical form (lower case, no root dot).
 * A name whose last label is a number must be an IPv4 address (WHATWG URL, "ends in a number checker"): resolvers disagree about
 * the rest, so it is refused. Names are ASCII: international names arrive as punycode.
 * @throws CraftecError `exit-refused` when `host` is neither
 */
export function parseTargetHost(host: string): TargetHost {
  const address = host.length <= MAX_NAME_LENGTH ? parseIpAddress(host) : undefined
  if (address !== undefined) return { kind: 'address', address }
  const name = (host.endsWith('.') ? host.slice(0, -1) : host).toLowerCase()
  const labels = name.length <= MAX_NAME_LENGTH ? name.split('.') : []
  const last = labels.at(-1)
  if (last === undefined || NUMBER_LABEL.test(last) || !labels.every(label => LABEL.test(label))) {
    throw new CraftecError('exit-refused', 'the target is neither a host name nor an IP address')
  }
  return { kind: 'name', name }
}
