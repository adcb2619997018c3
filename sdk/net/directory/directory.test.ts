import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { makeNode, TEST_NOW_MS } from '../../../test/vectors/craftnet-descriptor.ts'
import { seededRandom } from '../../../test/vectors/seeded-random.ts'
import { CraftecError } from '../../errors/index.ts'
import { Directory } from './index.ts'

const NOW_S = TEST_NOW_MS / 1000
const HOUR_MS = 3_600_000

function codeOf(task: () => unknown): string {
  try {
    task()
  } catch (error) {
    return error instanceof CraftecError ? error.code : `not typed: ${String(error)}`
  }
  return 'accepted'
}

describe('a directory', () => {
  it('takes a valid descriptor once and shows it while it is fresh', async () => {
    const node = makeNode(seededRandom('once'))
    const bytes = await node.sign()
    const directory = new Directory()
    expect(directory.add(bytes, TEST_NOW_MS)).toBe('taken')
    expect(directory.add(bytes, TEST_NOW_MS)).toBe('known')
    expect(directory.view(TEST_NOW_MS).nodes).toEqual([node.descriptor])
    expect(directory.get(node.descriptor.identity, TEST_NOW_MS)).toEqual(node.descriptor)
    const expiry = node.descriptor.expiresAt * 1000
    expect(directory.view(expiry - 1).nodes.length).toBe(1)
    expect(directory.view(expiry).nodes).toEqual([])
    expect(directory.get(node.descriptor.identity, expiry)).toBeUndefined()
    expect(directory.page(0n, 64, 1e6, expiry)).toEqual({ descriptors: [], next: 0n, more: false })
    expect(directory.signedBytes(TEST_NOW_MS)).toEqual([bytes])
  })

  it('does not keep what the caller may overwrite', async () => {
    const node = makeNode(seededRandom('copy'))
    const bytes = await node.sign()
    const directory = new Directory()
    directory.add(bytes, TEST_NOW_MS)
    bytes.fill(0)
    expect(directory.view(TEST_NOW_MS).nodes).toEqual([node.descriptor])
  })

  it('lets a higher sequence replace a lower one, and never goes back', async () => {
    const node = makeNode(seededRandom('sequence'))
    const [one, two] = [await node.sign({ sequence: 1n }), await node.sign({ sequence: 2n, country: 'FR' })]
    const directory = new Directory()
    expect([directory.add(two, TEST_NOW_MS), directory.add(one, TEST_NOW_MS)]).toEqual(['taken', 'known'])
    expect(directory.view(TEST_NOW_MS).nodes.map(each => each.country)).toEqual(['FR'])
  })

  it('does not let an old sequence return when the newer has expired', async () => {
    const node = makeNode(seededRandom('rollback'))
    const old = await node.sign({ sequence: 1n, expiresAt: NOW_S + 40 * 3600 })
    const gone = await node.sign({ sequence: 2n, expiresAt: NOW_S + 60 })
    const directory = new Directory()
    directory.add(gone, TEST_NOW_MS)
    expect(directory.add(old, TEST_NOW_MS + HOUR_MS)).toBe('known')
    expect(directory.view(TEST_NOW_MS + HOUR_MS).nodes).toEqual([])
  })

  it('refuses and counts a second statement with the same sequence, if it is really signed', async () => {
    const node = makeNode(seededRandom('two tongues'))
    const directory = new Directory()
    directory.add(await node.sign(), TEST_NOW_MS)
    const other = await node.sign({ bandwidthKiBps: 9 })
    const unsigned = other.slice()
    unsigned.fill(0, -64)
    expect(codeOf(() => directory.add(unsigned, TEST_NOW_MS))).toBe('descriptor-invalid')
    expect(directory.counters()).toMatchObject({ contradicting: 0, invalid: 1 })
    expect(codeOf(() => directory.add(other, TEST_NOW_MS))).toBe('descriptor-invalid')
    expect(directory.counters()).toMatchObject({ contradicting: 1, taken: 1 })
    expect(directory.view(TEST_NOW_MS).nodes).toEqual([node.descriptor])
  })

  it('refuses and counts the expired and the not yet issued, with ten minutes for the signer’s clock', async () => {
    const node = makeNode(seededRandom('fresh'))
    const at = async (issuedAt: number, expiresAt: number) => {
      const directory = new Directory()
      const bytes = await node.sign({ issuedAt, expiresAt })
      return [codeOf(() => directory.add(bytes, TEST_NOW_MS)), directory.counters().notFresh]
    }
    expect(await at(NOW_S - 10, NOW_S)).toEqual(['descriptor-invalid', 1])
    expect(await at(NOW_S - 10, NOW_S + 1)).toEqual(['accepted', 0])
    expect(await at(NOW_S + 600, NOW_S + 700)).toEqual(['accepted', 0])
    expect(await at(NOW_S + 601, NOW_S + 700)).toEqual(['descriptor-invalid', 1])
  })

  it('refuses and counts what is not signed by the identity it names', async () => {
    const random = seededRandom('not signed')
    const [node, other] = [makeNode(random), makeNode(random)]
    const directory = new Directory()
    const bytes = await node.sign()
    bytes.set(other.descriptor.identity, 1)
    expect(directory.offer(bytes, TEST_NOW_MS)).toBe('refused')
    expect(directory.offer(new Uint8Array(5), TEST_NOW_MS)).toBe('refused')
    expect(directory.counters()).toMatchObject({ invalid: 2, taken: 0 })
    expect(directory.size).toBe(0)
  })

  it('is bounded: newcomers are refused when it is full of fresh nodes, updates are not', async () => {
    const random = seededRandom('full')
    const nodes = [makeNode(random), makeNode(random), makeNode(random)]
    const [first, second, third] = await Promise.all(nodes.map(node => node.sign()))
    if (!first || !second || !third) throw new Error('three nodes')
    const directory = new Directory({ maxNodes: 2 })
    directory.add(first, TEST_NOW_MS)
    directory.add(second, TEST_NOW_MS)
    expect(codeOf(() => directory.add(third, TEST_NOW_MS))).toBe('limit-exceeded')
    expect(directory.offer(third, TEST_NOW_MS)).toBe('full')
    expect(directory.counters().full).toBe(2)
    expect(directory.add((await nodes[0]?.sign({ sequence: 2n })) ?? first, TEST_NOW_MS)).toBe('taken')
    const later = TEST_NOW_MS + 7 * HOUR_MS
    const fresh = await nodes[2]?.sign({ issuedAt: later / 1000, expiresAt: later / 1000 + 60 })
    expect(directory.add(fresh ?? third, later)).toBe('taken')
    expect(directory.size).toBeLessThanOrEqual(2)
  })

  it('tells listeners what it took, until they leave', async () => {
    const random = seededRandom('listeners')
    const [one, two] = [makeNode(random), makeNode(random)]
    const directory = new Directory()
    const heard: unknown[] = []
    const leave = directory.onTaken(descriptor => heard.push(descriptor))
    const bytes = await one.sign()
    directory.add(bytes, TEST_NOW_MS)
    directory.add(bytes, TEST_NOW_MS)
    leave()
    directory.add(await two.sign(), TEST_NOW_MS)
    expect(heard).toEqual([one.descriptor])
  })

  it('gives every descriptor once to a reader that pages, whatever the page sizes and whatever arrives between', async () => {
    const random = seededRandom('paging')
    const nodes = Array.from({ length: 12 }, () => makeNode(random))
    const signed = await Promise.all(
      nodes.map(async node => [await node.sign(), await node.sign({ sequence: 2n })] as const)
    )
    fc.assert(
      fc.property(
        fc.array(fc.record({ limit: fc.integer({ min: 1, max: 5 }), maxBytes: fc.nat(1500) }), {
          minLength: 30,
          maxLength: 30
        }),
        fc.array(fc.nat(23), { maxLength: 40 }),
        (pages, arrivals) => {
          const directory = new Directory()
          const seen = new Map<string, Uint8Array>()
          let since = 0n
          for (const [index, { limit, maxBytes }] of pages.entries()) {
            for (const which of arrivals.slice(2 * index, 2 * index + 2))
              directory.offer(signed[which >> 1]?.[which & 1] ?? new Uint8Array(0), TEST_NOW_MS + index)
            const page = directory.page(since, limit, maxBytes, TEST_NOW_MS + index)
            expect(page.descriptors.length).toBeLessThanOrEqual(limit)
            const size = page.descriptors.reduce((sum, bytes) => sum + bytes.length + 2, 0)
            expect(size <= Math.max(maxBytes, 4098)).toBe(true)
            expect(page.next >= since && (page.descriptors.length > 0 || !page.more)).toBe(true)
            for (const bytes of page.descriptors) seen.set(bytes.subarray(1, 33).join(), bytes)
            since = page.next
          }
          for (
            let page = directory.page(since, 5, 9000, TEST_NOW_MS);
            ;
            page = directory.page(page.next, 5, 9000, TEST_NOW_MS)
          ) {
            for (const bytes of page.descriptors) seen.set(bytes.subarray(1, 33).join(), bytes)
            if (!page.more) break
          }
          expect(new Set([...seen.values()].map(bytes => bytes.join()))).toEqual(
            new Set(directory.signedBytes(TEST_NOW_MS).map(bytes => bytes.join()))
          )
        }
      ),
      { numRuns: 30 }
    )
  })

  it('keeps positions growing when the server restarts, so that nobody misses what it learned since', async () => {
    const random = seededRandom('restart')
    const [one, two] = await Promise.all([makeNode(random).sign(), makeNode(random).sign()])
    if (!one || !two) throw new Error('two nodes')
    const before = new Directory()
    before.add(one, TEST_NOW_MS)
    const { next } = before.page(0n, 64, 1e6, TEST_NOW_MS)
    const after = new Directory()
    after.add(one, TEST_NOW_MS + 5000)
    after.add(two, TEST_NOW_MS + 5000)
    expect(after.page(next, 64, 1e6, TEST_NOW_MS + 5000).descriptors).toEqual([one, two])
    const clockSetBack = new Directory()
    clockSetBack.add(two, TEST_NOW_MS - 60_000)
    expect(clockSetBack.page(next, 64, 1e6, TEST_NOW_MS - 60_000).descriptors).toEqual([two])
  })
})
