import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../../test/kit/manual-clock.ts'
import { memoryNetwork } from '../../../test/kit/memory-p2p.ts'
import { systemRandom } from '../../async/index.ts'
import type { Channel, P2pNode } from '../../p2p/index.ts'
import { type LinkCore, ONION_PROTOCOL } from '../circuit/index.ts'
import { CELL_BYTES } from '../onion/index.ts'
import { type LinkUser, OnionLinks } from './onion-links.ts'

interface Member {
  readonly node: P2pNode
  readonly links: OnionLinks
  readonly up: LinkCore[]
  readonly down: LinkCore[]
  open(other: Member): Promise<LinkCore>
}

const CIRCUITS_PER_LINK = 4
const NO_CIRCUIT = { nextBody: () => false, created: () => {}, relayed: () => {}, ended: () => {} }

/** @param dialsMayLand dials reach the other side once it resolves */
function setUp(dialsMayLand = Promise.resolve()): { clock: ManualClock; member: (node?: P2pNode) => Member } {
  const clock = new ManualClock()
  const connect = memoryNetwork()
  const slowly = (node: P2pNode): P2pNode => ({
    ...node,
    openChannel: (...wish) => dialsMayLand.then(() => node.openChannel(...wish))
  })
  let members = 0
  const member = (node = slowly(connect(++members))): Member => {
    const links = new OnionLinks({ node, clock, random: systemRandom, maxLinks: 3 })
    const up: LinkCore[] = []
    const down: LinkCore[] = []
    const user: LinkUser = {
      up: core => up.push(core),
      down: core => down.push(core),
      frame: (core, frame) => core.receive(frame)
    }
    links.serve(user, CIRCUITS_PER_LINK)
    return { node, links, up, down, open: other => links.open(other.node.publicKey, [], { timeoutMs: 1000 }) }
  }
  return { clock, member }
}

const settled = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

describe('onion links of a node', () => {
  it('are made once for a neighbour, however many ask at once', async () => {
    const { member } = setUp()
    const [a, b] = [member(), member()]
    const cores = await Promise.all([a.open(b), a.open(b), a.open(b)])
    expect(new Set(cores).size).toBe(1)
    expect([a.up.length, b.up.length]).toEqual([1, 1])
    expect(await b.open(a)).toBe(b.up[0])
  })

  it('come to the same choice at both ends when both dial at once, and the other link goes when it is idle', async () => {
    const crossing = Promise.withResolvers<void>()
    const { clock, member } = setUp(crossing.promise)
    const [a, b] = [member(), member()]
    const dials = [a.open(b), b.open(a)]
    crossing.resolve()
    await Promise.all(dials)
    expect([a.links.count, b.links.count]).toEqual([2, 2])
    const [chosenByA, chosenByB] = [await a.open(b), await b.open(a)]
    expect(chosenByA.open(NO_CIRCUIT)).toBeDefined()
    clock.advance(10_000)
    await settled()
    expect([a.links.count, b.links.count]).toEqual([1, 1])
    expect([chosenByA.isClosed, chosenByB.isClosed]).toEqual([false, false])
  })

  it('end when idle, not while they carry a circuit', async () => {
    const { clock, member } = setUp()
    const [a, b] = [member(), member()]
    const core = await a.open(b)
    const half = core.open(NO_CIRCUIT)
    clock.advance(600_000)
    await settled()
    // The other end sees no circuit: it was never announced, so after its own time it lets go.
    expect(a.down).toEqual([core])
    const kept = await a.open(b)
    kept.open(NO_CIRCUIT)
    expect(half?.alive).toBe(false)
    clock.advance(200_000)
    await settled()
    expect(kept.isClosed).toBe(false)
  })

  it('end when a neighbour sends what is no cell', async () => {
    const { member } = setUp()
    const [a, b] = [member(), member()]
    const core = await a.open(b)
    const channel = await b.node.openChannel({ peerId: a.node.peerId, addresses: [] }, ONION_PROTOCOL, {
      maxFrameBytes: CELL_BYTES
    })
    channel.trySend(new Uint8Array(100))
    await settled()
    expect((await channel.closed)?.code).toBe('link-closed')
    expect(core.isClosed).toBe(false)
    expect(a.down).toHaveLength(1)
  })

  it('end when a neighbour takes nothing for too long', async () => {
    const { clock, member } = setUp()
    const far = member()
    const stuck = setUp().member().node
    const stalling: P2pNode = {
      ...far.node,
      ...stuck,
      openChannel: async () => {
        const channel = await far.node.openChannel({ peerId: far.node.peerId, addresses: [] }, ONION_PROTOCOL, {
          maxFrameBytes: CELL_BYTES
        })
        return Object.assign(Object.create(channel) as Channel, {
          trySend: () => false,
          writable: () => new Promise<void>(() => {}),
          frames: () => channel.frames(),
          abort: channel.abort.bind(channel)
        })
      }
    }
    const near = member(stalling)
    const core = await near.open(far)
    core.open(NO_CIRCUIT)?.create(new Uint8Array(565))
    await settled()
    clock.advance(29_000)
    await settled()
    expect(core.isClosed).toBe(false)
    clock.advance(2_000)
    await settled()
    expect(core.isClosed).toBe(true)
    expect(near.down).toEqual([core])
  })

  it('are limited in number, both ways, and refused once stopped', async () => {
    const { member } = setUp()
    const [a, ...others] = [member(), member(), member(), member(), member()]
    for (const other of others.slice(0, 3)) await a.open(other)
    const last = others[3]
    if (last === undefined) throw new Error('no member')
    await expect(a.open(last)).rejects.toMatchObject({ code: 'limit-exceeded' })
    await last.open(a).catch(() => {})
    await settled()
    expect([a.links.count, last.links.count]).toEqual([3, 0])
    await a.links.stop()
    await a.links.stop()
    await settled()
    expect(a.links.count).toBe(0)
    await expect(a.open(last)).rejects.toMatchObject({ code: 'stopped' })
  })
  it('carry as many circuits as whoever serves on them allows, own ones included', async () => {
    const { member } = setUp()
    const core = await member().open(member())
    for (let count = 0; count < CIRCUITS_PER_LINK; count++) expect(core.open(NO_CIRCUIT)).toBeDefined()
    expect(core.open(NO_CIRCUIT)).toBeUndefined()
  })
})
