import { type ContentInfo, type ContentValue, valueByUse } from '../store/index.ts'
import type { SegmentState } from './segment-health.ts'

/** What this node knows of a content beyond its own disk. */
export interface ContentKnowledge {
  /** The worst state of its segments, by this node's own audits. */
  readonly state?: SegmentState
  readonly readsPerHour?: number
}

/** What only few others have is worth more room than what anyone can get elsewhere. */
const WORTH: Readonly<Record<SegmentState, number>> = { lost: 16, critical: 16, degraded: 4, healthy: 1 }

/**
 * What eviction goes by in a node that audits: use and age as the store knows them, weighed with how many read it and how much it would
 * be missed. The lowest goes first; pinned content is no matter of value.
 */
export function contentValue(know: (content: ContentInfo) => ContentKnowledge): ContentValue {
  return (content, nowMs) => {
    const { state = 'degraded', readsPerHour = 0 } = know(content)
    return valueByUse(content, nowMs) * WORTH[state] * (1 + Math.max(0, readsPerHour))
  }
}
