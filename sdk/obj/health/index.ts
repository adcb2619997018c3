export { type ContentKnowledge, contentValue } from './content-value.ts'
export {
  countReads,
  type Demand,
  demandLevel,
  MAX_DEMAND_LEVEL,
  NO_DEMAND,
  readsPerHour,
  scaledTarget
} from './demand.ts'
export { type AuditCandidate, MAX_AUDITS, type PlannedAudit, planAudits, samplesFor } from './plan-audits.ts'
export { MAX_REPAIRS, planRepair, type RepairTask, type RepairView } from './plan-repair.ts'
export { MAX_RETIRED, planRetirement, QUIET_MS, type RetirementView } from './plan-retirement.ts'
export { planSegment, type SegmentPlan, type SegmentView } from './plan-segment.ts'
export { EPOCH_MS, epochOf, isScanner, scannerRanking, TAKEOVER_MS } from './scanner-election.ts'
export {
  AUDIT_VALID_MS,
  type AuditedHolder,
  assessSegment,
  countedHolders,
  rankOf,
  type SegmentHealth,
  type SegmentState
} from './segment-health.ts'
