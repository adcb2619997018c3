import { type CodingEngine, createDecoder } from '../coding/index.ts'
import { equalBytes } from '../hashing/index.ts'
import { createPieceTruth } from '../integrity/index.ts'
import type { Answer } from './answer.ts'

export interface CheckedAnswer {
  readonly answer: Answer
  /** Who signed the piece; undefined for a committed one. */
  readonly recoder: Uint8Array | undefined
}

/** `unknown`: the committed pieces that were shown do not span the segment. */
export type CrossCheck = 'consistent' | 'lie' | 'unknown'

/**
 * A signed root proves that the holder has what it signed, not that this is a combination of the segment. Leaves of committed pieces tell:
 * k independent ones give the source leaves, and those say what every recoded piece must show.
 * @param answers passed audits of pieces of one segment, all with one nonce
 * @returns one a given answer
 */
export function crossCheck(engine: CodingEngine, answers: readonly CheckedAnswer[]): CrossCheck[] {
  const [first] = answers
  if (first === undefined) return []
  const k = first.answer.header.coefficients.length
  const shown = answers.map(({ answer }) => joined(answer))
  const shape = { k, pieceBytes: shown[0]?.length ?? 1 }
  const span = createDecoder(engine, shape)
  try {
    for (const [index, { answer, recoder }] of answers.entries()) {
      const data = shown[index]
      if (recoder === undefined && data && !span.complete) span.add({ coefficients: answer.header.coefficients, data })
    }
    if (!span.complete) return answers.map(({ recoder }) => (recoder === undefined ? 'consistent' : 'unknown'))
    const truth = createPieceTruth(engine, shape, span.decode())
    try {
      return answers.map(({ answer }, index) =>
        equalBytes(truth.piece(answer.header.coefficients), shown[index] ?? new Uint8Array(0)) ? 'consistent' : 'lie'
      )
    } finally {
      truth.release()
    }
  } finally {
    span.release()
  }
}

function joined({ leaves }: Answer): Uint8Array {
  const bytes = new Uint8Array(leaves.reduce((sum, leaf) => sum + leaf.bytes.length, 0))
  let at = 0
  for (const leaf of leaves) {
    bytes.set(leaf.bytes, at)
    at += leaf.bytes.length
  }
  return bytes
}
