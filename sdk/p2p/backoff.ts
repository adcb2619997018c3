/** First wait after a lost or failed connection. */
const FIRST_MS = 500
/** A relay that is down for long is still asked this often. */
const MAX_MS = 30_000

/**
 * How long to wait before attempt number `failures` + 1: doubling, of which half is random, so that the clients of a
 * restarted relay do not come back all at once.
 * @param uniform 0 <= uniform < 1
 */
export function backoffMs(failures: number, uniform: number): number {
  const ceiling = Math.min(MAX_MS, FIRST_MS * 2 ** Math.min(failures, 16))
  return ceiling * (0.5 + uniform / 2)
}
