import type { P2pState } from './p2p-node.ts'

/** The node's state and who wants to hear of it. After `stopped` nothing changes any more. */
export class StateHolder {
  private current: P2pState = { status: 'connecting' }
  private readonly listeners = new Set<(state: P2pState) => void>()

  get(): P2pState {
    return this.current
  }

  set(state: P2pState): void {
    if (this.current.status === 'stopped' || sameState(this.current, state)) return
    this.current = state
    for (const listener of [...this.listeners]) listener(state)
  }

  listen(listener: (state: P2pState) => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }
}

function sameState(a: P2pState, b: P2pState): boolean {
  return a.status === b.status && (a.status === 'degraded' ? a.why : '') === (b.status === 'degraded' ? b.why : '')
}
