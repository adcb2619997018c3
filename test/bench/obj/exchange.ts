/** From one page to another: a put there, a get here. */
export interface Exchange {
  readonly megabytesPerSecond: number
  readonly putToFirstByteMs: number
}

/** Where both pages keep what they put and get. */
export type Keep = 'disk' | 'memory'
