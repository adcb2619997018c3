import type { RandomBytes } from '../../async/index.ts'
import type { Descriptor } from '../directory/index.ts'

/** Nobody counts for more than this many times the median: bandwidth is claimed, not measured as it is in Tor. */
const MAX_TIMES_MEDIAN = 10
const RANDOM_BYTES = 6

/**
 * All of `items` in random order, drawn one after the other without replacement, each draw in proportion to the weights left.
 * Exponential races do that in one pass: the smallest of −ln(u)/w wins with probability w/Σw (Efraimidis and Spirakis 2006).
 */
export function weightedOrder<T>(items: readonly T[], weight: (item: T) => number, random: RandomBytes): T[] {
  const bytes = random(RANDOM_BYTES * items.length)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return items
    .map((item, index) => {
      const at = RANDOM_BYTES * index
      // Half a step up, so that it is never 0.
      const uniform = (view.getUint16(at) * 2 ** 32 + view.getUint32(at + 2) + 0.5) / 2 ** 48
      return { item, time: -Math.log(uniform) / weight(item) }
    })
    .sort((a, b) => a.time - b.time)
    .map(({ item }) => item)
}

/** @returns the weight of a node among `nodes`: its claimed bandwidth within bounds, at least 1 */
export function bandwidthWeight(nodes: readonly Descriptor[]): (node: Descriptor) => number {
  const sorted = nodes.map(node => node.bandwidthKiBps).sort((a, b) => a - b)
  const most = Math.max(1, MAX_TIMES_MEDIAN * (sorted[sorted.length >> 1] ?? 0))
  return node => Math.min(most, Math.max(1, node.bandwidthKiBps))
}
