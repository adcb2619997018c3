import type { PortRange } from '../directory/index.ts'

/** Whether an exit's summary says that it takes connections to `port`. Its policy has the last word. */
export function acceptsPort(ranges: readonly PortRange[], port: number): boolean {
  return ranges.some(({ from, to }) => from <= port && port <= to)
}
