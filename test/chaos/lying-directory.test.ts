/** A directory server that lies about where nodes are: a client believes none of it, and sends nothing there. */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { systemClock, systemRandom } from '../../sdk/async/index.ts'
import { createIdentity } from '../../sdk/identity/index.ts'
import { CraftecError, createCraftec, type Descriptor } from '../../sdk/index.ts'
import { decodeRequest, encodeAnswer, MAX_DIRECTORY_FRAME_BYTES } from '../../sdk/net/directory/directory-frame.ts'
import { DIRECTORY_PROTOCOL, decodeDescriptor, encodeDescriptor, serveDirectory } from '../../sdk/net/index.ts'
import { createP2pNode, type P2pNode } from '../../sdk/p2p/index.ts'
import { type LocalSite, localSite } from '../kit/local-site.ts'
import { type LoopbackOnionNetwork, startLoopbackOnionNetwork } from '../kit/loopback-onion-network.ts'

const HOUR_S = 3600
const PLAIN = { allowInsecure: true, timeoutMs: 8_000 }
const SIGNATURE_BYTES = 64
const SIGNED_FOR = 'craftec-descriptor-1'

let network: LoopbackOnionNetwork
let site: LocalSite
let honest: readonly string[]
let liar: P2pNode
/** What the liar serves. */
let served: readonly Uint8Array[] = []
/** Where the liar wants everybody to go. */
let trap: Server
let trapped = 0
let genuine: readonly Descriptor[]

beforeAll(async () => {
  network = await startLoopbackOnionNetwork(4)
  const server = network.relays[0]?.node
  if (server === undefined) throw new Error('no relay')
  serveDirectory(server, network.directory)
  honest = server.addresses()
  genuine = network.directory.view(systemClock.now()).nodes
  site = await localSite((_, response) => void response.end('hello'))
  trap = createServer(socket => {
    trapped++
    socket.destroy()
  }).listen(0, '127.0.0.1')
  await once(trap, 'listening')
  liar = await createP2pNode({
    seed: systemRandom(32),
    bootstrap: [],
    listen: ['/ip4/127.0.0.1/tcp/0/ws'],
    allowPrivateAddresses: true
  })
  liar.handle(DIRECTORY_PROTOCOL, { maxFrameBytes: MAX_DIRECTORY_FRAME_BYTES, maxChannels: 8 }, async channel => {
    for await (const frame of channel.frames()) {
      const request = decodeRequest(frame)
      if (request.kind !== 'list') continue
      await channel.send(encodeAnswer({ kind: 'page', next: request.since + 1n, more: false, descriptors: served }))
    }
  })
})

beforeEach(() => {
  trapped = 0
})

afterAll(async () => {
  trap?.close()
  await liar?.stop()
  await site?.[Symbol.asyncDispose]()
  await network?.stop()
})

/** The node as the liar would have it: newer than the real one, and in the trap. */
function moved(descriptor: Descriptor): Descriptor {
  const { port } = trap.address() as AddressInfo
  const addresses = [`/ip4/127.0.0.1/tcp/${port}/ws`]
  return { ...descriptor, sequence: descriptor.sequence + 1n, addresses }
}

/** A node of the liar's own, rightly signed, at the trap. */
function ownNode(times: Pick<Descriptor, 'issuedAt' | 'expiresAt'>): Promise<Uint8Array> {
  const identity = createIdentity()
  const [model] = genuine.filter(({ roles }) => roles.exit)
  if (model === undefined) throw new Error('no exit')
  const onionKeys = model.onionKeys.map(key => ({ ...key, notAfter: times.expiresAt + 48 * HOUR_S }))
  const descriptor = { ...moved(model), ...times, onionKeys, identity: identity.publicKey }
  return encodeDescriptor(descriptor, message => identity.sign(message))
}

function nowS(): number {
  return Math.floor(systemClock.now() / 1000)
}

/** What {@link encodeDescriptor} would not give out: the bytes with whatever signature `sign` makes. */
async function forged(descriptor: Descriptor, sign: (message: Uint8Array) => Promise<Uint8Array>): Promise<Uint8Array> {
  const made = Promise.withResolvers<Uint8Array>()
  const encoded = encodeDescriptor(descriptor, async message => {
    const signature = await sign(message)
    made.resolve(new Uint8Array([...message.subarray(SIGNED_FOR.length), ...signature]))
    return signature
  })
  await expect(encoded).rejects.toMatchObject({ code: 'descriptor-invalid' })
  return made.promise
}

const LIES: readonly (readonly [string, () => Promise<readonly Uint8Array[]>])[] = [
  [
    'moves nodes and signs for them with its own key',
    () => {
      const own = createIdentity()
      return Promise.all(genuine.map(node => forged(moved(node), message => own.sign(message))))
    }
  ],
  [
    'moves nodes under the signature they made for where they are',
    () => {
      const signed = network.directory.signedBytes(systemClock.now())
      return Promise.all(
        signed.map(bytes => forged(moved(decodeDescriptor(bytes)), async () => bytes.slice(-SIGNATURE_BYTES)))
      )
    }
  ],
  [
    'serves nodes that expired, and nodes of the day after tomorrow',
    () =>
      Promise.all([
        ownNode({ issuedAt: nowS() - 2 * HOUR_S, expiresAt: nowS() - 1 }),
        ownNode({ issuedAt: nowS() + 48 * HOUR_S, expiresAt: nowS() + 50 * HOUR_S })
      ])
  ]
]

describe.each(LIES)('a directory server that %s', (_, lies) => {
  beforeAll(async () => {
    served = await lies()
    expect(served.length).toBeGreaterThan(1)
  })

  it('alone, leaves the client without a directory, and nothing goes out', async () => {
    const seen = site.seen.length
    await using craft = await createCraftec({ bootstrap: liar.addresses(), hops: 0 })
    const error: unknown = await craft.net.fetch(site.origin, PLAIN).catch((error: unknown) => error)
    expect(error).toBeInstanceOf(CraftecError)
    expect(error).toMatchObject({ code: 'directory-empty' })
    expect(craft.net.directory()).toEqual([])
    expect(trapped).toBe(0)
    expect(site.seen.length).toBe(seen)
  })

  it('beside an honest one, changes no path', async () => {
    await using craft = await createCraftec({ bootstrap: [...liar.addresses(), ...honest] })
    for (let turn = 0; turn < 4; turn++) {
      expect(await (await craft.net.fetch(site.origin, PLAIN)).text()).toBe('hello')
      craft.net.newPath()
    }
    const known = craft.net.directory().map(({ identity, addresses }) => ({ identity, addresses }))
    const real = genuine.map(({ identity, addresses }) => ({ identity, addresses }))
    expect(known).toHaveLength(real.length)
    expect(known).toEqual(expect.arrayContaining(real))
    expect(trapped).toBe(0)
  })
})

describe('the trap', () => {
  it('catches whoever believes in it: a node that is signed rightly is dialled there', async () => {
    served = [await ownNode({ issuedAt: nowS(), expiresAt: nowS() + HOUR_S })]
    await using craft = await createCraftec({ bootstrap: liar.addresses(), hops: 0 })
    await expect(craft.net.fetch(site.origin, PLAIN)).rejects.toMatchObject({ code: 'circuit-failed' })
    expect(trapped).toBeGreaterThan(0)
  })
})
