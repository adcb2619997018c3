import { encodeHex } from '../../codec/index.ts'
import { byValue, type Displacement, type Promised, planDisplacement } from './displacement.ts'
import type { ContentInfo } from './piece-store.ts'
import type { StorePolicy } from './store-policy.ts'
import { type Turnover, turnoverLeft } from './turnover.ts'

export interface MemoryPush {
  /** All there are. */
  readonly contents: readonly ContentInfo[]
  /** The one that would grow. */
  readonly content: ContentInfo
  readonly from: string
  readonly addedBytes: number
  readonly promised: readonly Promised[]
  readonly turnover: Turnover
}

/** Ask the rule with all sums taken anew: what indexed stores keep counts of is here added up each time. */
export function planMemoryPush(policy: StorePolicy, push: MemoryPush): Displacement {
  const { contents, content, from, addedBytes, promised, turnover } = push
  const { value, clock, quotaBytes, turnoverBytesPerDay } = policy
  const now = clock.now()
  const kept = contents.map(info => ({
    ...info,
    manifest: encodeHex(info.manifestId),
    bytes: info.storedBytes,
    value: value(info, now)
  }))
  return planDisplacement(
    {
      manifest: encodeHex(content.manifestId),
      peer: from,
      owner: content.origin === 'own' ? undefined : (content.peer ?? ''),
      addedBytes,
      value: value({ ...content, usedAt: now }, now)
    },
    {
      ...sumsOf(contents),
      now,
      quotaBytes,
      bytesOf: peer => sumsOf(contents.filter(info => info.peer === peer)).peersBytes,
      turnoverBytes: turnoverLeft(turnover, turnoverBytesPerDay, now),
      promised
    },
    policy,
    kept.sort(byValue)
  )
}

export function sumsOf(contents: readonly ContentInfo[]): { bytes: number; peersBytes: number } {
  let [bytes, peersBytes] = [0, 0]
  for (const { storedBytes, origin } of contents) {
    bytes += storedBytes
    if (origin === 'peer') peersBytes += storedBytes
  }
  return { bytes, peersBytes }
}
