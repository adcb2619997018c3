/** Bounds on what a peer may make the client hold. Chromium's own: 256 KiB of head; most servers refuse far smaller ones. */
export interface HttpLimits {
  /** Status line, header lines, chunk lines and trailers of one answer, together. */
  readonly maxHeadBytes: number
  readonly maxHeaders: number
  /** 1xx answers before the real one. */
  readonly maxInterim: number
  /** Chunk lines carry no data: a peer that sends them one byte apart is only burning our time. */
  readonly maxChunkLineBytes: number
}

export const HTTP_LIMITS: HttpLimits = {
  maxHeadBytes: 65_536,
  maxHeaders: 256,
  maxInterim: 8,
  maxChunkLineBytes: 512
}
