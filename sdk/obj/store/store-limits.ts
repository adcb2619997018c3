/** Bounds of everything that the store takes; all of it may come from peers. */

export const ID_BYTES = 32
/** docs/protocol/craftobj.md: a manifest has at most 4 MiB, and 66 bytes a segment. */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024
export const MAX_SEGMENTS = 65_536
/** A path to the root of 2^16 committed pieces takes 515 bytes, a recoder's signature 97. */
export const MAX_PROVENANCE_BYTES = 4_096
/** The network aims at 2k + 16 pieces, 272 for k = 128; one holder never needs more than a few times that. */
export const MAX_PIECES_PER_SEGMENT = 1_024
/** Pushes that were granted and are on their way; a node has eight. */
export const MAX_PROMISES = 1_024
export const MAX_NAME_CHARACTERS = 1_024
export const MAX_TYPE_CHARACTERS = 256
/** A PeerId in text has 52 characters. */
export const MAX_PEER_CHARACTERS = 128
export const MAX_KEY_CHARACTERS = 256
export const MAX_VALUE_BYTES = 1024 * 1024
export const MAX_PAGE = 1_000
export const DEFAULT_PAGE = 100
/** Manifests listed for one content id: anyone can sign one more. */
export const MAX_MANIFESTS_PER_CONTENT = 100
export const MAX_LISTED_LOSSES = 1_000
export const MAX_LISTED_PEERS = 1_000
/** `usedAt` moves in steps, so that reading does not write each time. */
export const USED_AT_STEP_MS = 60_000
