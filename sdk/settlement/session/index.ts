export { createSessionKey, type SessionKey, sessionKeyFrom } from './session-key.ts'
export { memorySessionStore, openSessionStore, type SessionRecord, type SessionStore } from './session-store.ts'
export { SpendingSession } from './spending-session.ts'
