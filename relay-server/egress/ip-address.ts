/**
 * IP addresses in every notation that some resolver or URL parser would understand, reduced to one value each.
 * Parsing is ipaddr.js; the forms it must cover are those of inet_aton and of the WHATWG URL Standard ("IPv4 parser").
 */
import ipaddr from 'ipaddr.js'

export type IpAddress = ipaddr.IPv4 | ipaddr.IPv6

/**
 * Read an address: dotted quad, short (`127.1`), decimal, octal or hexadecimal IPv4, one trailing dot, IPv6 with or without brackets.
 * An IPv4-mapped IPv6 address (`::ffff:a.b.c.d`) becomes the IPv4 address that the operating system would connect to.
 * @returns undefined when `text` is not an address, or has a zone (`fe80::1%eth0`): a zone means nothing to another machine
 */
export function parseIpAddress(text: string): IpAddress | undefined {
  const bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text
  if (bare.includes(':')) return parseIpv6(bare)
  if (bare !== text) return undefined
  const withoutDot = text.endsWith('.') ? text.slice(0, -1) : text
  return ipaddr.IPv4.isValid(withoutDot) ? ipaddr.IPv4.parse(withoutDot) : undefined
}

function parseIpv6(text: string): IpAddress | undefined {
  if (text.includes('%') || !ipaddr.IPv6.isValid(text)) return undefined
  const address = ipaddr.IPv6.parse(text)
  return address.isIPv4MappedAddress() ? address.toIPv4Address() : address
}

/** True when both are the same family and the first `bits` bits agree. */
export function isInNetwork(address: IpAddress, network: IpAddress, bits: number): boolean {
  if (address.kind() === 'ipv4' && network.kind() === 'ipv4') {
    return (address as ipaddr.IPv4).match(network as ipaddr.IPv4, bits)
  }
  if (address.kind() === 'ipv6' && network.kind() === 'ipv6') {
    return (address as ipaddr.IPv6).match(network as ipaddr.IPv6, bits)
  }
  return false
}

/**
 * The IPv4 address that a translator or a tunnel would take out of an IPv6 address: NAT64 (RFC 6052 §2.1), 6to4 (RFC 3056 §2), Teredo
 * (RFC 4380 §4, the client's address is stored inverted) and ISATAP (RFC 5214 §6.1).
 */
export function embeddedIpv4(address: IpAddress): ipaddr.IPv4 | undefined {
  if (address.kind() === 'ipv4') return undefined
  const parts = (address as ipaddr.IPv6).parts
  const [p0 = 0, p1 = 0, p2 = 0, p3 = 0, p4 = 0, p5 = 0, p6 = 0, p7 = 0] = parts
  if (p0 === 0x2002) return ipv4Of(p1, p2)
  if (p0 === 0x2001 && p1 === 0) return ipv4Of(p6 ^ 0xffff, p7 ^ 0xffff)
  const nat64 = p0 === 0x64 && p1 === 0xff9b && (p2 | p3 | p4 | p5) === 0
  const isatap = (p4 & 0xfdff) === 0 && p5 === 0x5efe
  return nat64 || isatap ? ipv4Of(p6, p7) : undefined
}

function ipv4Of(high: number, low: number): ipaddr.IPv4 {
  return new ipaddr.IPv4([high >> 8, high & 0xff, low >> 8, low & 0xff])
}
