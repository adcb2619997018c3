import type { SignedVoucher, SpendingSession } from '@craftec/web/settlement'

export interface Spending {
  /** Over the last interval. */
  readonly vouchersPerSecond: number
  /** Since the spending began. */
  readonly vouchers: number
}

const REPORT_MS = 250

/**
 * Pay voucher by voucher, as fast as the session signs, until told to stop or nothing is left.
 * @param units of each voucher
 * @param onProgress a few times a second
 * @returns the last voucher: it is worth what all of them are
 */
export async function spend(
  session: SpendingSession,
  units: bigint,
  signal: AbortSignal,
  onProgress: (spending: Spending) => void
): Promise<SignedVoucher | undefined> {
  let last: SignedVoucher | undefined
  let [vouchers, reported, reportedAt] = [0, 0, performance.now()]
  while (!signal.aborted && session.left.units >= units) {
    last = await session.pay(units, BigInt(Math.floor(Date.now() / 1000)))
    vouchers++
    const now = performance.now()
    if (now - reportedAt < REPORT_MS) continue
    onProgress({ vouchers, vouchersPerSecond: ((vouchers - reported) / (now - reportedAt)) * 1000 })
    ;[reported, reportedAt] = [vouchers, now]
    // signing never leaves the microtask queue for long enough to paint
    await new Promise(resolve => setTimeout(resolve))
  }
  await session.keep()
  return last
}
