export {
  type AcceptedCreate,
  type AcceptedExit,
  type AcceptedForward,
  acceptCreate,
  type HopSelf
} from './accept-create.ts'
export type { AcceptedHop } from './accepted-hop.ts'
export { answerCreate } from './answer-create.ts'
export { buildCreate, forgetCreate, type PendingCreate } from './build-create.ts'
export type { ClientCipher } from './client-cipher.ts'
export type { ExitCipher } from './exit-cipher.ts'
export { finishCreate } from './finish-create.ts'
export type { HopKey, OnionKeyPair } from './hop-key.ts'
export {
  BACKWARD_PAYLOAD_BYTES,
  BODY_BYTES,
  CELL_BYTES,
  CELL_HEADER_BYTES,
  CREATE_PACKET_BYTES,
  CREATED_PACKET_BYTES,
  FORWARD_PAYLOAD_BYTES,
  MAX_LAYERS,
  REPLAY_TAG_BYTES
} from './onion-format.ts'
export type { OnionOptions } from './onion-options.ts'
export type { RelayCipher } from './relay-cipher.ts'
