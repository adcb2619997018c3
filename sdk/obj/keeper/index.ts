export { AuditLog } from './audit-log.ts'
export { type AskedHolder, auditSegment } from './audit-segment.ts'
export { HealthKeeper, type HealthKeeperOptions, type KeeperStats, type RoundReport } from './health-keeper.ts'
export type { KeeperContext, KeeperEvents } from './keeper-context.ts'
