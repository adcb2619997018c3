import { describe, expect, it } from 'vitest'
import { makeHop } from '../../../test/vectors/craftnet-circuit.ts'
import { hostileBytes } from '../../../test/vectors/hostile-bytes.ts'
import { seededRandom } from '../../../test/vectors/seeded-random.ts'
import { createNobleEngine, cryptoEngine } from '../../crypto/index.ts'
import { CraftecError } from '../../errors/index.ts'
import { createClientCipher } from './client-cipher.ts'
import { createExitCipher } from './exit-cipher.ts'
import { acceptCreate, CREATE_PACKET_BYTES } from './index.ts'
import { createRelayCipher } from './relay-cipher.ts'

function codeOf(task: () => unknown): string {
  try {
    task()
  } catch (error) {
    return error instanceof CraftecError ? error.code : `not typed: ${String(error)}`
  }
  return 'accepted'
}

describe('100,000 hostile inputs', () => {
  /** Mostly right in size and version, so that they get past the first checks. */
  const hostile =
    (random: (length: number) => Uint8Array, size: number, version?: number) =>
    (round: number): Uint8Array => {
      const bytes = random(round % 10 === 0 ? round % (2 * size) : size)
      if (version !== undefined && bytes.length > 0) bytes[0] = version
      return bytes
    }

  it('to a hop are all refused with a typed error, in bounded time', { timeout: 120_000 }, () => {
    const random = seededRandom('hostile create')
    const self = makeHop(random)
    const make = hostile(hostileBytes('hostile create'), CREATE_PACKET_BYTES, 1)
    // The arithmetic of a flood is counted, not done; a few hundred packets below go through the real engine.
    let multiplications = 0
    const real = cryptoEngine()
    const key = () => new Uint8Array(32)
    const engine = {
      ...real,
      hkdfExtract: key,
      hkdfExpand: key,
      hmacSha256: key,
      x25519SharedSecret: () => {
        multiplications++
        return key()
      }
    }
    const codes = new Set<string>()
    for (let round = 0; round < 100_000; round++)
      codes.add(codeOf(() => acceptCreate(make(round), self, random, { engine })))
    expect([...codes]).toEqual(['protocol-violation'])
    expect(multiplications).toBeLessThanOrEqual(100_000)
    for (let round = 0; round < 500; round++)
      expect(codeOf(() => acceptCreate(make(round), self, random))).toBe('protocol-violation')
  })

  it('to a relay, an exit and a client are all refused with a typed error', { timeout: 120_000 }, () => {
    const random = hostileBytes('hostile cells')
    const bodyBytes = 192
    const make = hostile(random, bodyBytes)
    const settings = { engine: createNobleEngine(), rekeyCells: 2 ** 20, bodyBytes }
    const keys = () => ({ auth: random(32), forward: random(32), filler: random(32), backward: random(32) })
    const counts = new Map<string, number>()
    for (let round = 0; round < 100_000; round++) {
      // A new end every time: one that has failed refuses without looking.
      const open = [
        () => createRelayCipher(keys(), settings).forward(make(round)),
        () => createExitCipher(keys(), settings).openForward(make(round)),
        () => createClientCipher([keys()], random, settings).openBackward(make(round))
      ][round % 3]
      const code = codeOf(() => open?.())
      counts.set(code, (counts.get(code) ?? 0) + 1)
    }
    expect([...counts.keys()].toSorted()).toEqual(['circuit-destroyed', 'protocol-violation'])
    expect(counts.get('circuit-destroyed')).toBeGreaterThan(89_000)
  })
})
