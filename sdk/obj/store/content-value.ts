import type { ContentInfo } from './piece-store.ts'

const DAY_MS = 86_400_000

/**
 * What eviction goes by unless the caller has a better measure: what was used last stays, and what is the device's own stays longer
 * than what it keeps for others. Use and age are all that the store itself knows; demand and health come from above.
 */
export function valueByUse(content: ContentInfo, nowMs: number): number {
  const idleDays = Math.max(0, nowMs - content.usedAt) / DAY_MS
  return (content.origin === 'own' ? 4 : 1) / (1 + idleDays)
}
