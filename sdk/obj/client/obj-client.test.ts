import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type StorageNetwork, storageNetwork } from '../../../test/kit/storage-network.ts'
import { encodeHex } from '../../codec/index.ts'
import { sourceIndex } from '../coding/index.ts'
import { equalBytes } from '../hashing/index.ts'
import { type ContentInfo, createMemoryPieceStore } from '../store/index.ts'
import { ObjClient } from './obj-client.ts'

/** Bytes that repeat nowhere near. */
function bytes(length: number, seed = 1): Uint8Array {
  const result = new Uint8Array(length)
  let state = seed
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    result[i] = state >>> 24
  }
  return result
}

const KIB = 1024
const MIB = 1024 * KIB
const client = (network: StorageNetwork) => new ObjClient(network.node().context)

/** Put on one node, spread, and leave. @returns the link */
async function published(network: StorageNetwork, file: Uint8Array, options = {}): Promise<string> {
  const publisher = client(network)
  const { link, distribution } = await publisher.put(file, options)
  expect((await distribution.done).status).toBe('done')
  await publisher.stop()
  return link
}

async function collect(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  return new Uint8Array(await new Response(stream as ReadableStream<Uint8Array<ArrayBuffer>>).arrayBuffer())
}

describe('storing and retrieving', () => {
  it('gives back on one device what was put on another, after that one is gone', async () => {
    const network = storageNetwork()
    network.holder()
    const publisher = client(network)
    const file = bytes(3 * MIB + 17)
    const { cid, link, distribution, size } = await publisher.put(file)
    expect(size).toBe(file.length)
    expect((await distribution.done).status).toBe('done')
    await publisher.stop()
    expect(equalBytes(await client(network).get(link).bytes(), file)).toBe(true)
    expect(equalBytes(await client(network).get(cid).bytes(), file)).toBe(true)
  })

  it('takes every kind of source, of any length, encrypted or not, without a network', async () => {
    const network = storageNetwork()
    const node = client(network)
    for (const length of [0, 1, KIB, 300 * KIB])
      for (const encrypt of [false, true]) {
        const file = bytes(length, length + 7)
        const half = Math.floor(length / 2)
        const parts = [file.slice(0, half), file.slice(half)]
        const sources = [
          file,
          new Blob([file.slice()]),
          new Blob([file.slice()]).stream(),
          (async function* () {
            yield* parts
          })()
        ]
        for (const source of sources) {
          const { link } = await node.put(source, { encrypt, replicas: 0 })
          expect(equalBytes(await node.get(link).bytes(), file)).toBe(true)
        }
      }
  })

  it('reads any range of encrypted content', async () => {
    const network = storageNetwork()
    const node = client(network)
    const file = bytes(200 * KIB + 3)
    const { link } = await node.put(file, { encrypt: true, replicas: 0 })
    const range = fc
      .tuple(fc.nat(file.length), fc.nat(file.length))
      .map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const)
    await fc.assert(
      fc.asyncProperty(range, async ([from, to]) => {
        expect(equalBytes(await node.get(link, { range: { from, to } }).bytes(), file.slice(from, to))).toBe(true)
      }),
      { numRuns: 25, examples: [[[0, file.length]], [[64 * KIB, 64 * KIB]], [[65_535, 65_537]]] }
    )
    await expect(node.get(link, { range: { from: 0, to: file.length + 1 } }).bytes()).rejects.toMatchObject({
      code: 'invalid-argument'
    })
  })

  it('does not open without the key, nor with another one', async () => {
    const node = client(storageNetwork())
    const { cid, link } = await node.put(bytes(1000), { encrypt: true, replicas: 0 })
    await expect(node.get(cid).bytes()).rejects.toMatchObject({ code: 'invalid-argument' })
    const wrong = link.replace(/#k=./, link.includes('#k=A') ? '#k=B' : '#k=A')
    await expect(node.get(wrong).bytes()).rejects.toMatchObject({ code: 'malformed' })
  })

  it('answers like a server: ranges, length, type, and 416 behind the end', async () => {
    const node = client(storageNetwork())
    const { link } = await node.put(bytes(5000), { name: 'a.bin', type: 'video/mp4', replicas: 0 })
    const ask = (range?: string) => node.get(link).response({ headers: new Headers(range ? { range } : {}) })
    const whole = await ask()
    expect([whole.status, whole.headers.get('content-length'), whole.headers.get('content-type')]).toEqual([
      200,
      '5000',
      'video/mp4'
    ])
    for (const [range, from, to] of [
      ['bytes=10-19', 10, 20],
      ['bytes=4990-', 4990, 5000],
      ['bytes=-10', 4990, 5000],
      ['bytes=4990-99999', 4990, 5000]
    ] as const) {
      const part = await ask(range)
      expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes ${from}-${to - 1}/5000`])
      expect(new Uint8Array(await part.arrayBuffer())).toEqual(bytes(5000).slice(from, to))
    }
    const behind = await ask('bytes=5000-')
    expect([behind.status, behind.headers.get('content-range')]).toEqual([416, 'bytes */5000'])
    expect((await ask('bytes=1-2,4-5')).status).toBe(200)
  })

  it('fetches only the segments that a range touches', async () => {
    const network = storageNetwork()
    network.holder()
    const link = await published(network, bytes(21 * MIB))
    const reader = network.node()
    const node = new ObjClient(reader.context)
    const from = 11 * MIB
    expect(await node.get(link, { range: { from, to: from + 1000 } }).bytes()).toEqual(
      bytes(21 * MIB).slice(from, from + 1000)
    )
    const [content] = await reader.context.store.contents()
    const held = content && (await reader.context.store.held(content.manifestId))
    expect(held?.[0]).toBe(0)
    expect(held?.[1]).toBeGreaterThan(0)
    expect(held?.[2]).toBe(0)
  })

  it('fetches only the pieces that a range touches, if they are to be had, and hands out the first before the second came', async () => {
    const network = storageNetwork()
    network.holder()
    const file = bytes(3 * MIB)
    const link = await published(network, file)
    const reader = network.node()
    const node = new ObjClient(reader.context)
    const [from, to] = [MIB + 1, MIB + 256 * KIB + 1]
    const fetched: number[] = []
    const range = node.get(link, { range: { from, to }, onProgress: ({ bytes }) => fetched.push(bytes) })
    expect(equalBytes(await range.bytes(), file.slice(from, to))).toBe(true)
    expect(fetched).toEqual([256 * KIB, 512 * KIB])
    await node.stop()
    const [content] = await reader.context.store.contents()
    expect(content?.pieces).toBe(2)
  })

  it('computes the pieces of a range that nobody has from others of their segment', async () => {
    const network = storageNetwork()
    const holder = network.holder()
    const file = bytes(2 * MIB)
    const link = await published(network, file)
    const [content] = await holder.context.store.contents()
    const manifestId = content?.manifestId ?? new Uint8Array(0)
    const records = await holder.context.store.pieces(manifestId, 0)
    const gone = records.filter(({ coefficients }) => sourceIndex(coefficients) === 2)
    expect(gone).toHaveLength(1)
    await holder.context.store.removePieces(
      manifestId,
      0,
      gone.map(({ id }) => id)
    )
    const [from, to] = [600 * KIB, 700 * KIB]
    const range = client(network).get(link, { range: { from, to } })
    expect(equalBytes(await range.bytes(), file.slice(from, to))).toBe(true)
  })

  it('goes on after a reload with what it has', async () => {
    const network = storageNetwork()
    const holder = network.holder()
    const file = bytes(2 * MIB)
    const link = await published(network, file)
    const store = createMemoryPieceStore()
    const before = new ObjClient(network.node(store).context)
    await before.get(link).bytes()
    await before.stop()
    holder.stop()
    const after = new ObjClient(network.node(store).context)
    expect(equalBytes(await after.get(link).bytes(), file)).toBe(true)
  })

  it('ends when the caller says so', async () => {
    const network = storageNetwork()
    network.holder()
    const link = await published(network, bytes(MIB))
    const controller = new AbortController()
    const reading = client(network).get(link, { signal: controller.signal }).bytes()
    controller.abort(new Error('enough'))
    await expect(reading).rejects.toMatchObject({ code: 'aborted' })
    const putting = new AbortController()
    const endless = async function* () {
      for (;;) {
        yield new Uint8Array(MIB)
        putting.abort()
      }
    }
    const network2 = storageNetwork()
    const { context } = network2.node()
    const put = new ObjClient(context).put(endless(), { signal: putting.signal })
    await expect(put).rejects.toMatchObject({ code: 'aborted' })
    expect(await context.store.usage()).toMatchObject({ bytes: 0, contents: 0 })
  })

  it('says that nobody has it, within the time it was given', async () => {
    const network = storageNetwork()
    const { link } = await client(network).put(bytes(100), { replicas: 0 })
    await expect(client(network).get(link, { idleTimeoutMs: 300 }).bytes()).rejects.toMatchObject({
      code: 'content-unavailable'
    })
    for (const wrong of ['', 'craftec:', 'http://example.org/', `${'0'.repeat(63)}`])
      expect(() => client(network).get(wrong)).toThrow(expect.objectContaining({ code: 'malformed' }))
  })

  it('leaves nothing of a put that failed', async () => {
    const network = storageNetwork()
    const { context } = network.node(createMemoryPieceStore({ quotaBytes: 2 * MIB }))
    await expect(new ObjClient(context).put(bytes(4 * MIB))).rejects.toMatchObject({ code: 'storage-full' })
    expect(await context.store.usage()).toMatchObject({ bytes: 0, contents: 0 })
    const broken = (async function* () {
      yield bytes(MIB)
      throw new Error('the disk was pulled out')
    })()
    await expect(new ObjClient(context).put(broken)).rejects.toThrow('pulled out')
    expect(await context.store.usage()).toMatchObject({ bytes: 0, contents: 0 })
    expect(await context.store.values('')).toEqual([])
  })

  it('lists, pins, removes and describes what is here', async () => {
    const network = storageNetwork()
    network.holder()
    const link = await published(network, bytes(MIB), { name: 'holiday.mp4', type: 'video/mp4', encrypt: true })
    const node = client(network)
    expect(await node.stat(link)).toMatchObject({ size: MIB, encrypted: true, segments: 1, local: { pieces: 0 } })
    await node.pin(link)
    const listed: ContentInfo[] = []
    for await (const content of node.ls()) listed.push(content)
    const [content, ...more] = listed
    expect(content).toMatchObject({ pinned: true })
    expect(content?.pieces).toBeGreaterThanOrEqual(5)
    expect(more).toEqual([])
    await node.unpin(link)
    expect(await node.remove(link)).toBe(true)
    expect(await node.remove(link)).toBe(false)
    await expect(node.unpin(link)).rejects.toMatchObject({ code: 'content-unknown' })
  })

  it('carries content in a file, and refuses one that was changed', async () => {
    const network = storageNetwork()
    const from = client(network)
    const file = bytes(600 * KIB)
    const { link, cid } = await from.put(file, { encrypt: true, replicas: 0 })
    const archive = await collect(from.export(link))
    const to = client(storageNetwork())
    expect(await to.import(archive)).toMatchObject({ cid, size: file.length })
    expect(equalBytes(await to.get(link).bytes(), file)).toBe(true)
    for (const at of [0, 4, 50, 400, archive.length - 1])
      await expect(
        client(storageNetwork()).import(archive.with(at, (archive[at] ?? 0) ^ 1)),
        `byte ${at}`
      ).rejects.toMatchObject({ code: expect.stringMatching(/malformed|invalid-signature/) })
    await expect(client(storageNetwork()).import(archive.subarray(0, -1))).rejects.toMatchObject({ code: 'malformed' })
  })

  it('spreads pieces so that the loss of a storage peer loses nothing, and sends none twice', async () => {
    const network = storageNetwork()
    const holders = [network.holder(), network.holder(), network.holder(), network.holder()]
    const file = bytes(2 * MIB)
    const publisher = network.node()
    const putting = new ObjClient(publisher.context)
    const { link, manifestId, distribution } = await putting.put(file)
    expect(await distribution.done).toMatchObject({ status: 'done', peers: 4 })
    const held = async () => {
      const counts: number[] = []
      for (const { context } of holders) counts.push((await context.store.content(manifestId))?.pieces ?? 0)
      return counts
    }
    const before = await held()
    expect(Math.min(...before)).toBeGreaterThan(0)
    const again = new ObjClient(publisher.context)
    await publisher.context.store.setValue(`distribute/${encodeHex(manifestId)}`, new Uint8Array(8))
    await again.start()
    expect(await (await again.distribution(manifestId))?.done).toMatchObject({ status: 'done' })
    expect(await held()).toEqual(before)
    for (const holder of [holders[0], holders[2]]) holder?.stop()
    await putting.stop()
    expect(equalBytes(await client(network).get(link).bytes(), file)).toBe(true)
  })

  it('waits for storage peers, and spreads when one appears', async () => {
    const network = storageNetwork()
    const node = client(network)
    const { distribution } = await node.put(bytes(10 * KIB))
    expect(distribution.state).toMatchObject({ status: 'waiting', why: 'no-storage-peer' })
    network.holder()
    expect(await distribution.done).toMatchObject({ status: 'done', peers: 1 })
    await node.stop()
  })
})
