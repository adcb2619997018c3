import { encodeHex } from '../../codec/index.ts'

export interface SegmentPlace {
  readonly manifestId: Uint8Array
  readonly segment: number
}

/** A key for maps. */
export function segmentName({ manifestId, segment }: SegmentPlace): string {
  return `${encodeHex(manifestId)}/${segment}`
}
