/** A question that only whoever holds a piece can answer in time: docs/protocol/craftobj.md §5. */
import { ByteReader, ByteWriter } from '../../codec/index.ts'
import { sha256 } from '../../crypto/index.ts'
import { CraftecError } from '../../errors/index.ts'
import { HASH_BYTES, leafCount } from '../hashing/index.ts'

export const MAX_SAMPLES = 32
/** From the challenge to the whole answer. Long enough for a slow link, too short to fetch the piece from elsewhere unnoticed. */
export const AUDIT_DEADLINE_MS = 10_000

/** On the wire a kind is its place here. */
const TARGET_KINDS = ['piece', 'committed', 'recoded'] as const
const LABEL = /* @__PURE__ */ new TextEncoder().encode('craftec-obj-audit-1')

/** A piece that the holder said it has, by what the challenger knows of it. */
export type AuditTarget =
  | { readonly kind: 'piece'; readonly id: Uint8Array }
  /** Its place among the committed pieces. */
  | { readonly kind: 'committed'; readonly index: number }
  /** The holder's recoded pieces have numbers, in an order that is its own; different numbers must be different pieces. */
  | { readonly kind: 'recoded'; readonly number: number }

export interface Challenge {
  readonly manifestId: Uint8Array
  readonly segment: number
  readonly target: AuditTarget
  /** 32 bytes from a CSPRNG, fresh for each audit round. */
  readonly nonce: Uint8Array
  /** Leaves to show, 1..32. */
  readonly samples: number
}

/** @throws CraftecError `invalid-argument` */
export function encodeChallenge({ manifestId, segment, target, nonce, samples }: Challenge): Uint8Array {
  const ids = target.kind === 'piece' ? [manifestId, nonce, target.id] : [manifestId, nonce]
  if (ids.some(bytes => bytes.length !== HASH_BYTES))
    throw new CraftecError('invalid-argument', 'a challenge has ids and a nonce of 32 bytes')
  if (!Number.isInteger(samples) || samples < 1 || samples > MAX_SAMPLES)
    throw new CraftecError('invalid-argument', `a challenge asks for 1..${MAX_SAMPLES} leaves, got ${samples}`)
  const writer = new ByteWriter(102).bytes(manifestId).u32le(segment).u8(TARGET_KINDS.indexOf(target.kind))
  if (target.kind === 'piece') writer.bytes(target.id)
  else writer.u16le(target.kind === 'committed' ? target.index : target.number)
  return writer.bytes(nonce).u8(samples).finish()
}

/** Copies what it keeps. @throws CraftecError `malformed` */
export function decodeChallenge(input: Uint8Array): Challenge {
  const reader = new ByteReader(input.slice(), 'challenge')
  const challenge = {
    manifestId: reader.bytes(HASH_BYTES),
    segment: reader.u32le(),
    target: readTarget(reader),
    nonce: reader.bytes(HASH_BYTES),
    samples: reader.u8()
  }
  reader.end()
  if (challenge.samples < 1 || challenge.samples > MAX_SAMPLES) throw reader.malformed(`${challenge.samples} samples`)
  return challenge
}

function readTarget(reader: ByteReader): AuditTarget {
  const kind = TARGET_KINDS[reader.u8()]
  if (kind === 'piece') return { kind, id: reader.bytes(HASH_BYTES) }
  if (kind === 'committed') return { kind, index: reader.u16le() }
  if (kind === 'recoded') return { kind, number: reader.u16le() }
  throw reader.malformed('an unknown kind of target')
}

/**
 * Which leaves are asked for. They follow from the nonce, so nobody knows them before; they do not follow from the piece, so that pieces
 * of one segment, asked with one nonce, show the same leaves and can be checked against each other (see `crossCheck`).
 * @returns `samples` indices, not necessarily distinct
 */
export function sampledLeaves(challenge: Omit<Challenge, 'target'>, pieceBytes: number): number[] {
  const { manifestId, segment, nonce, samples } = challenge
  const leaves = BigInt(leafCount(pieceBytes))
  return Array.from({ length: samples }, (_, sample) => {
    const digest = sha256(
      new ByteWriter().bytes(LABEL).bytes(nonce).bytes(manifestId).u32le(segment).u8(sample).finish()
    )
    return Number(new ByteReader(digest, 'digest').u64le() % leaves)
  })
}
