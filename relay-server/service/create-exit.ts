import { readFile } from 'node:fs/promises'
import { networkInterfaces } from 'node:os'
import { CraftecError } from '../../sdk/errors/index.ts'
import type { RelayConfig } from '../config/index.ts'
import {
  createDnsResolver,
  createTcpExit,
  type ExitPolicy,
  type IpAddress,
  loadNameBlocklist,
  parseExitPolicy,
  parseIpAddress,
  type TcpExit,
  withStaticHosts
} from '../egress/index.ts'

const MAX_POLICY_FILE_BYTES = 1024 * 1024

/** An exit as configured, and the ports it may be asked for. */
export interface ConfiguredExit {
  readonly backend: TcpExit
  readonly policy: ExitPolicy
  readonly blockedNames: number
}

/** @throws CraftecError `config-invalid` naming the file and line that is wrong */
export async function createConfiguredExit(config: RelayConfig): Promise<ConfiguredExit> {
  const settings = config.exit
  const policy = parseExitPolicy(await policyLines(settings), ownAddresses(config.announce))
  const blocklist = await loadNameBlocklist(settings.blocklists)
  const { connections, connectionsPerAddress, resolveTimeoutMs, connectTimeoutMs, idleTimeoutMs } = settings
  const backend = createTcpExit({
    policy,
    blocklist,
    resolve: withStaticHosts(settings.hosts, createDnsResolver(settings.dnsServers)),
    limits: {
      connections,
      connectionsPerAddress,
      resolveTimeoutMs,
      connectTimeoutMs,
      idleTimeoutMs,
      bytesPerSecond: settings.bandwidthKiBps * 1024
    }
  })
  return { backend, policy, blockedNames: blocklist.size }
}

async function policyLines({ policy, policyFile }: RelayConfig['exit']): Promise<readonly string[]> {
  if (policyFile === undefined) return policy
  let text: string
  try {
    text = await readFile(policyFile, 'utf8')
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? 'unknown error'
    throw new CraftecError('config-invalid', `exit.policyFile: ${policyFile} cannot be read (${why})`, { cause })
  }
  if (text.length > MAX_POLICY_FILE_BYTES) {
    throw new CraftecError(
      'config-invalid',
      `exit.policyFile: ${policyFile} is larger than ${MAX_POLICY_FILE_BYTES} bytes`
    )
  }
  const lines = text.split(/\r?\n/)
  try {
    parseExitPolicy(lines) // alone, so that the line in the error is the line of the file
  } catch (cause) {
    throw new CraftecError('config-invalid', `${policyFile}: ${CraftecError.from(cause).message}`, { cause })
  }
  return [...policy, ...lines]
}

/** Addresses under which this machine's own services answer: what a firewall keeps out, an exit must not let in from behind. */
function ownAddresses(announce: readonly string[]): IpAddress[] {
  const texts = Object.values(networkInterfaces()).flatMap(entries => (entries ?? []).map(entry => entry.address))
  const announced = announce.flatMap(address => /^\/ip[46]\/([^/]+)/.exec(address)?.[1] ?? [])
  return [...texts, ...announced].flatMap(text => parseIpAddress(text.replace(/%.*$/, '')) ?? [])
}
