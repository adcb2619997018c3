import type { RelayStats } from '../../sdk/net/index.ts'
import type { KeeperStats, StoreUsage, TransferStats } from '../../sdk/obj/index.ts'
import type { TcpExitStats } from '../egress/index.ts'
import type { RelaySnapshot } from '../status/index.ts'
import type { WebTransportServerStats } from '../webtransport/index.ts'

export interface SnapshotSources {
  readonly relay: RelayStats
  readonly exit: TcpExitStats | undefined
  /** One for each listener. */
  readonly webTransport: readonly WebTransportServerStats[]
  readonly peers: number
  readonly directoryNodes: number
  readonly holderRecords: number
  /** Of a storage node. */
  readonly storage: { readonly stats: TransferStats & KeeperStats; readonly usage: StoreUsage } | undefined
}

/** The counters of a node, named and sorted as the metrics show them. */
export function relaySnapshot(sources: SnapshotSources): RelaySnapshot {
  const { relay, exit, webTransport, peers, directoryNodes, holderRecords, storage } = sources
  const { links, circuits, streams, queuedBytes, draining, ...counters } = relay
  const { circuitsForwarded, circuitsExited, cellsForward, cellsBackward, ...others } = counters
  const entries = Object.entries(others)
  const isRefusal = ([name]: readonly [string, number]): boolean => name.startsWith('refused')
  return {
    circuitsOpen: circuits,
    streamsOpen: streams,
    queuedBytes,
    peers,
    onionLinks: links,
    draining,
    directoryNodes,
    holderRecords,
    storedBytes: storage?.usage.bytes ?? 0,
    storedPieces: storage?.usage.pieces ?? 0,
    storedContents: storage?.usage.contents ?? 0,
    storageQuotaBytes: storage?.usage.quota ?? 0,
    exitConnections: exit?.open ?? 0,
    circuits: { forward: circuitsForwarded, exit: circuitsExited },
    circuitRefusals: named(entries.filter(isRefusal).map(([name, count]) => [name.slice('refused'.length), count])),
    exitRefusals: exit?.refused ?? {},
    cells: { forward: cellsForward, backward: cellsBackward },
    bytes: { to_target: exit?.bytesToTargets ?? 0, from_target: exit?.bytesFromTargets ?? 0 },
    events: {
      ...named(entries.filter(entry => !isRefusal(entry))),
      exit_connections: exit?.connected ?? 0,
      ...webTransportEvents(webTransport),
      ...(storage ? storageEvents(storage.stats) : {})
    }
  }
}

function webTransportEvents(listeners: readonly WebTransportServerStats[]): Record<string, number> {
  const total = (read: (stats: WebTransportServerStats) => number): number =>
    listeners.reduce((sum, stats) => sum + read(stats), 0)
  return {
    webtransport_accepted: total(stats => stats.accepted),
    webtransport_refused: total(stats => stats.refused),
    webtransport_violations: total(stats => stats.violations)
  }
}

function storageEvents(stats: TransferStats & KeeperStats): Record<string, number> {
  return Object.fromEntries(Object.entries(named(Object.entries(stats))).map(([name, n]) => [`storage_${name}`, n]))
}

/** `replayCacheFull` becomes `replay_cache_full`, as Prometheus names go. */
function named(entries: readonly (readonly [string, number])[]): Record<string, number> {
  const snake = (name: string): string =>
    name.replace(/[A-Z]/g, capital => `_${capital.toLowerCase()}`).replace(/^_/, '')
  return Object.fromEntries(entries.map(([name, count]) => [snake(name), count]))
}
