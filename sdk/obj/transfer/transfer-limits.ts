/** Bounds of `/craftec/obj/1`, docs/protocol/craftobj.md. */

export const ID_BYTES = 32
/**
 * Bytes of a piece in one CHUNK. Measured from one Node process to another over a loopback WebSocket, on two busy cores: 14, 22, 21 and
 * 27 MB/s with 16, 32, 64 and 128 KiB. 256 KiB would be the whole of what a frame may have.
 */
export const CHUNK_BYTES = 128 * 1024
/** A chunk, and its kind. Everything else is shorter. */
export const MAX_TRANSFER_FRAME_BYTES = CHUNK_BYTES + 1
/** A manifest is at most so long (docs/protocol/craftobj.md, "Manifest"). */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024
/** Bytes of a manifest in one message. */
export const MANIFEST_PART_BYTES = 64 * 1024
/** Kept with a piece: a Merkle path, or a key and a signature. */
export const MAX_PROVENANCE_BYTES = 4096
/** Segments in one HAVE. */
export const MAX_HAVE_SEGMENTS = 1024
/** Pieces in one OFFER: a segment's worth. */
export const MAX_OFFER_PIECES = 512
/** Records in one PEERS. */
export const MAX_PEER_RECORDS = 16
/** Longest holder record. */
export const MAX_RECORD_BYTES = 2048
/** Longest challenge and proof. */
export const MAX_CHALLENGE_BYTES = 1024
export const MAX_PROOF_BYTES = 96 * 1024
/** A busy peer may ask for patience, not for eternity. */
export const MAX_RETRY_AFTER_MS = 10 * 60_000
