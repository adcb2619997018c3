import type { ErrorCode } from '../../errors/index.ts'
import type { P2pState } from '../../p2p/index.ts'

/** What the client is up to. `why` is a code of the error list: what a request would most likely fail with, or suffer from. */
export type NetState =
  | { readonly status: 'connecting'; readonly doing: 'links' | 'directory' | 'circuit' }
  | { readonly status: 'ready' }
  | { readonly status: 'degraded'; readonly why: ErrorCode }
  | { readonly status: 'stopped' }

export interface NetFacts {
  readonly stopped: boolean
  readonly node: P2pState
  readonly directoryUsable: boolean
  readonly directoryError: ErrorCode | undefined
  /** How the last attempt at a circuit ended; `undefined` before the first. */
  readonly lastCircuit: 'built' | ErrorCode | undefined
  readonly storeLost: boolean
}

/** The state is a function of facts, so that no order of events can leave it wrong. */
export function netState(facts: NetFacts): NetState {
  if (facts.stopped || facts.node.status === 'stopped') return { status: 'stopped' }
  const { lastCircuit, directoryError } = facts
  if (!facts.directoryUsable) {
    if (directoryError) return { status: 'degraded', why: directoryError }
    return { status: 'connecting', doing: facts.node.status === 'ready' ? 'directory' : 'links' }
  }
  if (lastCircuit === undefined) return { status: 'connecting', doing: 'circuit' }
  if (lastCircuit !== 'built') return { status: 'degraded', why: lastCircuit }
  if (facts.node.status === 'degraded' && facts.node.why === 'bootstrap-unreachable')
    return { status: 'degraded', why: 'bootstrap-unreachable' }
  return facts.storeLost ? { status: 'degraded', why: 'storage-unavailable' } : { status: 'ready' }
}
