import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'

/** Everything the metrics show, read at the moment of a scrape. Numbers only. */
export interface RelaySnapshot {
  readonly circuitsOpen: number
  readonly streamsOpen: number
  readonly queuedBytes: number
  readonly peers: number
  readonly onionLinks: number
  readonly draining: boolean
  readonly directoryNodes: number
  readonly holderRecords: number
  readonly storedBytes: number
  readonly storedPieces: number
  readonly storedContents: number
  readonly storageQuotaBytes: number
  readonly exitConnections: number
  readonly circuits: Readonly<Record<string, number>>
  readonly circuitRefusals: Readonly<Record<string, number>>
  readonly exitRefusals: Readonly<Record<string, number>>
  readonly cells: Readonly<Record<string, number>>
  readonly bytes: Readonly<Record<string, number>>
  /** What has no metric of its own. */
  readonly events: Readonly<Record<string, number>>
}

export interface RelayMetrics {
  /** Prometheus text format. */
  text(): Promise<string>
}

type NumberOf = (snapshot: RelaySnapshot) => number
type SeriesOf = (snapshot: RelaySnapshot) => Readonly<Record<string, number>>

const GAUGES: readonly (readonly [string, string, NumberOf])[] = [
  ['craftec_circuits_open', 'Circuits open now', s => s.circuitsOpen],
  ['craftec_streams_open', 'Streams open now at this exit', s => s.streamsOpen],
  ['craftec_queue_bytes', 'Bytes waiting in all queues', s => s.queuedBytes],
  ['craftec_peers', 'Peers connected now', s => s.peers],
  ['craftec_onion_links', 'Neighbours with an onion link now', s => s.onionLinks],
  ['craftec_draining', '1 while the node is shutting down', s => (s.draining ? 1 : 0)],
  ['craftec_directory_nodes', 'Valid descriptors known', s => s.directoryNodes],
  ['craftec_holder_records', 'Records of holders of content kept for others', s => s.holderRecords],
  ['craftec_storage_bytes', 'Bytes of pieces kept', s => s.storedBytes],
  ['craftec_storage_pieces', 'Pieces kept', s => s.storedPieces],
  ['craftec_storage_contents', 'Contents of which pieces are kept', s => s.storedContents],
  ['craftec_storage_quota_bytes', 'Bytes that may be kept', s => s.storageQuotaBytes],
  ['craftec_exit_connections_open', 'Connections to targets open now', s => s.exitConnections]
]

const COUNTERS: readonly (readonly [string, string, string, SeriesOf])[] = [
  ['craftec_circuits_total', 'Circuits accepted, by what this node is in them', 'role', s => s.circuits],
  ['craftec_circuit_refusals_total', 'Circuits refused, by reason', 'reason', s => s.circuitRefusals],
  [
    'craftec_exit_refusals_total',
    'Connections to targets refused or failed, by error code',
    'reason',
    s => s.exitRefusals
  ],
  ['craftec_cells_total', 'RELAY cells passed on or consumed', 'direction', s => s.cells],
  ['craftec_exit_bytes_total', 'Bytes to and from targets', 'direction', s => s.bytes],
  ['craftec_events_total', 'Other countable events', 'event', s => s.events]
]

/**
 * Metrics of one node in a registry of their own, with prom-client's defaults for the process (memory, CPU, event-loop lag).
 * No metric has a label that names a peer, a circuit or a target.
 */
export function createRelayMetrics(snapshot: () => RelaySnapshot, build: { readonly version: string }): RelayMetrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  new Gauge({ name: 'craftec_build_info', help: 'Always 1', labelNames: ['version'], registers: [registry] }).set(
    build,
    1
  )
  for (const [name, help, readNumber] of GAUGES) {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(readNumber(snapshot()))
      }
    })
  }
  for (const [name, help, label, readSeries] of COUNTERS) {
    new Counter({
      name,
      help,
      labelNames: [label],
      registers: [registry],
      collect() {
        // The node counts; prom-client only prints. reset() and inc() is its way to say "the total is".
        this.reset()
        for (const [key, total] of Object.entries(readSeries(snapshot()))) this.inc({ [label]: key }, total)
      }
    })
  }
  return { text: () => registry.metrics() }
}
