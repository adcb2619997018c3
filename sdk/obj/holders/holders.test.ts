import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../../test/kit/manual-clock.ts'
import { memoryNetwork } from '../../../test/kit/memory-p2p.ts'
import { CraftecError } from '../../errors/index.ts'
import { identityFromSeed } from '../../identity/index.ts'
import { announceHoldings, findHolders } from './ask-holders.ts'
import {
  decodeHoldersAnswer,
  decodeHoldersRequest,
  encodeHoldersAnswer,
  encodeHoldersRequest,
  HOLDERS_PROTOCOL
} from './holder-frame.ts'
import {
  type HolderRecord,
  openHolderRecord,
  type RecordRefusal,
  signHolderRecord,
  tryOpenHolderRecord
} from './holder-record.ts'
import { HolderTable } from './holder-table.ts'
import { serveHolders } from './serve-holders.ts'

const NOW_MS = 1_700_000_000_000
const NOW_S = NOW_MS / 1000
const identity = (name: number) => identityFromSeed(new Uint8Array(32).fill(name))
const id = (fill: number) => new Uint8Array(32).fill(fill)
const fields = (changes: Partial<HolderRecord> = {}): Omit<HolderRecord, 'holder'> => ({
  contentId: id(1),
  manifestId: id(2),
  durable: true,
  pieces: 48,
  issuedAt: NOW_S,
  expiresAt: NOW_S + 3600,
  addresses: ['/ip4/127.0.0.1/tcp/4001/ws'],
  ...changes
})

describe('holder record', () => {
  it('says what was signed', async () => {
    const bytes = await signHolderRecord(fields(), identity(1))
    expect(openHolderRecord(bytes, NOW_MS)).toEqual({ ...fields(), holder: identity(1).publicKey })
  })

  it('is refused with any bit changed, cut, lengthened, too early or too late', async () => {
    const bytes = await signHolderRecord(fields(), identity(1))
    for (let at = 0; at < bytes.length; at++)
      expect(() => openHolderRecord(bytes.with(at, (bytes[at] ?? 0) ^ 1), NOW_MS), `byte ${at}`).toThrow(CraftecError)
    expect(() => openHolderRecord(bytes.subarray(0, -1), NOW_MS)).toThrow(CraftecError)
    expect(() => openHolderRecord(Uint8Array.of(...bytes, 0), NOW_MS)).toThrow(CraftecError)
    expect(() => openHolderRecord(bytes, NOW_MS + 3_600_000 + 600_000)).toThrow('time')
    expect(() => openHolderRecord(bytes, NOW_MS - 601_000)).toThrow('time')
  })

  it('is taken by clocks that differ by up to ten minutes, and else it is told why not', async () => {
    const bytes = await signHolderRecord(fields(), identity(1))
    const refusals: RecordRefusal[] = []
    const isTaken = (at: number, record = bytes) =>
      tryOpenHolderRecord(record, at, why => refusals.push(why)) !== undefined
    expect([isTaken(NOW_MS - 600_000), isTaken(NOW_MS + 3_600_000 + 599_000)]).toEqual([true, true])
    expect(refusals).toEqual([])
    expect([isTaken(NOW_MS - 601_000), isTaken(NOW_MS + 3_600_000 + 600_000)]).toEqual([false, false])
    expect(isTaken(NOW_MS, bytes.with(-1, (bytes.at(-1) ?? 0) ^ 1))).toBe(false)
    expect(refusals).toEqual(['future', 'expired', 'invalid'])
  })

  it('has bounds that its holder is told of', async () => {
    const wrong: Partial<HolderRecord>[] = [
      { expiresAt: NOW_S + 100_000 },
      { expiresAt: NOW_S },
      { addresses: ['no multiaddr'] },
      { addresses: Array.from({ length: 9 }, () => '/ip4/127.0.0.1/tcp/1/ws') },
      { pieces: -1 },
      { contentId: new Uint8Array(31) }
    ]
    for (const change of wrong)
      await expect(signHolderRecord(fields(change), identity(1))).rejects.toMatchObject({ code: 'invalid-argument' })
  })
})

describe('holder messages', () => {
  it('have one spelling, and refuse everything else', () => {
    const seeds = [
      encodeHoldersRequest({ kind: 'find', contentId: id(3), limit: 5 }),
      encodeHoldersRequest({ kind: 'put', records: [id(1), id(2)] }),
      encodeHoldersAnswer({ kind: 'found', records: [id(4)] }),
      encodeHoldersAnswer({ kind: 'taken', results: ['taken', 'full'] })
    ]
    const mutated = fc
      .tuple(fc.constantFrom(...seeds), fc.nat(), fc.nat(255))
      .map(([frame, at, value]) => frame.with(at % frame.length, value))
    fc.assert(
      fc.property(fc.oneof(mutated, fc.constantFrom(...seeds), fc.uint8Array({ maxLength: 40 })), frame => {
        for (const again of [
          () => encodeHoldersRequest(decodeHoldersRequest(frame)),
          () => encodeHoldersAnswer(decodeHoldersAnswer(frame))
        ])
          try {
            expect(again()).toEqual(frame)
          } catch (error) {
            expect(error).toMatchObject({ code: 'malformed' })
          }
      }),
      { numRuns: 2000 }
    )
    expect(seeds.map(frame => frame[0])).toEqual([3, 1, 4, 2])
    expect(decodeHoldersRequest(seeds[0] ?? id(0))).toEqual({ kind: 'find', contentId: id(3), limit: 5 })
  })
})

describe('holder table', () => {
  const limits = { records: 6, perHolder: 4, perContent: 3 }
  const put = async (table: HolderTable, name: number, changes: Partial<HolderRecord> = {}, nowMs = NOW_MS) =>
    table.put(await signHolderRecord(fields(changes), identity(name)), identity(name).publicKey, nowMs)

  it('finds what holders said, durable ones first, until it expires', async () => {
    const table = new HolderTable(limits)
    await put(table, 1, { durable: false })
    await put(table, 2, { expiresAt: NOW_S + 10 })
    const holders = (nowMs: number) => table.find(id(1), 9, nowMs).map(bytes => openHolderRecord(bytes, nowMs).holder)
    expect(holders(NOW_MS)).toEqual([identity(2).publicKey, identity(1).publicKey])
    expect(holders(NOW_MS + 10_000)).toEqual([identity(1).publicKey])
    expect(table.size).toBe(1)
  })

  it('lets nobody speak for others, and replaces a record only by a later one', async () => {
    const table = new HolderTable(limits)
    const record = await signHolderRecord(fields(), identity(1))
    expect(table.put(record, identity(2).publicKey, NOW_MS)).toBe('refused')
    expect(await put(table, 1, { issuedAt: NOW_S - 5 })).toBe('taken')
    expect(table.put(record, identity(1).publicKey, NOW_MS)).toBe('taken')
    expect(await put(table, 1, { issuedAt: NOW_S - 1, pieces: 1 })).toBe('known')
    expect(table.size).toBe(1)
  })

  it('is bounded by holder, by content and in all, and has room again when records expire', async () => {
    const table = new HolderTable(limits)
    for (const name of [1, 2, 3]) expect(await put(table, name)).toBe('taken')
    expect(await put(table, 4)).toBe('full')
    for (const content of [5, 6, 7]) expect(await put(table, 1, { contentId: id(content) })).toBe('taken')
    expect(await put(table, 1, { contentId: id(8) })).toBe('full')
    expect(await put(table, 2, { contentId: id(8) })).toBe('full')
    const later = { contentId: id(8), issuedAt: NOW_S + 3700, expiresAt: NOW_S + 3800 }
    expect(await put(table, 2, later, NOW_MS + 3_700_000)).toBe('taken')
    expect(table.size).toBe(1)
  })
})

describe('relay of holders', () => {
  it('gives to one what another said, and ends the channel of whoever breaks the protocol', async () => {
    const createNode = memoryNetwork()
    const [relay, holder, reader] = [createNode(1), createNode(2), createNode(3)]
    const clock = new ManualClock()
    const { stop } = serveHolders(relay, { clock })
    const at = { peerId: relay.peerId, addresses: [] }
    const issuedAt = Math.floor(clock.now() / 1000)
    const own = await signHolderRecord(fields({ issuedAt, expiresAt: issuedAt + 60 }), identity(2))
    const others = await signHolderRecord(fields({ issuedAt, expiresAt: issuedAt + 60 }), identity(3))
    expect(await announceHoldings(holder, at, [own, others], { clock })).toEqual(['taken', 'refused'])
    const [found, ...more] = await findHolders(reader, at, id(1), { clock })
    expect(found?.holder).toEqual(identity(2).publicKey)
    expect(more).toEqual([])
    const hostile = await reader.openChannel(at, HOLDERS_PROTOCOL, { maxFrameBytes: 1000 })
    await hostile.send(Uint8Array.of(9, 9))
    expect(await hostile.closed).toMatchObject({ code: 'link-closed' })
    expect(await findHolders(reader, at, id(1), { clock })).toHaveLength(1)
    stop()
  })
})
