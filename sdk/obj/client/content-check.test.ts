import { describe, expect, it } from 'vitest'
import { sha256 } from '../../crypto/index.ts'
import { createJsHashEngine } from '../hashing/index.ts'
import { inlineCodec } from '../transfer/index.ts'
import { ContentCheck } from './content-check.ts'

const MIB = 1024 * 1024
const hashing = createJsHashEngine()

/** A codec that takes buffers away and gives them back, as workers do; counts what it was given. */
function movingCodec() {
  const inline = inlineCodec({} as never, hashing, length => new Uint8Array(length))
  const buffers = new Set<ArrayBuffer>()
  let calls = 0
  const codec = {
    hashStream: async () => {
      const hash = await inline.hashStream()
      return {
        ...hash,
        update: async (bytes: Uint8Array) => {
          calls++
          buffers.add(bytes.buffer as ArrayBuffer)
          return hash.update(bytes)
        }
      }
    }
  }
  return { codec, calls: () => calls, buffers }
}

describe('the check of a content', () => {
  it.each([0, 1, 1000, MIB, MIB + 1, 7 * MIB + 13])(
    'finds %i bytes to be what they are, in chunks of any length',
    async size => {
      const content = Uint8Array.from({ length: size }, (_, index) => (index * 31) >> 3)
      const { codec } = movingCodec()
      const check = new ContentCheck({ codec, hashing }, size)
      for (let at = 0, step = 1; at < size; at += step, step = (step * 3) % 700_001)
        await check.update(content.subarray(at, at + step))
      await expect(check.end(sha256(content))).resolves.toBeUndefined()
    }
  )

  it('finds out a single bit, and leaves the chunks alone', async () => {
    const content = new Uint8Array(3 * MIB)
    const id = sha256(content)
    content[2 * MIB] = 1
    const { codec } = movingCodec()
    const check = new ContentCheck({ codec, hashing }, content.length)
    await check.update(content)
    expect(content[2 * MIB]).toBe(1)
    await expect(check.end(id)).rejects.toMatchObject({ code: 'content-corrupt' })
  })

  it('sends a megabyte at a time, in memory that serves again', async () => {
    const { codec, calls, buffers } = movingCodec()
    const chunk = new Uint8Array(256 * 1024)
    const check = new ContentCheck({ codec, hashing }, 20 * MIB)
    for (let sent = 0; sent < 20 * MIB; sent += chunk.length) await check.update(chunk)
    await check.end(sha256(new Uint8Array(20 * MIB)))
    expect(calls()).toBe(20)
    expect(buffers.size).toBeLessThanOrEqual(5)
  })
})
