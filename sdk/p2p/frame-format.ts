/** Framed channel: the wire format. Rules: docs/protocol/p2p-channel.md. */

/** u32 before every payload; on its own, with the top bit set, a control frame. */
export const HEADER_BYTES = 4
export const CONTROL_BIT = 0x8000_0000
/** Largest credit one control frame carries: 24 bits. */
export const MAX_GRANT_BYTES = 0xff_ffff
/** Credit 0 is meaningless as a grant, so it says "no frame follows": the end is explicit, and a cut link is not mistaken for it. */
export const END_OF_FRAMES = CONTROL_BIT

/** No protocol may use longer frames: a quarter of the window, so that a sender is never starved by one frame. */
export const MAX_FRAME_BYTES = 256 * 1024
/** What a sender may have on the way, unread, in each direction. */
export const WINDOW_BYTES = 1024 * 1024
/** And what a receiver may widen that to: below what libp2p buffers of a stream (4 MiB) before it aborts it. */
export const MAX_WINDOW_BYTES = 3 * 1024 * 1024
/** A sender that was given more than this was given nonsense. */
export const MAX_CREDIT_BYTES = 2 ** 31

/**
 * The least a frame is charged. A queued frame costs its receiver about this much whatever its length; without a minimum
 * a hostile peer could queue 262,144 empty frames inside one window.
 */
export const MIN_FRAME_COST_BYTES = 64

/** Credit a data frame of `payloadBytes` spends. */
export function frameCost(payloadBytes: number): number {
  return Math.max(MIN_FRAME_COST_BYTES, HEADER_BYTES + payloadBytes)
}
