import { describe, expect, it } from 'vitest'
import { memoryNetwork } from '../../../test/kit/memory-p2p.ts'
import { makeNode, TEST_NOW_MS } from '../../../test/vectors/craftnet-descriptor.ts'
import { seededRandom } from '../../../test/vectors/seeded-random.ts'
import { type Clock, systemClock } from '../../async/index.ts'
import type { Channel, P2pNode } from '../../p2p/index.ts'
import { type DirectoryAnswer, encodeAnswer } from './directory-frame.ts'
import {
  announceDescriptor,
  DIRECTORY_PROTOCOL,
  Directory,
  type ServeDirectoryOptions,
  serveDirectory,
  syncDirectory
} from './index.ts'

/** The descriptors' time, with real timers. */
const clock: Clock = { ...systemClock, now: () => TEST_NOW_MS }

function pair() {
  const network = memoryNetwork()
  const [server, client] = [network(1), network(2)]
  return { server, client, address: { peerId: server.peerId, addresses: [] } }
}

function serve(directory: Directory, options: ServeDirectoryOptions = {}) {
  const nodes = pair()
  return { ...nodes, stop: serveDirectory(nodes.server, directory, { clock, ...options }) }
}

/** A server that answers as the test says, as long as it says something. */
function scripted(server: P2pNode, answers: (round: number) => DirectoryAnswer | Uint8Array | undefined): void {
  const run = async (channel: Channel) => {
    let round = 0
    for await (const _ of channel.frames()) {
      const answer = answers(round++)
      if (answer !== undefined) await channel.send(answer instanceof Uint8Array ? answer : encodeAnswer(answer))
    }
  }
  server.handle(DIRECTORY_PROTOCOL, { maxFrameBytes: 1 << 18, maxChannels: 9 }, channel => {
    run(channel).catch(() => {})
  })
}

const random = seededRandom('directory session')
const nodes = Array.from({ length: 150 }, () => makeNode(random))
const signed = await Promise.all(nodes.map(node => node.sign()))
const full = (): Directory => {
  const directory = new Directory()
  for (const bytes of signed) directory.add(bytes, TEST_NOW_MS)
  return directory
}

describe('directory synchronisation', () => {
  it('reads all pages, then only what is new', async () => {
    const theirs = full()
    const { client, address } = serve(theirs)
    const ours = new Directory()
    const first = await syncDirectory(client, address, ours, { clock })
    expect(first).toMatchObject({ taken: 150, known: 0, refused: 0, full: 0 })
    expect(ours.view(TEST_NOW_MS).nodes.length).toBe(150)
    const fresh = makeNode(random)
    theirs.add(await fresh.sign(), TEST_NOW_MS)
    const second = await syncDirectory(client, address, ours, { clock, since: first.next })
    expect(second).toMatchObject({ taken: 1, known: 0 })
  })

  it('believes nothing that is not signed, and counts it', async () => {
    const { server, client, address } = pair()
    const lie = signed[0]?.slice() ?? new Uint8Array(0)
    lie[40] = (lie[40] ?? 0) ^ 1
    const good = signed[1] ?? lie
    scripted(server, () => ({ kind: 'page', next: 9n, more: false, descriptors: [lie, good, new Uint8Array(3)] }))
    const ours = new Directory()
    expect(await syncDirectory(client, address, ours, { clock })).toMatchObject({ taken: 1, refused: 2 })
    expect(ours.view(TEST_NOW_MS).nodes).toEqual([nodes[1]?.descriptor])
  })

  it('tells apart a server of rubbish and a directory that is full here', async () => {
    const { server, client, address } = pair()
    const rubbish = new Array<Uint8Array>(64).fill(new Uint8Array(200))
    scripted(server, round => ({ kind: 'page', next: BigInt(round + 1), more: true, descriptors: rubbish }))
    await expect(syncDirectory(client, address, new Directory(), { clock })).rejects.toMatchObject({
      code: 'protocol-violation'
    })
    const honest = serve(full())
    const small = new Directory({ maxNodes: 10 })
    expect(await syncDirectory(honest.client, honest.address, small, { clock })).toMatchObject({ taken: 10, full: 140 })
  })

  it.each<[string, (round: number) => DirectoryAnswer | Uint8Array]>([
    ['claims more and gives nothing', () => ({ kind: 'page', next: 5n, more: true, descriptors: [] })],
    ['goes round in circles', () => ({ kind: 'page', next: 0n, more: true, descriptors: signed.slice(0, 1) })],
    ['answers a list with a verdict', () => ({ kind: 'taken', result: 'taken' })],
    ['answers what does not decode', () => Uint8Array.of(2, 1)]
  ])('ends with protocol-violation when the server %s', async (_, answers) => {
    const { server, client, address } = pair()
    scripted(server, answers)
    const syncing = syncDirectory(client, address, new Directory(), { clock })
    await expect(syncing).rejects.toMatchObject({ code: 'protocol-violation' })
  })

  it('ends with limit-exceeded when the pages do not end', async () => {
    const { server, client, address } = pair()
    scripted(server, round => ({
      kind: 'page',
      next: BigInt(round + 1),
      more: true,
      descriptors: signed.slice(0, 64)
    }))
    const syncing = syncDirectory(client, address, full(), { clock })
    await expect(syncing).rejects.toMatchObject({ code: 'limit-exceeded' })
  })

  it('has a deadline and heeds its signal when the server says nothing', async () => {
    const { server, client, address } = pair()
    scripted(server, () => undefined)
    await expect(syncDirectory(client, address, new Directory(), { timeoutMs: 20 })).rejects.toMatchObject({
      code: 'timeout'
    })
    const controller = new AbortController()
    const syncing = syncDirectory(client, address, new Directory(), { signal: controller.signal })
    controller.abort()
    await expect(syncing).rejects.toMatchObject({ code: 'aborted' })
  })
})

describe('a directory server', () => {
  it('takes announcements, knows them the second time, refuses lies', async () => {
    const directory = new Directory()
    const { client, address } = serve(directory)
    const bytes = signed[0] ?? new Uint8Array(0)
    expect(await announceDescriptor(client, address, bytes, { clock })).toBe('taken')
    expect(await announceDescriptor(client, address, bytes, { clock })).toBe('known')
    const lie = bytes.slice()
    lie.fill(7, -64)
    expect(await announceDescriptor(client, address, (signed[1] ?? lie).slice(0, 99), { clock })).toBe('refused')
    lie[40] = 9
    expect(await announceDescriptor(client, address, lie, { clock })).toBe('refused')
    expect(directory.size).toBe(1)
  })

  it('cuts off a peer that asks too often, over all its channels, and nobody else', async () => {
    const { client, address } = serve(full(), { listRate: { perSecond: 0.001, burst: 4 } })
    await syncDirectory(client, address, new Directory(), { clock })
    await syncDirectory(client, address, full(), { clock, since: 2n ** 62n }).catch(() => {})
    await expect(syncDirectory(client, address, new Directory(), { clock })).rejects.toMatchObject({
      code: 'link-closed'
    })
  })

  it('refuses announcements beyond what it checks for all peers together', async () => {
    const directory = new Directory()
    const { client, address } = serve(directory, { totalAnnounceRate: { perSecond: 0.001, burst: 2 } })
    const answers: string[] = []
    for (const bytes of signed.slice(0, 3)) answers.push(await announceDescriptor(client, address, bytes, { clock }))
    expect(answers).toEqual(['taken', 'taken', 'refused'])
  })

  it('lets no peer take all channels', async () => {
    const { client, address } = serve(full(), { maxChannelsPerPeer: 2 })
    const open = () => client.openChannel(address, DIRECTORY_PROTOCOL, { maxFrameBytes: 1 << 18 })
    const [first, second, third] = [await open(), await open(), await open()]
    expect((await third.closed)?.code).toBe('link-closed')
    await first.close()
    await second.close()
    expect(await announceDescriptor(client, address, signed[0] ?? new Uint8Array(0), { clock })).toBe('known')
  })

  it('ends a channel that sends what is no request, and one that asks nothing', async () => {
    const { client, address } = serve(full(), { idleMs: 20 })
    const open = () => client.openChannel(address, DIRECTORY_PROTOCOL, { maxFrameBytes: 1 << 18 })
    const [rude, silent] = [await open(), await open()]
    await rude.send(Uint8Array.of(9, 9, 9))
    expect((await rude.closed)?.code).toBe('link-closed')
    expect((await silent.closed)?.code).toBe('link-closed')
  })

  it('stops: open channels end, new ones find nobody', async () => {
    const { client, address, stop } = serve(full())
    const channel = await client.openChannel(address, DIRECTORY_PROTOCOL, { maxFrameBytes: 1 << 18 })
    stop()
    expect((await channel.closed)?.code).toBe('link-closed')
    await expect(syncDirectory(client, address, new Directory(), { clock })).rejects.toMatchObject({
      code: 'link-failed'
    })
  })
})
