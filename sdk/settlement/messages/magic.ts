import type { BorshCodec } from '../../codec/index.ts'

/** The text that a signed message begins with, so that no signature can be taken for one over something else. */
export function magic(text: string): BorshCodec<undefined> {
  const expected = new TextEncoder().encode(text)
  return {
    read: reader => {
      const found = reader.bytes(expected.length)
      if (!expected.every((byte, index) => found[index] === byte)) throw reader.malformed(`does not begin with ${text}`)
      return undefined
    },
    write: writer => void writer.bytes(expected)
  }
}
