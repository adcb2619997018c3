import type { TransportName } from '../../../sdk/p2p/index.ts'

/** The transports the suite measures, and between whom. */
export const KINDS = [
  'websocket',
  'webtransport',
  'webrtc-direct',
  'webrtc',
  'circuit-relay'
] as const satisfies readonly TransportName[]

export type Kind = (typeof KINDS)[number]

/** Bytes of one throughput round, and of a stalled reader's stream. */
export const ROUND_BYTES = 4_000_000
export const STALL_BYTES = 8 * 2 ** 20
export const STALL_MS = 4_000
/** One message, in frames as well as in raw sends: the same for both sides of every comparison. */
export const MESSAGE_BYTES = 16 * 1024
export const ECHO_BYTES = 64
export const DIALS = 100

export const CHANNEL_SINK = '/bench/sink/1'
export const CHANNEL_ECHO = '/bench/echo/1'
export const CHANNEL_STALL = '/bench/stall/1'
export const RAW_SINK = '/bench/raw-sink/1'
export const MAX_FRAME_BYTES = 64 * 1024
