/** Composition of one node: identity, P2P node, directory, circuits, exit, status server. Everything it starts, `stop` ends. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { systemClock } from '../../sdk/async/index.ts'
import { CraftecError } from '../../sdk/errors/index.ts'
import { identityFromSeed, publicKeyFromPeerId } from '../../sdk/identity/index.ts'
import { Directory, participateInDirectory, type RelayDescription, startNetRelay } from '../../sdk/net/index.ts'
import { serveHolders } from '../../sdk/obj/index.ts'
import { createP2pNode, type P2pNode } from '../../sdk/p2p/index.ts'
import type { RelayConfig } from '../config/index.ts'
import { readOrCreateKeyFile } from '../key-file.ts'
import type { RelayLogger } from '../log/index.ts'
import { createRelayMetrics, type StatusServer, startStatusServer } from '../status/index.ts'
import { type ConfiguredExit, createConfiguredExit } from './create-exit.ts'
import { type Listening, prepareListening } from './listening.ts'
import { relaySnapshot } from './relay-snapshot.ts'
import { startStorage } from './start-storage.ts'
import { withStorageExit, withStoragePort } from './storage-exit.ts'

export interface RelayService {
  readonly peerId: string
  /** Transports that listen. */
  readonly listening: readonly string[]
  readonly statusPort: number | undefined
  addresses(): string[]
  /** Valid descriptors known, the node's own included. */
  directoryNodes(): number
  streamCount(): number
  /** Refuse circuits, let streams finish. @returns whether all circuits ended within `timeoutMs` */
  drain(timeoutMs: number): Promise<boolean>
  /** Idempotent; never rejects. */
  stop(): Promise<void>
}

/**
 * @throws CraftecError `config-invalid` | `key-file-unsafe` | `malformed` (key file) | `storage-unavailable` | `storage-full` |
 *   `unsupported` (no listener, or a required transport is missing)
 */
export async function startRelay(
  config: RelayConfig,
  { version, logger }: { readonly version: string; readonly logger: RelayLogger }
): Promise<RelayService> {
  const ends: (() => unknown)[] = []
  const endAll = async (): Promise<void> => {
    for (const end of ends.splice(0).reverse()) {
      try {
        await end()
      } catch (error) {
        logger.error('stop-failed', error)
      }
    }
  }
  try {
    return await compose(config, version, logger, ends, endAll)
  } catch (error) {
    await endAll()
    throw error
  }
}

async function compose(
  config: RelayConfig,
  version: string,
  logger: RelayLogger,
  ends: (() => unknown)[],
  endAll: () => Promise<void>
): Promise<RelayService> {
  const { seed, created } = await readOrCreateKeyFile(config.keyFile ?? join(config.dataDir, 'identity.key'))
  const identity = identityFromSeed(seed)
  await prepareDataDir(config.dataDir)
  const exit = config.roles.includes('exit') ? await createConfiguredExit(config) : undefined
  if (exit !== undefined) ends.push(() => exit.backend.stop())
  const listening = await prepareListening(config, {
    onEngineCrash: error => logger.error('webtransport-engine-ended', error)
  })
  const node = await createP2pNode(nodeOptions(config, seed, listening))
  ends.push(() => node.stop())

  const directory = new Directory()
  const participant = participateInDirectory({
    node,
    directory,
    bootstrap: config.bootstrap,
    onFailure: error => logger.debug('directory-exchange-failed', { code: error.code, message: error.message })
  })
  ends.push(() => participant.stop())
  const holders = serveHolders(node)
  ends.push(() => holders.stop())
  const storage = config.roles.includes('storage')
    ? await startStorage(config, { node, identity, directory, table: holders.table, logger })
    : undefined
  ends.push(() => storage?.stop())
  const backend = storage === undefined ? exit?.backend : withStorageExit(storage, exit?.backend)
  const relay = startNetRelay({
    node,
    identity,
    directory,
    description: describe(config, exit),
    publishDescriptor: bytes => participant.publish(bytes),
    ...(backend === undefined ? {} : { exit: backend }),
    limits: { maxCircuits: config.limits.circuits, maxStreamsPerCircuit: config.limits.streamsPerCircuit }
  })
  ends.push(() => relay.stop())

  const directoryNodes = (): number => directory.view(systemClock.now()).nodes.length
  const metrics = createRelayMetrics(
    () =>
      relaySnapshot({
        relay: relay.stats(),
        exit: exit?.backend.stats(),
        webTransport: listening.webTransportStats(),
        peers: node.peers().length,
        directoryNodes: directoryNodes(),
        holderRecords: holders.table.size,
        storage: storage && { stats: storage.stats, usage: storage.usage() }
      }),
    { version }
  )
  let status: StatusServer | undefined
  if (config.metrics.enabled) {
    const notReady = (): string | undefined => whyNotReady(node, relay.stats().draining, directoryNodes())
    status = await startStatusServer({ notReady, metrics: metrics.text }, config.metrics)
    ends.push(() => status?.stop())
  }

  const addresses = node.addresses()
  const { got, missing } = listening.result(addresses)
  await writeAddresses(config.dataDir, addresses)
  for (const { name, why } of missing) logger.warn('transport-missing', { name, why })
  logger.info('started', {
    version,
    roles: config.roles,
    transports: got,
    newIdentity: created,
    blockedNames: exit?.blockedNames ?? 0,
    ...(status === undefined ? {} : { metricsPort: status.port })
  })
  return {
    peerId: node.peerId,
    listening: got,
    statusPort: status?.port,
    addresses: () => node.addresses(),
    directoryNodes,
    streamCount: () => relay.stats().streams,
    async drain(timeoutMs) {
      const idle = relay.stats().circuits === 0
      const startedMs = systemClock.monotonic()
      await relay.drain({ timeoutMs })
      return idle || systemClock.monotonic() - startedMs < timeoutMs
    },
    stop: endAll
  }
}

function nodeOptions(config: RelayConfig, seed: Uint8Array, listening: Listening): Parameters<typeof createP2pNode>[0] {
  const { reservations, peers } = config.limits
  return {
    seed,
    bootstrap: config.bootstrap,
    listen: listening.addresses,
    announce: config.announce,
    relayServer: reservations > 0 ? { maxReservations: reservations } : false,
    allowPrivateAddresses: config.allowPrivateAddresses,
    extraTransports: listening.transports,
    dht: 'server',
    limits: { maxConnections: peers }
  }
}

function describe({ roles, descriptor }: RelayConfig, exit: ConfiguredExit | undefined): RelayDescription {
  const storage = roles.includes('storage')
  const family = [...new Set(descriptor.family)].map(publicKeyFromPeerId)
  return {
    roles: {
      relay: roles.includes('relay'),
      // a store is something that circuits end in, behind a port of its own
      exit: exit !== undefined || storage,
      directory: true,
      storage
    },
    country: descriptor.country,
    region: descriptor.region,
    family: family.sort((a, b) => Buffer.compare(a, b)),
    bandwidthKiBps: descriptor.bandwidthKiBps,
    priceLamportsPerGiB: BigInt(descriptor.priceLamportsPerGiB),
    exitPorts: storage ? withStoragePort(exit?.policy.ports ?? []) : (exit?.policy.ports ?? [])
  }
}

function whyNotReady(node: P2pNode, draining: boolean, directoryNodes: number): string | undefined {
  if (draining) return 'draining'
  if (node.state.status === 'connecting') return 'connecting to the bootstrap nodes'
  if (node.state.status === 'stopped') return 'stopped'
  // A node that lost its bootstrap nodes still serves; one that knows nobody's descriptor, its own included, does not.
  return directoryNodes === 0 ? 'no descriptor known' : undefined
}

async function prepareDataDir(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 })
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? 'unknown error'
    throw new CraftecError('storage-unavailable', `dataDir ${path} cannot be used (${why})`, { cause })
  }
}

/** For the operator, who needs them for bootstrap lists; kept out of the log on purpose. */
async function writeAddresses(dataDir: string, addresses: readonly string[]): Promise<void> {
  await writeFile(join(dataDir, 'addresses'), `${addresses.join('\n')}\n`, { mode: 0o600 })
}
