/**
 * Addresses that no public server has: the IANA special-purpose registries (RFC 6890 and its updates; iana-ipv4-special-registry,
 * iana-ipv6-special-registry), multicast (RFC 5771, RFC 4291 §2.7), and everything outside 2000::/3, the only IPv6 space IANA has assigned
 * for global unicast. Entries that the registries mark as globally reachable (AS112, AMT, PCP anycast) are infrastructure, not
 * destinations, and stay closed; the one exception is the NAT64 prefix, which is judged by the IPv4 address inside.
 */
import ipaddr from 'ipaddr.js'
import { embeddedIpv4, type IpAddress, isInNetwork } from './ip-address.ts'

export interface Network {
  readonly address: IpAddress
  readonly bits: number
}

const SPECIAL_NETWORKS: readonly string[] = [
  '0.0.0.0/8', // this network, RFC 791
  '10.0.0.0/8', // private, RFC 1918
  '100.64.0.0/10', // carrier-grade NAT, RFC 6598; holds Alibaba's metadata address
  '127.0.0.0/8', // loopback, RFC 1122
  '169.254.0.0/16', // link-local, RFC 3927; holds the metadata address of most clouds
  '168.63.129.16/32', // Azure's wire server: a public address that answers only from inside a virtual machine
  '172.16.0.0/12', // private, RFC 1918
  '192.0.0.0/24', // protocol assignments, RFC 6890; holds Oracle's metadata address
  '192.0.2.0/24', // documentation, RFC 5737
  '192.31.196.0/24', // AS112, RFC 7535
  '192.52.193.0/24', // AMT, RFC 7450
  '192.88.99.0/24', // 6to4 relay anycast, RFC 7526
  '192.168.0.0/16', // private, RFC 1918
  '192.175.48.0/24', // AS112, RFC 7534
  '198.18.0.0/15', // benchmarking, RFC 2544
  '198.51.100.0/24', // documentation, RFC 5737
  '203.0.113.0/24', // documentation, RFC 5737
  '224.0.0.0/4', // multicast, RFC 5771
  '240.0.0.0/4', // reserved and broadcast, RFC 1112
  '::/3', // unspecified, loopback, mapped, translated, NAT64, discard: nothing here is global unicast
  '2001::/23', // protocol assignments, RFC 2928: Teredo, ORCHID, benchmarking
  '2001:db8::/32', // documentation, RFC 3849
  '2002::/16', // 6to4, RFC 3056
  '2620:4f:8000::/48', // AS112, RFC 7534
  '3fff::/20', // documentation, RFC 9637
  '4000::/2', // not assigned; segment routing 5f00::/16, RFC 9602
  '8000::/1' // not assigned; unique-local fc00::/7, link-local fe80::/10, site-local fec0::/10, multicast ff00::/8
]

const NETWORKS: readonly Network[] = SPECIAL_NETWORKS.map(text => {
  const [address, bits] = ipaddr.parseCIDR(text)
  return { address, bits }
})

const NAT64: Network = { address: ipaddr.parse('64:ff9b::'), bits: 96 }

/** True when an exit must not connect to `address` unless its operator named it. An embedded IPv4 address counts as much as the outer one. */
export function isSpecialPurpose(address: IpAddress): boolean {
  const inner = embeddedIpv4(address)
  if (inner !== undefined && isSpecialPurpose(inner)) return true
  if (isInNetwork(address, NAT64.address, NAT64.bits)) return false
  return NETWORKS.some(network => isInNetwork(address, network.address, network.bits))
}

/** True when the whole network is special-purpose, so that a rule naming it cannot have meant public addresses. */
export function isSpecialPurposeNetwork(network: Network): boolean {
  return NETWORKS.some(
    special => network.bits >= special.bits && isInNetwork(network.address, special.address, special.bits)
  )
}
