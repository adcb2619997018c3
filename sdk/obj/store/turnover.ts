import { ByteReader, ByteWriter } from '../../codec/index.ts'

const DAY_MS = 86_400_000

/**
 * Bytes of content that had to give way to pushes of other peers, forgotten at the pace at which more may go: a bucket that leaks. It
 * is kept in the store, so that no restart fills it anew.
 */
export interface Turnover {
  readonly bytes: number
  /** Milliseconds since the Unix epoch. */
  readonly atMs: number
}

export const NO_TURNOVER: Turnover = { bytes: 0, atMs: 0 }

/** @returns what may go now, at most what may go in a day */
export function turnoverLeft(turnover: Turnover, bytesPerDay: number, now: number): number {
  return bytesPerDay === Number.POSITIVE_INFINITY ? bytesPerDay : bytesPerDay - remaining(turnover, bytesPerDay, now)
}

export function countTurnover(turnover: Turnover, bytesPerDay: number, now: number, bytes: number): Turnover {
  return { bytes: Math.ceil(remaining(turnover, bytesPerDay, now) + bytes), atMs: now }
}

export function encodeTurnover({ bytes, atMs }: Turnover): Uint8Array {
  return new ByteWriter(16)
    .u64(BigInt(bytes))
    .u64(BigInt(Math.max(0, Math.floor(atMs))))
    .finish()
}

/** @throws CraftecError `malformed` */
export function decodeTurnover(row: Uint8Array): Turnover {
  const reader = new ByteReader(row, 'turnover row')
  const turnover = { bytes: Number(reader.u64()), atMs: Number(reader.u64()) }
  reader.end()
  return turnover
}

function remaining({ bytes, atMs }: Turnover, bytesPerDay: number, now: number): number {
  if (bytesPerDay === Number.POSITIVE_INFINITY) return 0
  // A clock that was set back counts as one that went on: else nothing would leak until it is there again.
  return Math.max(0, bytes - (Math.abs(now - atMs) * bytesPerDay) / DAY_MS)
}
