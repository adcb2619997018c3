/** Who the server must be, and whether a certificate says so (RFC 9525; RFC 5280 §4.2.1.6). */
import { CraftecError } from '../../errors/index.ts'
import { sameBytes } from './certificate.ts'
import type { GeneralName } from './general-name.ts'

export type ServerName =
  /** In ASCII, lower case, without the dot of the root. */
  { readonly kind: 'dns'; readonly name: string } | { readonly kind: 'ip'; readonly address: Uint8Array }

/** @throws CraftecError `invalid-argument` when it is neither a host name nor an address */
export function parseServerName(text: string): ServerName {
  const bare = text.replace(/^\[(.*)\]$/, '$1')
  // The URL parser does IDNA (UTS 46) and every notation of addresses as the platform's own fetch does.
  const address = `https://${bare.includes(':') ? `[${bare}]` : bare}/`
  const url = URL.canParse(address) ? new URL(address) : undefined
  if (url === undefined || /[/?#@%\\\s]/.test(bare) || url.port !== '' || url.hostname === '')
    throw new CraftecError('invalid-argument', 'serverName: expected a host name or an address, without port')
  const host = url.hostname
  if (host.startsWith('[')) return { kind: 'ip', address: ipv6Bytes(host.slice(1, -1)) }
  if (/^\d+\.\d+\.\d+\.\d+$/.test(host)) return { kind: 'ip', address: Uint8Array.from(host.split('.'), Number) }
  const name = host.replace(/\.$/, '')
  if (name.length > 253 || name.split('.').some(label => label.length === 0 || label.length > 63))
    throw new CraftecError('invalid-argument', 'serverName: a label is empty or over 63 bytes, or the name over 253')
  return { kind: 'dns', name }
}

/** @param host as the URL parser writes it: hexadecimal groups, at most one "::" */
function ipv6Bytes(host: string): Uint8Array {
  const [head = '', tail] = host.split('::')
  const groups = (part: string): string[] => (part === '' ? [] : part.split(':'))
  const before = groups(head)
  const after = tail === undefined ? [] : groups(tail)
  const all = [...before, ...new Array<string>(8 - before.length - after.length).fill('0'), ...after]
  return Uint8Array.from(all.flatMap(group => [Number.parseInt(group, 16) >>> 8, Number.parseInt(group, 16) & 0xff]))
}

/** The common name is not looked at (RFC 9525 §6.3, CA/B baseline requirements). */
export function matchesServerName(names: readonly GeneralName[], server: ServerName): boolean {
  return names.some(name =>
    server.kind === 'ip'
      ? name.kind === 'ip' && sameBytes(name.address, server.address)
      : name.kind === 'dns' && matchesDnsName(name.name.toLowerCase(), server.name)
  )
}

/** RFC 9525 §6.3: a wildcard is the whole leftmost label, stands for one label, and never covers a top-level domain. */
function matchesDnsName(pattern: string, name: string): boolean {
  if (!pattern.startsWith('*.')) return pattern === name
  const rest = pattern.slice(1)
  const dot = name.indexOf('.')
  return dot > 0 && name.slice(dot) === rest && rest.indexOf('.', 1) > 0 && !rest.includes('*')
}
