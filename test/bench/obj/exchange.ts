/** From one page to another: a put there, a get here. */
export interface Exchange {
  readonly megabytesPerSecond: number
  readonly putToFirstByteMs: number
}
