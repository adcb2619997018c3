import ipaddr from 'ipaddr.js'
import type { Descriptor } from '../directory/index.ts'

/** What one operator is likely to hold (path-spec, "Choosing routers for circuits"; /32 for IPv6 since proposal 312). */
const SUBNET_BITS = { ipv4: 16, ipv6: 32 }
/** Behind this in a multiaddr the address is that of a relay which passes connections on. */
const CIRCUIT = '/p2p-circuit'

/** The /16 and /32 networks that a node's own addresses are in. Names are not resolved: they show no network. */
export function subnetsOf(node: Descriptor): Set<string> {
  const subnets = new Set<string>()
  for (const address of node.addresses) {
    const text = /^\/ip[46]\/([^/]+)/.exec(address)?.[1]
    if (text === undefined || address.includes(CIRCUIT) || !ipaddr.isValid(text)) continue
    // IPv4 in IPv6 clothes is IPv4.
    const ip = ipaddr.process(text)
    const bytes = ip.toByteArray().slice(0, SUBNET_BITS[ip.kind()] / 8)
    subnets.add(`${ip.kind()} ${bytes.join('.')}`)
  }
  return subnets
}
