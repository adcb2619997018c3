/**
 * What a relay grants each peer it forwards for. libp2p's own defaults (128 KiB, 2 minutes, 15 reservations) suit a
 * relay that only carries the signalling of a hole punch; ours also carries the peers that cannot do WebRTC, such as
 * service workers, so that they work at all, yet bounded, since every relayed byte is the operator's.
 */
export interface RelayLimits {
  /** Peers that may hold a reservation at once. */
  readonly maxReservations: number
  /** Bytes a relayed connection may carry, both directions together. */
  readonly maxBytes: bigint
  /** Milliseconds a relayed connection may last. */
  readonly maxDurationMs: number
  /** Milliseconds until a reservation must be renewed. */
  readonly reservationTtlMs: number
}

export const RELAY_LIMITS: RelayLimits = {
  // a reservation costs one idle connection, about 50 KiB: 1,024 of them stay far below 100 MiB
  maxReservations: 1_024,
  // an hour's modest use of a peer without WebRTC; a flood is cut off after it
  maxBytes: 1n << 30n,
  maxDurationMs: 60 * 60 * 1000,
  // renewed by the client long before; short enough that a vanished tab does not hold a place for hours
  reservationTtlMs: 60 * 60 * 1000
}
