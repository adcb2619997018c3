/**
 * "I hold pieces of this content, and am reached there": a holder's signed word, docs/protocol/craftobj.md. It binds the content id to
 * a manifest id in the holder's opinion only; whoever reads it verifies the manifest, and every piece.
 */
import { ByteReader, ByteWriter } from '../../codec/index.ts'
import { cryptoEngine, KEY_BYTES, SIGNATURE_BYTES } from '../../crypto/index.ts'
import { CraftecError } from '../../errors/index.ts'
import type { Identity } from '../../identity/index.ts'

export interface HolderRecord {
  /** Ed25519 public key, 32 bytes; it signs the record, and proves itself when it is connected to. */
  readonly holder: Uint8Array
  readonly contentId: Uint8Array
  readonly manifestId: Uint8Array
  /** Stays when a browser is closed. Claimed; only audits make it count. */
  readonly durable: boolean
  /** Pieces held of all segments. */
  readonly pieces: number
  /** Seconds since the Unix epoch. A later one replaces an earlier one. */
  readonly issuedAt: number
  readonly expiresAt: number
  /** Multiaddrs, at most 8. */
  readonly addresses: readonly string[]
}

/** `future` and `expired`: by the clock of whoever reads it. `invalid`: it does not decode, or nobody signed it. */
export type RecordRefusal = 'future' | 'expired' | 'invalid'

const LABEL = /* @__PURE__ */ new TextEncoder().encode('craftec-obj-holder-1')
const VERSION = 1
const DURABLE = 1
const ID_BYTES = 32
export const MAX_HOLDER_RECORD_BYTES = 2048
export const MAX_RECORD_ADDRESSES = 8
const MAX_ADDRESS_BYTES = 200
/** A holder that lives says so again. */
export const MAX_RECORD_LIFETIME_S = 24 * 60 * 60
/** Clocks differ: so much before it was issued, and after it has expired, a record is taken all the same. */
const MAX_CLOCK_SKEW_S = 10 * 60
const ADDRESS = /^\/[\x21-\x7e]*$/

/** @throws CraftecError `invalid-argument` when a field breaks its bound */
export async function signHolderRecord(
  fields: Omit<HolderRecord, 'holder'>,
  identity: Pick<Identity, 'publicKey' | 'sign'>
): Promise<Uint8Array> {
  const record: HolderRecord = { ...fields, holder: identity.publicKey }
  const wrong = wrongField(record)
  if (wrong !== undefined) throw new CraftecError('invalid-argument', `holder record: ${wrong}`)
  const body = encodeBody(record)
  return new ByteWriter(body.length + SIGNATURE_BYTES)
    .bytes(body)
    .bytes(await identity.sign(labelled(body)))
    .finish()
}

/**
 * Read a record and verify its signature and its times.
 * @param nowMs milliseconds since the Unix epoch
 * @throws CraftecError `malformed` | `invalid-signature`; `details.refused` is the {@link RecordRefusal}
 */
export function openHolderRecord(bytes: Uint8Array, nowMs: number): HolderRecord {
  const record = decodeHolderRecord(bytes)
  const now = nowMs / 1000
  const refused: RecordRefusal | undefined =
    record.issuedAt > now + MAX_CLOCK_SKEW_S
      ? 'future'
      : record.expiresAt <= now - MAX_CLOCK_SKEW_S
        ? 'expired'
        : undefined
  if (refused) throw new CraftecError('malformed', 'holder record: not valid at this time', { details: { refused } })
  const body = bytes.subarray(0, bytes.length - SIGNATURE_BYTES)
  if (!cryptoEngine().ed25519Verify(record.holder, labelled(body), bytes.subarray(body.length)))
    throw new CraftecError('invalid-signature', 'holder record: not signed by its holder')
  return record
}

/**
 * As {@link openHolderRecord}, for records that a stranger told: those that are not valid are passed over.
 * @param onRefused told why
 */
export function tryOpenHolderRecord(
  bytes: Uint8Array,
  nowMs: number,
  onRefused?: (why: RecordRefusal) => void
): HolderRecord | undefined {
  try {
    return openHolderRecord(bytes, nowMs)
  } catch (error) {
    if (!(error instanceof CraftecError)) throw error
    const why = error.details?.refused
    onRefused?.(why === 'future' || why === 'expired' ? why : 'invalid')
    return undefined
  }
}

/** Without its signature. Copies what it keeps. @throws CraftecError `malformed` */
export function decodeHolderRecord(bytes: Uint8Array): HolderRecord {
  const reader = new ByteReader(bytes, 'holder record')
  if (bytes.length > MAX_HOLDER_RECORD_BYTES) throw reader.malformed(`of ${bytes.length} bytes`)
  const version = reader.u8()
  if (version !== VERSION) throw reader.malformed(`version ${version}`)
  const flags = reader.u8()
  if ((flags & ~DURABLE) !== 0) throw reader.malformed(`unknown flags ${flags}`)
  const record: HolderRecord = {
    durable: flags === DURABLE,
    holder: reader.bytes(KEY_BYTES).slice(),
    contentId: reader.bytes(ID_BYTES).slice(),
    manifestId: reader.bytes(ID_BYTES).slice(),
    pieces: reader.u32(),
    issuedAt: reader.u32(),
    expiresAt: reader.u32(),
    addresses: readAddresses(reader)
  }
  reader.bytes(SIGNATURE_BYTES)
  reader.end()
  const wrong = wrongField(record)
  if (wrong !== undefined) throw reader.malformed(wrong)
  return record
}

function readAddresses(reader: ByteReader): string[] {
  const count = reader.u8()
  if (count > MAX_RECORD_ADDRESSES) throw reader.malformed(`${count} addresses`)
  return Array.from({ length: count }, () => reader.string16(MAX_ADDRESS_BYTES))
}

function encodeBody(record: HolderRecord): Uint8Array {
  const writer = new ByteWriter(512)
    .u8(VERSION)
    .u8(record.durable ? DURABLE : 0)
    .bytes(record.holder)
    .bytes(record.contentId)
    .bytes(record.manifestId)
    .u32(record.pieces)
    .u32(record.issuedAt)
    .u32(record.expiresAt)
    .u8(record.addresses.length)
  for (const address of record.addresses) writer.string16(address)
  return writer.finish()
}

function wrongField(record: HolderRecord): string | undefined {
  const { contentId, manifestId, pieces, issuedAt, expiresAt, addresses } = record
  const isU32 = (value: number): boolean => Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff
  if (contentId.length !== ID_BYTES || manifestId.length !== ID_BYTES) return 'an id not of 32 bytes'
  if (!isU32(pieces) || !isU32(issuedAt) || !isU32(expiresAt)) return 'a number out of range'
  if (expiresAt <= issuedAt || expiresAt - issuedAt > MAX_RECORD_LIFETIME_S)
    return `a life of ${expiresAt - issuedAt} s`
  if (addresses.length > MAX_RECORD_ADDRESSES) return `${addresses.length} addresses`
  if (addresses.some(address => address.length > MAX_ADDRESS_BYTES || !ADDRESS.test(address)))
    return 'an address that is no multiaddr'
  return undefined
}

function labelled(body: Uint8Array): Uint8Array {
  return new ByteWriter(LABEL.length + body.length).bytes(LABEL).bytes(body).finish()
}
