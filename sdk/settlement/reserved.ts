import type { BorshCodec } from '../codec/index.ts'

/** Bytes that mean nothing, are zero, and are no part of the value. */
export function reserved(count: number): BorshCodec<undefined> {
  return {
    read: reader => void reader.zeros(count),
    write: writer => void writer.zeros(count)
  }
}
