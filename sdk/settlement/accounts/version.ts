import type { BorshCodec } from '../../codec/index.ts'

/** The layout that this SDK reads; the program writes no other. */
const VERSION = 1

/** The version byte of every account: any other is refused, not guessed at. No part of the value, for it is always the same. */
export const version: BorshCodec<undefined> = {
  read: reader => {
    const found = reader.u8()
    if (found !== VERSION) throw reader.malformed(`version ${found}, this SDK reads ${VERSION}`)
  },
  write: writer => void writer.u8(VERSION)
}
