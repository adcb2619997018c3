import { Resolver } from 'node:dns/promises'
import { CraftecError } from '../../sdk/errors/index.ts'

/** Every address of a name, in the order to try them. Rejects when there is none. */
export type NameResolver = (name: string, options: { signal: AbortSignal }) => Promise<readonly string[]>

const QUERY_TIMEOUT_MS = 2_500
const QUERY_TRIES = 2

/**
 * Resolve through the machine's DNS servers, A and AAAA at once. Not `dns.lookup`: that runs on libuv's four threads, which a few slow
 * names would block for the whole process, and it reads the hosts file, which is no business of strangers.
 * @param servers addresses of DNS servers (`1.1.1.1`, `[::1]:5353`); default: those of the system
 */
export function createDnsResolver(servers: readonly string[] = []): NameResolver {
  const resolver = new Resolver({ timeout: QUERY_TIMEOUT_MS, tries: QUERY_TRIES })
  if (servers.length > 0) resolver.setServers(servers)
  return async name => {
    // Dotless names are someone's intranet.
    if (!name.includes('.')) throw notResolved('a name without a dot is not public')
    const answers = await Promise.allSettled([resolver.resolve6(name), resolver.resolve4(name)])
    const addresses = answers.flatMap(answer => (answer.status === 'fulfilled' ? answer.value : []))
    if (addresses.length > 0) return addresses
    const failures = answers.flatMap(answer => (answer.status === 'rejected' ? [answer.reason] : []))
    throw notResolved('the name has no address', failures.at(-1))
  }
}

/** `hosts` first, then `next`: names that exist only on this machine or in a test network. */
export function withStaticHosts(hosts: Readonly<Record<string, readonly string[]>>, next: NameResolver): NameResolver {
  const table = new Map(Object.entries(hosts).map(([name, addresses]) => [name.toLowerCase(), addresses]))
  return (name, options) => {
    const addresses = table.get(name)
    return addresses === undefined ? next(name, options) : Promise.resolve(addresses)
  }
}

function notResolved(why: string, cause?: unknown): CraftecError {
  return new CraftecError('name-not-resolved', `the exit could not resolve the target: ${why}`, { cause })
}
