/**
 * Exit policy in Tor's syntax (dir-spec, "Exit policies"; torrc "ExitPolicy"): `accept|reject ADDRESS[/MASK][:PORT[-PORT]]`, first match wins.
 *
 * Deviations, both stricter than Tor:
 * - what no rule matches is rejected;
 * - a special-purpose address (loopback, private, metadata, ...) is accepted only by `private` or by a network that lies wholly in
 *   special-purpose space. `accept *:80` or `accept 0.0.0.0/0:80` never opens the operator's own network.
 */
import ipaddr from 'ipaddr.js'
import { CraftecError } from '../../sdk/errors/index.ts'
import { embeddedIpv4, type IpAddress, isInNetwork } from './ip-address.ts'
import { isSpecialPurpose, isSpecialPurposeNetwork, type Network } from './special-purpose.ts'

export interface PortRange {
  readonly from: number
  readonly to: number
}

export interface ExitPolicy {
  allows(address: IpAddress, port: number): boolean
  /** Ports at which a broad part of the address space, or a named special-purpose network, is accepted; ascending, disjoint, at most 16. */
  readonly ports: readonly PortRange[]
}

interface Rule {
  readonly accept: boolean
  readonly family: 'any' | 'ipv4' | 'ipv6'
  /** `any`: every address; `special`: the keyword `private`; else that network. */
  readonly target: 'any' | 'special' | Network
  readonly ports: PortRange
}

/** The web, and nothing that earns abuse letters. What to add, and what follows: docs/operator-guide.md. */
export const DEFAULT_EXIT_POLICY: readonly string[] = ['accept *:80', 'accept *:443', 'accept *:8080', 'accept *:8443']

const MAX_RULES = 1024
const MAX_SUMMARY_RANGES = 16 // docs/protocol/craftnet.md §1
const BROAD_BITS = { ipv4: 8, ipv6: 16 } // Tor's summary ignores rules about less than a /8 (dir-spec, "exit policy summary")
const RULE = /^(accept|reject)(6?)\s+(\S+)$/i
const TARGET = /^(\*[46]?|private|\[[0-9a-f:.]+\]|[0-9.]+)(?:\/([0-9.]+))?(?::(\*|\d{1,5})(?:-(\d{1,5}))?)?$/i

/**
 * @param lines one rule each; `#` starts a comment, blank lines are skipped
 * @param ownAddresses addresses of this machine, treated as special-purpose: an exit must not be a way around its own firewall
 * @throws CraftecError `config-invalid` with the line's number (from 1) and what is wrong with it
 */
export function parseExitPolicy(lines: readonly string[], ownAddresses: readonly IpAddress[] = []): ExitPolicy {
  const rules: Rule[] = []
  lines.forEach((line, index) => {
    const text = line.replace(/#.*$/, '').trim()
    if (text !== '') rules.push(parseRule(text, index + 1))
  })
  if (rules.length > MAX_RULES) throw invalid(lines.length, `at most ${MAX_RULES} rules, got ${rules.length}`)
  const isSpecial = (address: IpAddress): boolean =>
    isSpecialPurpose(address) || ownAddresses.some(own => isInNetwork(address, own, bitsOf(own)))
  const opensSpecial = (rule: Rule): boolean =>
    rule.target === 'special' || (rule.target !== 'any' && isNamedSpecial(rule.target, ownAddresses))

  const decide = (address: IpAddress, port: number): boolean => {
    const special = isSpecial(address)
    for (const rule of rules) {
      if (port < rule.ports.from || port > rule.ports.to || !matches(rule, address, special)) continue
      if (!rule.accept) return false
      if (!special || opensSpecial(rule)) return true
    }
    return false
  }
  return {
    allows: (address, port) => {
      const inner = embeddedIpv4(address)
      return decide(address, port) && (inner === undefined || decide(inner, port))
    },
    ports: summarise(rules, opensSpecial)
  }
}

function matches(rule: Rule, address: IpAddress, special: boolean): boolean {
  if (rule.family !== 'any' && rule.family !== address.kind()) return false
  if (rule.target === 'any') return true
  if (rule.target === 'special') return special
  return isInNetwork(address, rule.target.address, rule.target.bits)
}

function isNamedSpecial(network: Network, ownAddresses: readonly IpAddress[]): boolean {
  if (isSpecialPurposeNetwork(network)) return true
  return ownAddresses.some(own => network.bits === bitsOf(own) && isInNetwork(network.address, own, network.bits))
}

function bitsOf(address: IpAddress): number {
  return address.kind() === 'ipv4' ? 32 : 128
}

function parseRule(text: string, line: number): Rule {
  const rule = RULE.exec(text)
  if (rule === null) throw invalid(line, `expected "accept|reject ADDRESS[/MASK]:PORT", got "${text.slice(0, 80)}"`)
  const [, action = '', six = '', rest = ''] = rule
  const target = TARGET.exec(rest)
  if (target === null)
    throw invalid(line, `"${rest.slice(0, 80)}" is not ADDRESS[/MASK]:PORT[-PORT]; IPv6 goes in brackets`)
  const [, address = '', mask, from, to] = target
  const parsed = parseTarget(address.toLowerCase(), mask, line)
  if (six === '6' && parsed.family === 'ipv4') throw invalid(line, `${action}6 takes IPv6 addresses only`)
  return {
    accept: action.toLowerCase() === 'accept',
    family: six === '6' ? 'ipv6' : parsed.family,
    target: parsed.target,
    ports: parsePorts(from, to, line)
  }
}

function parseTarget(address: string, mask: string | undefined, line: number): Pick<Rule, 'family' | 'target'> {
  if (address.startsWith('*') || address === 'private') {
    if (mask !== undefined) throw invalid(line, `"${address}" takes no mask`)
    const family = address === '*4' ? 'ipv4' : address === '*6' ? 'ipv6' : 'any'
    return { family, target: address === 'private' ? 'special' : 'any' }
  }
  if (address.startsWith('[')) return { family: 'ipv6', target: parseIpv6Network(address.slice(1, -1), mask, line) }
  // Only plain dotted quads: in a policy, 010.0.0.1 is a mistake waiting to be read two ways.
  if (!ipaddr.IPv4.isValidFourPartDecimal(address)) throw invalid(line, `"${address}" is not an IPv4 address`)
  return { family: 'ipv4', target: { address: ipaddr.IPv4.parse(address), bits: parseIpv4Mask(mask, line) } }
}

function parseIpv6Network(address: string, mask: string | undefined, line: number): Network {
  if (!ipaddr.IPv6.isValid(address)) throw invalid(line, `"${address}" is not an IPv6 address`)
  const parsed = ipaddr.IPv6.parse(address)
  if (parsed.isIPv4MappedAddress()) throw invalid(line, 'write an IPv4-mapped address as IPv4')
  const bits = mask === undefined ? 128 : Number(mask)
  if (!/^\d{1,3}$/.test(mask ?? '128') || bits > 128) throw invalid(line, `"/${mask}" is not a prefix of 0 to 128 bits`)
  return { address: parsed, bits }
}

function parseIpv4Mask(mask: string | undefined, line: number): number {
  if (mask === undefined) return 32
  const bits = /^\d{1,2}$/.test(mask)
    ? Number(mask)
    : ipaddr.IPv4.isValidFourPartDecimal(mask)
      ? ipaddr.IPv4.parse(mask).prefixLengthFromSubnetMask()
      : null
  if (bits === null || bits > 32) throw invalid(line, `"/${mask}" is not a prefix of 0 to 32 bits or a netmask`)
  return bits
}

function parsePorts(from: string | undefined, to: string | undefined, line: number): PortRange {
  if (from === undefined || from === '*') {
    if (to !== undefined) throw invalid(line, '"*" is already every port')
    return { from: 1, to: 65_535 }
  }
  const first = Number(from)
  const last = to === undefined ? first : Number(to)
  if (first < 1 || last > 65_535 || first > last) throw invalid(line, `ports ${first}-${last} are not within 1-65535`)
  return { from: first, to: last }
}

function summarise(rules: readonly Rule[], opensSpecial: (rule: Rule) => boolean): PortRange[] {
  const counts = (rule: Rule): boolean => isBroad(rule) || (rule.accept && opensSpecial(rule))
  const starts = new Set([1])
  for (const { ports } of rules) starts.add(ports.from).add(ports.to + 1)
  const cuts = [...starts].filter(port => port <= 65_535).sort((a, b) => a - b)
  const ranges: { from: number; to: number }[] = []
  cuts.forEach((from, index) => {
    const to = (cuts[index + 1] ?? 65_536) - 1
    if (!rules.find(rule => from >= rule.ports.from && from <= rule.ports.to && counts(rule))?.accept) return
    const last = ranges.at(-1)
    if (last?.to === from - 1) last.to = to
    else ranges.push({ from, to })
  })
  // Too many ranges: the widest stay. Saying less than is accepted costs traffic; saying more costs every client a refused stream.
  const kept = [...ranges].sort((a, b) => b.to - b.from - (a.to - a.from)).slice(0, MAX_SUMMARY_RANGES)
  return ranges.filter(range => kept.includes(range))
}

function isBroad(rule: Rule): boolean {
  if (rule.target === 'special') return false
  return rule.target === 'any' || rule.target.bits <= BROAD_BITS[rule.target.address.kind() as 'ipv4' | 'ipv6']
}

function invalid(line: number, why: string): CraftecError {
  return new CraftecError('config-invalid', `exit policy, line ${line}: ${why}`, { details: { line } })
}
