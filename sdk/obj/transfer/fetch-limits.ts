export interface FetchLimits {
  /** Pieces asked for in one WANT. Small, so that fast peers come back for more before slow ones have everything. */
  readonly batchPieces: number
  /** Pieces that one peer may owe at first: enough to fill the channel's window while answers are on the way. */
  readonly outstandingPieces: number
  /** And at most, once it has shown that it brings them quickly. */
  readonly maxOutstandingPieces: number
  /** A peer may owe what it brings in this time: pauses of this length, on either side, leave the link full. */
  readonly owedMs: number
  /** A peer that owes something and sends nothing for this long is late: others are asked for what is missing. */
  readonly lateMs: number
  /** And for this long: it is given up. */
  readonly stallMs: number
  /** Between two looks at what a peer has, when it had nothing that helps. */
  readonly queryMs: number
  /** Times a peer may lack what it said it had, before it is given up. */
  readonly maxBroken: number
  /** Recoded pieces that added nothing, before a peer is given up. Honest ones are rarely so. */
  readonly maxUseless: number
}

export const FETCH_LIMITS: FetchLimits = {
  batchPieces: 4,
  outstandingPieces: 12,
  maxOutstandingPieces: 24,
  owedMs: 400,
  lateMs: 1_500,
  stallMs: 10_000,
  queryMs: 2_000,
  maxBroken: 3,
  maxUseless: 8
}
