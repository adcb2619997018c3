import { describe, expect, it } from 'vitest'
import { sha256 } from '../../crypto/index.ts'
import { createJsHashEngine } from '../hashing/index.ts'
import { inlineCodec } from '../transfer/index.ts'
import { ContentNaming } from './content-naming.ts'
import type { digestAtOnce } from './digest-at-once.ts'

const MIB = 1024 * 1024
const BYTES = Uint8Array.from({ length: 3 * MIB + 7 }, (_, index) => (index * 31) >> 3)
const hashing = createJsHashEngine()
const { hashStream } = inlineCodec({} as never, hashing, length => new Uint8Array(length))

/** Counts the streams that were begun. */
function countedParts() {
  let streams = 0
  const codec = {
    hashStream: () => {
      streams++
      return hashStream()
    }
  }
  return { parts: { codec, hashing }, streams: () => streams }
}

async function pass(naming: ContentNaming, bytes: Uint8Array): Promise<void> {
  const passed: Uint8Array[] = []
  const source = (async function* () {
    yield bytes
  })()
  for await (const part of naming.passing(source)) passed.push(part)
  expect(Buffer.compare(Buffer.concat(passed), bytes)).toBe(0)
}

const never: typeof digestAtOnce = async () => undefined

describe('naming a content', () => {
  it.each([0, 1, MIB, MIB + 1, BYTES.length])(
    'finds the SHA-256 of %i bytes, whether their number is known or not',
    async length => {
      const bytes = BYTES.subarray(0, length)
      for (const sizeBytes of [length, undefined]) {
        const { parts, streams } = countedParts()
        const naming = await ContentNaming.begin(parts, { sizeBytes, whole: undefined }, never)
        await pass(naming, bytes)
        expect(await naming.id()).toEqual(sha256(bytes))
        if (length <= MIB) expect(streams()).toBe(0)
      }
    }
  )

  it('hashes what lies in memory by one call, once, when it is said to, and streams nothing', async () => {
    const { parts, streams } = countedParts()
    let calls = 0
    const atOnce: typeof digestAtOnce = async whole => async () => {
      calls++
      return sha256(whole)
    }
    const outline = { sizeBytes: BYTES.length, whole: BYTES }
    const naming = await ContentNaming.begin(parts, outline, atOnce)
    await pass(naming, BYTES)
    expect(calls).toBe(0)
    naming.meanwhile()
    naming.meanwhile()
    expect(await naming.id()).toEqual(sha256(BYTES))
    expect([calls, streams()]).toEqual([1, 0])
  })

  it('streams what lies in memory where one call would take too long', async () => {
    const { parts, streams } = countedParts()
    const outline = { sizeBytes: BYTES.length, whole: BYTES }
    const naming = await ContentNaming.begin(parts, outline, never)
    await pass(naming, BYTES)
    naming.meanwhile()
    expect(await naming.id()).toEqual(sha256(BYTES))
    expect(streams()).toBe(1)
  })

  it('hashes all that came, where more or less came than was said', async () => {
    for (const sizeBytes of [MIB, 9 * MIB]) {
      const { parts } = countedParts()
      const naming = await ContentNaming.begin(parts, { sizeBytes, whole: undefined })
      await pass(naming, BYTES)
      expect(await naming.id()).toEqual(sha256(BYTES))
    }
  })
})
