import { describe, expect, it } from 'vitest'
import { sha256 } from '../../crypto/index.ts'
import { digestAtOnce } from './digest-at-once.ts'

const { subtle } = globalThis.crypto
const MIB = 1024 * 1024
const BYTES = Uint8Array.from({ length: 3 * MIB + 5 }, (_, index) => (index * 31) >> 3)

/** A clock that stands still but for what each hash is said to take. */
function timed(...tookMs: number[]) {
  let now = 0
  const digest: SubtleCrypto['digest'] = (name, data) => {
    now += tookMs.shift() ?? 0
    return subtle.digest(name, data)
  }
  return { subtle: { digest }, clock: { monotonic: () => now } }
}

describe('hashing bytes by one call', () => {
  it('gives their SHA-256, also of a part of a buffer', async () => {
    const part = BYTES.subarray(3, 2 * MIB)
    const hash = await digestAtOnce(part, subtle, { monotonic: () => 0 })
    expect(await hash?.()).toEqual(sha256(part))
  })

  it('takes no sample of what is no longer than one', async () => {
    const { subtle, clock } = timed(1_000)
    const part = BYTES.subarray(0, MIB)
    expect(await (await digestAtOnce(part, subtle, clock))?.()).toEqual(sha256(part))
    expect(clock.monotonic()).toBe(1_000)
  })

  it('is not for bytes that would hold up the thread, by the quickest of eight samples', async () => {
    const others = Array<number>(6).fill(17)
    const [slow, woken] = [timed(90, 17, ...others), timed(90, 16, ...others)]
    expect(await digestAtOnce(BYTES, slow.subtle, slow.clock)).toBeUndefined()
    expect(await digestAtOnce(BYTES, woken.subtle, woken.clock)).toBeDefined()
  })

  it('is not for more than may be copied, nor for shared memory, nor where WebCrypto is missing or gains nothing', async () => {
    const still = { monotonic: () => 0 }
    expect(await digestAtOnce(new Uint8Array(128 * MIB + 1), subtle, still)).toBeUndefined()
    expect(await digestAtOnce(new Uint8Array(new SharedArrayBuffer(8)), subtle, still)).toBeUndefined()
    // Node hashes natively
    expect(await digestAtOnce(BYTES)).toBeUndefined()
  })
})
