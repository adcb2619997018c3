/** Events of a WebSocket. Classes of our own: not every runtime has CloseEvent, and none has an error event that says why. */
import type { CraftecError } from '../../errors/index.ts'

export class WebSocketCloseEvent extends Event {
  readonly code: number
  readonly reason: string
  /** Both sides have said goodbye. */
  readonly wasClean: boolean

  constructor(facts: { readonly code: number; readonly reason: string; readonly wasClean: boolean }) {
    super('close')
    this.code = facts.code
    this.reason = facts.reason
    this.wasClean = facts.wasClean
  }
}

export class WebSocketErrorEvent extends Event {
  readonly error: CraftecError

  constructor(error: CraftecError) {
    super('error')
    this.error = error
  }
}

export interface NetWebSocketEventMap {
  readonly open: Event
  readonly message: MessageEvent<string | ArrayBuffer | Blob>
  readonly error: WebSocketErrorEvent
  readonly close: WebSocketCloseEvent
}
