/**
 * Links that lose one message in ten, and let one in ten be overtaken: what encrypts them notices, so that links break instead of
 * lying. A get goes on over others and over new ones, blames nobody for a lie, and gives the right bytes.
 */
import { afterEach, describe, expect, it } from 'vitest'
import { demoBytes } from '../../relay-server/devnet/demo-bytes.ts'
import {
  findHolders,
  MAX_TRANSFER_FRAME_BYTES,
  ObjClient,
  type PeerFault,
  parseLink,
  TRANSFER_PROTOCOL
} from '../../sdk/obj/index.ts'
import { chaosRandom, chaosRounds } from '../kit/chaos.ts'
import { filteredNode } from '../kit/filtered-node.ts'
import { type LossyLink, lossyLink } from '../kit/lossy-link.ts'
import { loopbackStorage } from '../kit/storage-nodes.ts'

const HOLDERS = 6
const FILE_BYTES = 3_000_011
const ROUNDS = chaosRounds({ ordinary: 1, long: 10 })
/** A connection that stands: handshakes are some dozen messages, and with one in five harmed hardly any would succeed. */
const SPARED = 24

let links: LossyLink[] = []
afterEach(() => {
  for (const link of links) link.close()
  links = []
})

describe.each(Array.from({ length: ROUNDS }, (_, round) => round))('links that lose and reorder, round %i', round => {
  it('break, and a get succeeds all the same', { timeout: 120_000 }, async () => {
    const random = chaosRandom(`obj-lossy-links ${round}`)
    const around = new Map<string, string>()
    await using network = await loopbackStorage(TRANSFER_PROTOCOL, MAX_TRANSFER_FRAME_BYTES)
    const holders = await Promise.all(Array.from({ length: HOLDERS }, () => network.holder()))
    const bytes = demoBytes(Math.floor(random() * 1_000_000), FILE_BYTES)
    const publisher = new ObjClient(await network.client())
    const { link, distribution } = await publisher.put(bytes)
    expect(await distribution.done).toMatchObject({ status: 'done', peers: HOLDERS })
    await publisher.stop()
    for (const { context } of holders)
      for (const address of context.node.addresses()) {
        const lossy = await lossyLink(address, { lost: 0.1, overtaken: 0.1, spared: SPARED, random })
        links.push(lossy)
        around.set(address, lossy.address)
      }
    const context = await network.client()
    const { node } = context
    const opened: string[] = []
    const reader = new ObjClient({
      ...context,
      node: {
        peerId: node.peerId,
        publicKey: node.publicKey,
        dht: node.dht,
        peers: () => node.peers(),
        addresses: () => node.addresses(),
        handle: (...args) => node.handle(...args),
        openChannel: (peer, ...rest) => {
          const addresses = peer.addresses.map(address => around.get(address) ?? address)
          if (addresses.some((address, at) => address !== peer.addresses[at])) opened.push(peer.peerId)
          return node.openChannel({ ...peer, addresses }, ...rest)
        }
      }
    })
    const faults: PeerFault[] = []
    const read = await reader.get(link, { onFault: fault => faults.push(fault) }).bytes()
    const harmed = links.reduce((sum, lossy) => sum + lossy.harmed, 0)
    const moment = `${harmed} messages harmed, ${opened.length} channels opened`
    expect(Buffer.compare(read, bytes), moment).toBe(0)
    expect(harmed, moment).toBeGreaterThan(0)
    expect(
      faults.filter(({ why }) => why !== 'stalled'),
      moment
    ).toEqual([])
    await reader.stop()
  })

  it('and go unnoticed give the right bytes or a typed error, and never others', { timeout: 120_000 }, async () => {
    const random = chaosRandom(`obj-lossy-channels ${round}`)
    await using network = await loopbackStorage(TRANSFER_PROTOCOL, MAX_TRANSFER_FRAME_BYTES)
    await Promise.all(Array.from({ length: HOLDERS }, () => network.holder()))
    const bytes = demoBytes(Math.floor(random() * 1_000_000), FILE_BYTES)
    const publisher = new ObjClient(await network.client())
    const { link, distribution } = await publisher.put(bytes)
    expect(await distribution.done).toMatchObject({ status: 'done', peers: HOLDERS })
    await publisher.stop()
    let harmed = 0
    const lossy = async function* (frames: AsyncIterableIterator<Uint8Array>): AsyncIterableIterator<Uint8Array> {
      let late: Uint8Array | undefined
      for await (const frame of frames) {
        const drawn = random()
        if (drawn < 0.2) harmed++
        if (drawn < 0.1) continue
        if (drawn < 0.2 && late === undefined) {
          late = frame
          continue
        }
        yield frame
        if (late) yield late
        late = undefined
      }
    }
    const context = await network.client()
    const { contentId, manifestId } = parseLink(link)
    const [relay] = context.relays(contentId)
    if (!relay || !manifestId) throw new Error('a link names its manifest, and a network has a relay')
    await expect.poll(() => findHolders(context.node, relay, contentId), { timeout: 20_000 }).toHaveLength(HOLDERS)
    const reader = new ObjClient({ ...context, node: filteredNode(context.node, lossy) })
    const outcome = await reader
      .get(link, { idleTimeoutMs: 5_000 })
      .bytes()
      .catch((error: unknown) => error)
    expect(harmed).toBeGreaterThan(0)
    if (outcome instanceof Uint8Array) expect(Buffer.compare(outcome, bytes)).toBe(0)
    else expect(outcome).toMatchObject({ name: 'CraftecError', code: 'content-unavailable' })
    await reader.stop()
  })
})
