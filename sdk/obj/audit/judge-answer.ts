import { ByteWriter } from '../../codec/index.ts'
import { sha256 } from '../../crypto/index.ts'
import { CraftecError } from '../../errors/index.ts'
import { equalBytes, LEAF_BYTES, leafCount, leafHash, rootFromPath } from '../hashing/index.ts'
import { type VerifiedPiece, verifyHeader } from '../integrity/index.ts'
import type { SignedManifest } from '../manifest/index.ts'
import { type Answer, decodeAnswer } from './answer.ts'
import { AUDIT_DEADLINE_MS, type AuditTarget, type Challenge, encodeChallenge, sampledLeaves } from './challenge.ts'

export type AuditFailure =
  /** The answer came after the deadline. */
  | 'late'
  /** It does not decode. */
  | 'malformed'
  /** The manifest does not commit to the piece, nor has anyone signed it. */
  | 'unproven'
  /** It is of a piece that was not asked for. */
  | 'other-piece'
  /** A leaf is not of the piece, or not the one that was asked for. */
  | 'wrong-leaves'

export type AuditVerdict =
  | {
      readonly outcome: 'passed'
      readonly piece: VerifiedPiece
      readonly answer: Answer
      /** What a storage receipt binds: SHA-256 of challenge and answer. */
      readonly proofHash: Uint8Array
    }
  | { readonly outcome: 'failed'; readonly why: AuditFailure }

/**
 * Judge what a holder answered. Never throws for anything that a peer can send.
 * @param elapsedMs from the sending of the challenge to the last byte of the answer
 */
export function judgeAnswer(
  manifest: SignedManifest,
  challenge: Challenge,
  bytes: Uint8Array,
  elapsedMs: number,
  deadlineMs: number = AUDIT_DEADLINE_MS
): AuditVerdict {
  if (elapsedMs > deadlineMs) return failed('late')
  const answer = orUndefined(() => decodeAnswer(bytes, challenge.samples))
  if (answer === undefined) return failed('malformed')
  const piece = orUndefined(() => verifyHeader(manifest, challenge.segment, answer.header))
  if (piece === undefined) return failed('unproven')
  if (!isTarget(challenge.target, piece)) return failed('other-piece')
  const { pieceBytes } = manifest
  const count = leafCount(pieceBytes)
  for (const [sample, index] of sampledLeaves(challenge, pieceBytes).entries()) {
    const leaf = answer.leaves[sample]
    if (leaf?.bytes.length !== Math.min(LEAF_BYTES, pieceBytes - index * LEAF_BYTES)) return failed('wrong-leaves')
    const root = rootFromPath(leafHash(leaf.bytes), index, count, leaf.path)
    if (root === undefined || !equalBytes(root, answer.header.root)) return failed('wrong-leaves')
  }
  const proofHash = sha256(new ByteWriter(bytes.length + 128).bytes(encodeChallenge(challenge)).bytes(bytes).finish())
  return { outcome: 'passed', piece, answer, proofHash }
}

function isTarget(target: AuditTarget, piece: VerifiedPiece): boolean {
  switch (target.kind) {
    case 'piece':
      return equalBytes(piece.id, target.id)
    case 'committed':
      return piece.index === target.index
    case 'recoded':
      return piece.recoder !== undefined
  }
}

function failed(why: AuditFailure): AuditVerdict {
  return { outcome: 'failed', why }
}

function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof CraftecError && (error.code === 'malformed' || error.code === 'invalid-signature'))
      return undefined
    throw error
  }
}
