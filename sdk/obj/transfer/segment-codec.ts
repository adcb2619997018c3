import type { RandomBytes } from '../../async/index.ts'
import { type CodingEngine, type DecodeJob, decodeSegment, type JobOptions } from '../coding/index.ts'
import { type HashEngine, SlicedHash } from '../hashing/index.ts'
import { type CommitJob, type CommitResult, commitSegment } from '../manifest/index.ts'

/** Work on whole segments, in this thread or in others. The buffers of a job may be taken away: they are empty afterwards. */
export interface SegmentCodec {
  commit(job: CommitJob, options?: JobOptions): Promise<CommitResult>
  decode(job: DecodeJob, options?: JobOptions): Promise<Uint8Array>
  /** SHA-256 of a content that comes in parts. */
  hashStream(): Promise<ContentHash>
}

export interface ContentHash {
  /** Parts are hashed in the order of the calls. The buffer behind `bytes` may be taken away meanwhile. @returns the same bytes */
  update(bytes: Uint8Array): Promise<Uint8Array>
  digest(): Promise<Uint8Array>
  /** Give it up. */
  cancel(): void
}

/** In the caller's own thread, in slices of a few milliseconds. */
export function inlineCodec(coding: CodingEngine, hashing: HashEngine, random: RandomBytes): SegmentCodec {
  return {
    commit: (job, options) => commitSegment(coding, hashing, job, random, options),
    decode: (job, options) => decodeSegment(coding, job, options),
    hashStream: async () => {
      const hash = new SlicedHash(hashing.stream())
      return {
        update: async bytes => {
          await hash.update(bytes)
          return bytes
        },
        digest: () => hash.digest(),
        cancel: () => {}
      }
    }
  }
}
