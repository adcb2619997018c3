import { ByteReader, ByteWriter, decodeHex, encodeHex } from '../../codec/index.ts'

const VERSION = 1
/** What was written last, and is checked at open when the store was not closed: a disk may lie about a flush. */
const MAX_RECENT = 32
const MAX_RECENT_BYTES = 32 * 1024 * 1024

/** A put: the last `count` pieces of a segment's row at that time. */
export interface RecentPut {
  /** Manifest id in hex. */
  readonly manifest: string
  readonly segment: number
  readonly count: number
  readonly bytes: number
}

/** Sums over the whole store, so that opening it does not have to add them up, and what was written last. */
export interface Ledger {
  readonly bytes: number
  readonly peersBytes: number
  readonly contents: number
  readonly pieces: number
  /** The home of the next content. */
  readonly nextHome: number
  readonly recent: readonly RecentPut[]
}

export const EMPTY_LEDGER: Ledger = { bytes: 0, peersBytes: 0, contents: 0, pieces: 0, nextHome: 0, recent: [] }

/** Sums after a change; `put` goes to the front of what was written last. */
export function changeLedger(
  ledger: Ledger,
  change: { bytes?: number; peersBytes?: number; contents?: number; pieces?: number; homes?: number; put?: RecentPut }
): Ledger {
  return {
    bytes: ledger.bytes + (change.bytes ?? 0),
    peersBytes: ledger.peersBytes + (change.peersBytes ?? 0),
    contents: ledger.contents + (change.contents ?? 0),
    pieces: ledger.pieces + (change.pieces ?? 0),
    nextHome: ledger.nextHome + (change.homes ?? 0),
    recent: change.put === undefined ? ledger.recent : latest([change.put, ...ledger.recent])
  }
}

/** At least one, however large. */
function latest(puts: readonly RecentPut[]): RecentPut[] {
  let bytes = 0
  return puts.filter((put, index) => {
    bytes += put.bytes
    return index === 0 || (index < MAX_RECENT && bytes <= MAX_RECENT_BYTES)
  })
}

export function encodeLedger(ledger: Ledger): Uint8Array {
  const writer = new ByteWriter(64 + ledger.recent.length * 44)
    .u8(VERSION)
    .u64(BigInt(ledger.bytes))
    .u64(BigInt(ledger.peersBytes))
    .u32(ledger.contents)
    .u64(BigInt(ledger.pieces))
    .u64(BigInt(ledger.nextHome))
    .u8(ledger.recent.length)
  for (const { manifest, segment, count, bytes } of ledger.recent)
    writer.bytes(decodeHex(manifest)).u32(segment).u16(count).u32(bytes)
  return writer.finish()
}

/** @throws CraftecError `malformed` */
export function decodeLedger(row: Uint8Array): Ledger {
  const reader = new ByteReader(row, 'ledger row')
  const version = reader.u8()
  if (version !== VERSION) throw reader.malformed(`version ${version}`)
  const sums = {
    bytes: Number(reader.u64()),
    peersBytes: Number(reader.u64()),
    contents: reader.u32(),
    pieces: Number(reader.u64()),
    nextHome: Number(reader.u64())
  }
  const recent = Array.from({ length: reader.u8() }, () => ({
    manifest: encodeHex(reader.bytes(32)),
    segment: reader.u32(),
    count: reader.u16(),
    bytes: reader.u32()
  }))
  reader.end()
  return { ...sums, recent }
}
