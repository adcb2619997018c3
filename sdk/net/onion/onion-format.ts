/**
 * Sizes of docs/protocol/craftnet.md. Everything on an onion link has one size, so that what is sent, by whom and how far
 * it travels does not show.
 */
import { TAG_BYTES } from '../../crypto/index.ts'

/**
 * Every frame of an onion link. Chosen by measuring client, three relays and exit in one process, cryptography and framing
 * only (Node 24, x64, lower quartile of interleaved rounds; MB/s of payload through all of them on one core, forward / backward):
 *
 * | cell  | WebAssembly | noble       | a 500-byte request is padded to |
 * |------:|------------:|------------:|--------------------------------:|
 * | 1 KiB |   45 / 88   |  7.8 / 19.2 | 2.0 times |
 * | 2 KiB |   57 / 101  | 10.8 / 24.3 | 4.1 times |
 * | 4 KiB |   65 / 106  | 13.1 / 27.5 | 8.2 times |
 * | 8 KiB |   66 / 109  | 14.8 / 29.7 | 16 times  |
 *
 * Past 4 KiB nothing is gained, and every small message and every hop's store-and-forward delay pay double.
 *
 * At 4 KiB, µs a cell (WebAssembly / OpenSSL / noble): client seals 4 layers 32 / 112 / 154 and peels them 19 / 65 / 74; relay
 * 7.5 / 25 / 38 forward, 3.9 / 12 / 12 backward; exit 7.5 / 25 / 37 to open, 7.7 / 27 / 38 to seal.
 */
export const CELL_BYTES = 4096
/** Circuit id u32, command u8, reserved B(3). */
export const CELL_HEADER_BYTES = 8
export const BODY_BYTES = CELL_BYTES - CELL_HEADER_BYTES

/** Four relays and an exit. */
export const MAX_LAYERS = 5

/** Taken by the seals of a path of full length; a shorter path leaves the same room unused, so that use does not show length. */
export const FORWARD_OVERHEAD_BYTES = MAX_LAYERS * TAG_BYTES
/** Backward only the exit seals. */
export const BACKWARD_OVERHEAD_BYTES = TAG_BYTES
export const FORWARD_PAYLOAD_BYTES = BODY_BYTES - FORWARD_OVERHEAD_BYTES
export const BACKWARD_PAYLOAD_BYTES = BODY_BYTES - BACKWARD_OVERHEAD_BYTES

/** Cells under one key before it is replaced. At 64 ChaCha20 blocks a cell this uses 2^26 of a key's 2^32. */
export const REKEY_CELLS = 2 ** 20

export const ONION_VERSION = 1
export const IDENTITY_BYTES = 32
/** X25519 public key. */
export const POINT_BYTES = 32
/** HMAC-SHA256. */
export const MAC_BYTES = 32

/** command u8 ‖ next identity ‖ next E ‖ next mac ‖ reserved B(3). */
export const SLOT_BYTES = 1 + IDENTITY_BYTES + POINT_BYTES + MAC_BYTES + 3
export const SLOTS_BYTES = MAX_LAYERS * SLOT_BYTES
/** version u8 ‖ E ‖ mac ‖ slots. */
export const CREATE_PACKET_BYTES = 1 + POINT_BYTES + MAC_BYTES + SLOTS_BYTES

/** Y ‖ wait u32 ‖ mac. */
export const ENTRY_BYTES = POINT_BYTES + 4 + MAC_BYTES
export const CREATED_PACKET_BYTES = MAX_LAYERS * ENTRY_BYTES

/** Bytes of SHA-256(E) kept by a replay cache. */
export const REPLAY_TAG_BYTES = 16

export const SLOT_FORWARD = 1
export const SLOT_EXIT = 2
