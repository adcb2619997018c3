import type { RandomBytes } from '../../async/index.ts'
import {
  type CodingEngine,
  type DecodeJob,
  decodeSegment,
  type EncodeJob,
  type EncodeResult,
  encodeSegment,
  type JobOptions
} from '../coding/index.ts'

/** Coding of whole segments, in this thread or in others: a `CodecPool` of @craftec/web/workers is one. */
export interface SegmentCodec {
  /** The buffers of a job may be taken away: they are empty afterwards. */
  encode(job: EncodeJob, options?: JobOptions): Promise<EncodeResult>
  decode(job: DecodeJob, options?: JobOptions): Promise<Uint8Array>
}

/** In the caller's own thread, in slices of a few milliseconds. */
export function inlineCodec(engine: () => Promise<CodingEngine>, random: RandomBytes): SegmentCodec {
  return {
    encode: async (job, options) => encodeSegment(await engine(), job, random, options),
    decode: async (job, options) => decodeSegment(await engine(), job, options)
  }
}
