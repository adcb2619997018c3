export { DEFAULT_EXIT_POLICY, type ExitPolicy, type PortRange, parseExitPolicy } from './exit-policy.ts'
export { type IpAddress, parseIpAddress } from './ip-address.ts'
export { EMPTY_BLOCKLIST, loadNameBlocklist, type NameBlocklist, NameBlocklistBuilder } from './name-blocklist.ts'
export { createDnsResolver, type NameResolver, withStaticHosts } from './name-resolver.ts'
export { isSpecialPurpose } from './special-purpose.ts'
export {
  createTcpExit,
  DEFAULT_TCP_EXIT_LIMITS,
  type TcpExit,
  type TcpExitLimits,
  type TcpExitOptions,
  type TcpExitStats
} from './tcp-exit.ts'
