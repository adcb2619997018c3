export { HealthKeeper, type HealthKeeperOptions, type RoundReport } from './health-keeper.ts'
export type { KeeperContext, KeeperEvents } from './keeper-context.ts'
