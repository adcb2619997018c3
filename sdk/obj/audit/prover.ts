import { CraftecError } from '../../errors/index.ts'
import { equalBytes, type HashEngine } from '../hashing/index.ts'
import { decodeProvenance } from '../piece/index.ts'
import type { PieceRecord, PieceStore } from '../store/index.ts'
import { answerChallenge } from './answer.ts'
import { type AuditTarget, decodeChallenge } from './challenge.ts'

/** Answers challenges out of the store. @returns undefined when the piece is not here, or too many others ask at this moment */
export type Prover = (challenge: Uint8Array) => Promise<Uint8Array | undefined>

/** An answer reads and hashes a whole piece. Those that wait hold a challenge of a hundred bytes each. */
const MAX_WAITING = 64

/** Proofs are made one after another: an audit must not take the disk away from readers. */
export function createProver(store: PieceStore, hashing: HashEngine): Prover {
  let waiting = 0
  let last: Promise<unknown> = Promise.resolve()
  return async bytes => {
    if (waiting >= MAX_WAITING) return undefined
    waiting++
    const proof = last.then(() => prove(store, hashing, bytes))
    last = proof.catch(() => {})
    try {
      return await proof
    } finally {
      waiting--
    }
  }
}

async function prove(store: PieceStore, hashing: HashEngine, bytes: Uint8Array): Promise<Uint8Array | undefined> {
  try {
    const challenge = decodeChallenge(bytes)
    const { manifestId, segment, target } = challenge
    const record = targeted(await store.pieces(manifestId, segment), target)
    const data = record && (await store.readPiece(manifestId, segment, record.id, { countsAsUse: false }))
    return record && data && answerChallenge(hashing, challenge, record, data)
  } catch (error) {
    // A challenge that makes no sense, or a piece that cannot be read: either way there is no proof.
    if (error instanceof CraftecError) return undefined
    throw error
  }
}

function targeted(records: readonly PieceRecord[], target: AuditTarget): PieceRecord | undefined {
  if (target.kind === 'piece') return records.find(({ id }) => equalBytes(id, target.id))
  const known = records.map(record => ({ record, provenance: decodeProvenance(record.provenance) }))
  if (target.kind === 'recoded')
    return known.filter(({ provenance }) => provenance.kind === 'recoded')[target.number]?.record
  return known.find(({ provenance }) => provenance.kind === 'committed' && provenance.index === target.index)?.record
}
