import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { makeNode } from '../../../test/vectors/craftnet-descriptor.ts'
import { hostileBytes } from '../../../test/vectors/hostile-bytes.ts'
import { seededRandom } from '../../../test/vectors/seeded-random.ts'
import { cryptoEngine } from '../../crypto/index.ts'
import { CraftecError } from '../../errors/index.ts'
import { identityFromSeed } from '../../identity/index.ts'
import { compareBytes } from './compare-bytes.ts'
import { type Descriptor, decodeDescriptor, encodeDescriptor, MAX_DESCRIPTOR_BYTES } from './index.ts'

const signer = identityFromSeed(new Uint8Array(32).fill(5))
const key = fc.uint8Array({ minLength: 32, maxLength: 32 })
const printable = (maxLength: number) => fc.stringMatching(new RegExp(`^[\\x20-\\x7e]{0,${maxLength}}$`))

const descriptors: fc.Arbitrary<Descriptor> = fc
  .record({
    sequence: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    issuedAt: fc.integer({ min: 0, max: 2 ** 33 }),
    lifetime: fc.integer({ min: 1, max: 48 * 3600 }),
    roles: fc.record({ relay: fc.boolean(), exit: fc.boolean(), directory: fc.boolean(), storage: fc.boolean() }),
    epoch: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
    newKey: key,
    oldKey: fc.option(key),
    addresses: fc.array(
      printable(255).map(text => `/${text}`),
      { maxLength: 8 }
    ),
    country: fc.oneof(fc.constant('??'), fc.stringMatching(/^[A-Z]{2}$/)),
    region: printable(16),
    family: fc.uniqueArray(key, { maxLength: 16, selector: String }),
    bandwidthKiBps: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    priceLamportsPerGiB: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    ports: fc.uniqueArray(fc.integer({ min: 1, max: 65535 }), { maxLength: 32 })
  })
  .map(({ lifetime, epoch, newKey, oldKey, family, ports, ...rest }) => {
    const ends = ports.toSorted((a, b) => a - b)
    const exitPorts = ends.flatMap((from, index) => (index % 2 === 0 ? [{ from, to: ends[index + 1] ?? from }] : []))
    const onionKeys = [{ epoch, publicKey: newKey, notAfter: rest.issuedAt }]
    if (oldKey !== null) onionKeys.push({ epoch: epoch - 1, publicKey: oldKey, notAfter: 0 })
    return {
      ...rest,
      identity: signer.publicKey,
      expiresAt: rest.issuedAt + lifetime,
      onionKeys,
      family: family.toSorted(compareBytes),
      exitPorts
    }
  })

async function refusal(task: () => unknown): Promise<string> {
  try {
    await task()
  } catch (error) {
    return error instanceof CraftecError ? error.code : `not typed: ${String(error)}`
  }
  return 'accepted'
}

/** Signs any bytes as a descriptor's: what a liar can do who holds a key. */
async function signed(body: Uint8Array, sign: (message: Uint8Array) => Promise<Uint8Array>): Promise<Uint8Array> {
  const signature = await sign(Uint8Array.from([...new TextEncoder().encode('craftec-descriptor-1'), ...body]))
  return Uint8Array.from([...body, ...signature])
}

function firstKey(descriptor: Descriptor) {
  const [key] = descriptor.onionKeys
  if (key === undefined) throw new Error('no onion key')
  return key
}

describe('a descriptor', () => {
  it('comes back as it was', async () => {
    await fc.assert(
      fc.asyncProperty(descriptors, async descriptor => {
        const bytes = await encodeDescriptor(descriptor, message => signer.sign(message))
        expect(bytes.length).toBeLessThanOrEqual(MAX_DESCRIPTOR_BYTES)
        expect(decodeDescriptor(bytes)).toEqual(descriptor)
      }),
      { numRuns: 60 }
    )
  })

  it('is refused when any one bit is changed', async () => {
    const bytes = await makeNode(seededRandom('flip'), { family: [new Uint8Array(32)] }).sign()
    const codes = new Set<string>()
    for (let at = 0; at < bytes.length; at++) {
      const flipped = bytes.slice()
      flipped[at] = (flipped[at] ?? 0) ^ (1 << (at & 7))
      codes.add(await refusal(() => decodeDescriptor(flipped)))
    }
    expect([...codes]).toEqual(['descriptor-invalid'])
  })

  it('is refused when it is signed by another, for another use, or not at all', async () => {
    const random = seededRandom('signed by another')
    const [node, other] = [makeNode(random), makeNode(random)]
    const bytes = await node.sign()
    const body = bytes.slice(0, -64)
    const wrong = [
      await signed(body, message => other.identity.sign(message)),
      await signed(body, () => node.identity.sign(body)),
      await signed(body, async () => new Uint8Array(64)),
      body,
      bytes.slice(0, -1),
      new Uint8Array([...bytes, 0])
    ]
    for (const forged of wrong) expect(await refusal(() => decodeDescriptor(forged))).toBe('descriptor-invalid')
    expect(await refusal(() => encodeDescriptor(node.descriptor, message => other.identity.sign(message)))).toBe(
      'descriptor-invalid'
    )
  })

  it.each<[string, (good: Descriptor) => Partial<Descriptor>]>([
    ['a lifetime over 48 hours', good => ({ expiresAt: good.issuedAt + 48 * 3600 + 1 })],
    ['no lifetime', good => ({ expiresAt: good.issuedAt })],
    ['a time beyond all clocks', () => ({ issuedAt: 2 ** 41, expiresAt: 2 ** 41 + 60 })],
    ['a negative time', () => ({ issuedAt: -60 })],
    ['no onion key', () => ({ onionKeys: [] })],
    ['three onion keys', good => ({ onionKeys: [3, 2, 1].map(epoch => ({ ...firstKey(good), epoch })) })],
    ['onion keys oldest first', good => ({ onionKeys: [1, 2].map(epoch => ({ ...firstKey(good), epoch })) })],
    ['one epoch twice', good => ({ onionKeys: [firstKey(good), firstKey(good)] })],
    ['nine addresses', () => ({ addresses: new Array(9).fill('/ip4/1.2.3.4/tcp/1/ws') })],
    ['an address that is too long', () => ({ addresses: [`/${'a'.repeat(256)}`] })],
    ['an address that is none', () => ({ addresses: ['1.2.3.4'] })],
    ['an address with a line break', () => ({ addresses: ['/ip4/1.2.3.4\n'] })],
    ['a country in lower case', () => ({ country: 'de' })],
    ['a country of three letters', () => ({ country: 'DEU' })],
    ['a region that is too long', () => ({ region: 'a'.repeat(17) })],
    ['a region that is not printable', () => ({ region: '\u0007' })],
    ['17 in the family', () => ({ family: Array.from({ length: 17 }, (_, n) => new Uint8Array(32).fill(n)) })],
    ['family in another order', () => ({ family: [2, 1].map(n => new Uint8Array(32).fill(n)) })],
    ['family named twice', () => ({ family: [1, 1].map(n => new Uint8Array(32).fill(n)) })],
    [
      '17 port ranges',
      () => ({ exitPorts: Array.from({ length: 17 }, (_, n) => ({ from: 2 * n + 1, to: 2 * n + 1 })) })
    ],
    ['port 0', () => ({ exitPorts: [{ from: 0, to: 80 }] })],
    ['a range upside down', () => ({ exitPorts: [{ from: 443, to: 80 }] })],
    [
      'ranges that overlap',
      () => ({
        exitPorts: [
          { from: 1, to: 80 },
          { from: 80, to: 90 }
        ]
      })
    ],
    [
      'ranges out of order',
      () => ({
        exitPorts: [
          { from: 443, to: 443 },
          { from: 80, to: 80 }
        ]
      })
    ]
  ])('is refused with %s, at the signer and at the reader', async (_, change) => {
    const random = seededRandom('rules')
    const good = makeNode(random)
    expect(await refusal(() => good.sign())).toBe('accepted')
    let reached: Uint8Array | undefined
    const changed = { ...good.descriptor, ...change(good.descriptor) }
    const sign = (message: Uint8Array) => {
      reached = message
      return good.identity.sign(message)
    }
    expect(await refusal(() => encodeDescriptor(changed, sign))).toBe('descriptor-invalid')
    // A signer without the check: the same bytes with a good signature.
    if (reached === undefined) return
    const body = reached.slice('craftec-descriptor-1'.length)
    const bytes = await signed(body, message => good.identity.sign(message))
    expect(await refusal(() => decodeDescriptor(bytes))).toBe('descriptor-invalid')
  })

  it('is refused with an unknown version or an unknown role, well signed', async () => {
    const good = (await makeNode(seededRandom('bits')).sign()).slice(0, -64)
    good.set(signer.publicKey, 1)
    expect(await refusal(async () => decodeDescriptor(await signed(good, message => signer.sign(message))))).toBe(
      'accepted'
    )
    for (const [at, value] of [
      [0, 0],
      [0, 2],
      [57, 16],
      [57, 128]
    ] as const) {
      const body = good.slice()
      body[at] = value
      expect(await refusal(async () => decodeDescriptor(await signed(body, message => signer.sign(message))))).toBe(
        'descriptor-invalid'
      )
    }
  })

  it('survives 100,000 hostile inputs with typed refusals', { timeout: 60_000 }, async () => {
    const random = hostileBytes('hostile descriptors')
    const good = await makeNode(seededRandom('hostile descriptors'), { addresses: ['/ip4/1.2.3.4/tcp/4001/ws'] }).sign()
    const neverAgrees = { ...cryptoEngine(), ed25519Verify: () => false }
    const codes = new Set<string>()
    for (let round = 0; round < 100_000; round++) {
      const bytes =
        round % 3 === 0 ? random(round % 5000) : good.slice(0, round % 3 === 1 ? good.length : round % good.length)
      const at = random(2)
      if (bytes.length > 0) bytes[((at[0] ?? 0) * 256 + (at[1] ?? 0)) % bytes.length] = round & 0xff
      if (round % 3 === 0 && bytes.length > 0) bytes[0] = 1
      codes.add(await refusal(() => decodeDescriptor(bytes, neverAgrees)))
    }
    expect([...codes]).toEqual(['descriptor-invalid'])
  })
})
