import type { RandomBytes } from '../../async/index.ts'
import { type CodingEngine, type DecodeJob, decodeSegment, type JobOptions } from '../coding/index.ts'
import type { HashEngine } from '../hashing/index.ts'
import { type CommitJob, type CommitResult, commitSegment } from '../manifest/index.ts'

/** Work on whole segments, in this thread or in others. The buffers of a job may be taken away: they are empty afterwards. */
export interface SegmentCodec {
  commit(job: CommitJob, options?: JobOptions): Promise<CommitResult>
  decode(job: DecodeJob, options?: JobOptions): Promise<Uint8Array>
}

/** In the caller's own thread, in slices of a few milliseconds. */
export function inlineCodec(coding: CodingEngine, hashing: HashEngine, random: RandomBytes): SegmentCodec {
  return {
    commit: (job, options) => commitSegment(coding, hashing, job, random, options),
    decode: (job, options) => decodeSegment(coding, job, options)
  }
}
