import { describe, expect, it } from 'vitest'
import { equalBytes } from '../hashing/index.ts'
import { freedChunks, openSource } from './source-chunks.ts'

const MIB = 1024 * 1024

describe('a source', () => {
  it('that is a Blob comes in parts, each of which can be freed when the next is asked for', async () => {
    const file = Uint8Array.from({ length: 5 * MIB + 3 }, (_, index) => index ^ (index >> 9))
    const source = openSource(new Blob([file]))
    expect(source.owned).toBe(true)
    const parts: Uint8Array[] = []
    let taken = 0
    for await (const part of freedChunks(source.chunks)) {
      expect(equalBytes(part, file.subarray(taken, taken + part.length))).toBe(true)
      taken += part.length
      for (const freed of parts) expect(freed.length).toBe(0)
      parts.push(part)
    }
    expect(taken).toBe(file.length)
    expect(parts.length).toBe(3)
  })

  it('that a caller has stays the caller’s', () => {
    const bytes = new Uint8Array(5)
    expect(openSource(bytes).owned).toBe(false)
    expect(openSource(new Blob([bytes]).stream()).owned).toBe(false)
  })
})
