/**
 * Why a circuit or a stream ended, as one byte on the wire: docs/protocol/craftnet.md §3 and §5. Coarse on purpose:
 * a reason travels the whole circuit, and detail would tell one end about the other's neighbours.
 */
import { CraftecError, type ErrorCode } from '../../errors/index.ts'

export const DESTROY = { none: 0, protocol: 1, noRoute: 2, limit: 3, shuttingDown: 4, idle: 5, linkLost: 6 } as const
export type DestroyReason = (typeof DESTROY)[keyof typeof DESTROY]

export const RESET = {
  none: 0,
  policy: 1,
  name: 2,
  connect: 3,
  timeout: 4,
  limit: 5,
  protocol: 6,
  shuttingDown: 7
} as const
export type ResetReason = (typeof RESET)[keyof typeof RESET]

const DESTROY_TEXT: Record<DestroyReason, string> = {
  0: 'a node ended it without a reason',
  1: 'a node reported a breach of the protocol',
  2: 'a node could not reach the next one',
  3: 'a node is at its limit',
  4: 'a node is shutting down',
  5: 'it was idle for too long',
  6: 'the link between two nodes was lost'
}

const RESET_MEANING: Record<ResetReason, { readonly code: ErrorCode; readonly text: string }> = {
  0: { code: 'stream-reset', text: 'the far end reset the stream' },
  1: { code: 'exit-refused', text: "the exit's policy forbids this target; choose another exit" },
  2: { code: 'name-not-resolved', text: 'the exit could not resolve the host name' },
  3: { code: 'connect-failed', text: 'the exit could not connect to the target' },
  4: { code: 'timeout', text: 'the exit got no answer from the target in time' },
  5: { code: 'limit-exceeded', text: 'the exit has no room for another stream; try again later or over another path' },
  6: { code: 'protocol-violation', text: 'the exit reported a breach of the protocol' },
  7: { code: 'stream-reset', text: 'the exit is shutting down; try over another path' }
}

/** A reason this version does not know is no reason to distrust the circuit's end: it counts as "none". */
export function destroyReason(byte: number): DestroyReason {
  return byte in DESTROY_TEXT ? (byte as DestroyReason) : DESTROY.none
}

export function resetReason(byte: number): ResetReason {
  return byte in RESET_MEANING ? (byte as ResetReason) : RESET.none
}

export function circuitError(code: 'circuit-failed' | 'circuit-destroyed', reason: DestroyReason): CraftecError {
  const what = code === 'circuit-failed' ? 'the circuit could not be built' : 'the circuit ended'
  return new CraftecError(code, `${what}: ${DESTROY_TEXT[reason]}; try over another path`, { details: { reason } })
}

export function resetError(reason: ResetReason): CraftecError {
  const { code, text } = RESET_MEANING[reason]
  return new CraftecError(code, text, { details: { reason } })
}

/** The byte that tells the client what an exit's failure was; anything unforeseen stays "connect". */
export function resetReasonFor(error: unknown): ResetReason {
  switch (error instanceof CraftecError ? error.code : 'internal') {
    case 'exit-refused':
      return RESET.policy
    case 'name-not-resolved':
      return RESET.name
    case 'timeout':
      return RESET.timeout
    case 'limit-exceeded':
      return RESET.limit
    case 'stopped':
      return RESET.shuttingDown
    default:
      return RESET.connect
  }
}
