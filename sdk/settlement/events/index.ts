export { decodeEvents } from './decode-events.ts'
export { type EventName, eventCodecs, type SettlementEvent } from './event-codecs.ts'
