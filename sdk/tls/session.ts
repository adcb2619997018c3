/** After the handshake (RFC 8446 §4.6 and §5.1): (state, content) to (state, effects, data). */
import { tlsError } from './alert.ts'
import type { HandshakeReader } from './handshake-reader.ts'
import { CONTENT_TYPE, HANDSHAKE_TYPE } from './protocol-numbers.ts'
import { decodeKeyUpdate, decodeNewSessionTicket } from './server-messages.ts'

export interface SessionState {
  /** The server has sent application data. */
  readonly dataSeen: boolean
  /** Records and messages since the last one with data: all of them cost us work and bring nothing. */
  readonly idle: number
}

export type SessionEffect = 'update-read' | 'answer-key-update'

export interface SessionStep {
  readonly state: SessionState
  readonly effects: readonly SessionEffect[]
  readonly data: Uint8Array | undefined
}

/** Tickets, key updates and empty records in a row. Servers send two tickets at once; BoringSSL stops at 32 of a kind. */
const MAX_IDLE = 64

export function startSession(): SessionState {
  return { dataSeen: false, idle: 0 }
}

/**
 * @param messages collects handshake messages that are split over records
 * @throws CraftecError `tls-protocol-violation`
 */
export function onPostHandshake(
  state: SessionState,
  type: number,
  content: Uint8Array,
  messages: HandshakeReader
): SessionStep {
  if (type === CONTENT_TYPE.applicationData) {
    if (!messages.atBoundary) throw tlsError('unexpected_message', 'data in the middle of a handshake message')
    if (content.length > 0) return { state: { dataSeen: true, idle: 0 }, effects: [], data: content }
    return { state: idle(state), effects: [], data: undefined }
  }
  if (type !== CONTENT_TYPE.handshake) throw tlsError('unexpected_message', `content of type ${type}`)
  messages.push(content)
  let next = idle(state)
  const effects: SessionEffect[] = []
  for (let message = messages.next(); message; message = messages.next()) {
    next = idle(next)
    if (message.type === HANDSHAKE_TYPE.newSessionTicket) {
      decodeNewSessionTicket(message.body)
    } else if (message.type === HANDSHAKE_TYPE.keyUpdate) {
      const requested = decodeKeyUpdate(message.body)
      if (!messages.atBoundary) throw tlsError('unexpected_message', 'a message across a change of keys')
      effects.push('update-read', ...(requested ? (['answer-key-update'] as const) : []))
    } else {
      // Renegotiation is gone, and a client that did not offer it is asked for no certificate now (§4.6.2).
      throw tlsError('unexpected_message', `handshake message ${message.type} after the handshake`)
    }
  }
  return { state: next, effects, data: undefined }
}

/** @throws CraftecError `tls-protocol-violation` when there were too many in a row */
export function idle(state: SessionState): SessionState {
  if (state.idle === MAX_IDLE) throw tlsError('unexpected_message', `more than ${MAX_IDLE} records without data`)
  return { ...state, idle: state.idle + 1 }
}
