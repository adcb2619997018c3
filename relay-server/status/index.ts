export { createRelayMetrics, type RelayMetrics, type RelaySnapshot } from './relay-metrics.ts'
export { type StatusServer, type StatusSource, startStatusServer } from './status-server.ts'
