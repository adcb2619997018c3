/** `createCraftec` on Node, against real relays in this process: the life of a node and what its client promises. */
import { createServer, type Server } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemRandom } from '../../sdk/async/index.ts'
import { identityFromSeed } from '../../sdk/identity/index.ts'
import { CraftecError, type CraftecOptions, createCraftec } from '../../sdk/index.ts'
import { memoryClientStore, NetClient, serveDirectory } from '../../sdk/net/index.ts'
import { createP2pNode, type P2pNode } from '../../sdk/p2p/index.ts'
import { type LocalSite, localSite } from '../kit/local-site.ts'
import { type LoopbackOnionNetwork, startLoopbackOnionNetwork } from '../kit/loopback-onion-network.ts'

const PLAIN = { allowInsecure: true }
/** Nobody listens there. */
const DEAD = '/ip4/127.0.0.1/tcp/9/ws/p2p/12D3KooWGRUVh9fbJCPaM2HYmEwaVpNyHYwyPkLXvHpTQGpyCvtn'
let network: LoopbackOnionNetwork
let site: LocalSite
let bootstrap: string[]

beforeAll(async () => {
  network = await startLoopbackOnionNetwork(6)
  const server = network.relays[0]?.node
  if (!server) throw new Error('no relay')
  serveDirectory(server, network.directory)
  bootstrap = server.addresses()
  site = await localSite((request, response) => void response.end(`you asked for ${request.url}`))
})

afterAll(async () => {
  await site[Symbol.asyncDispose]()
  await network.stop()
})

async function codeOf(task: Promise<unknown>): Promise<string> {
  return task.then(
    () => 'no error',
    error => (error instanceof CraftecError ? error.code : `untyped: ${String(error)}`)
  )
}

async function echoServer(): Promise<{ port: number; server: Server }> {
  const server = createServer(socket => socket.on('error', () => {}).pipe(socket))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return { port: typeof address === 'object' && address ? address.port : 0, server }
}

describe('createCraftec', () => {
  it('fetches, tells its state, stops twice, and starts again as somebody else', async () => {
    const peers: string[] = []
    const p2p: CraftecOptions['p2p'] = async options => {
      const node = await createP2pNode(options)
      peers.push(node.peerId)
      return node
    }
    const craft = await createCraftec({ bootstrap, p2p })
    const states: string[] = []
    craft.onState(({ status }) => states.push(status))
    const response = await craft.net.fetch(`${site.origin}/a`, PLAIN)
    expect(await response.text()).toBe('you asked for /a')
    expect(craft.net.explain(response).path).toHaveLength(4)
    expect(craft.net.directory().length).toBe(7)
    expect(craft.state.status).toBe('ready')

    await Promise.all([craft.stop(), craft.stop()])
    expect(craft.state).toEqual({ status: 'stopped' })
    expect(await codeOf(craft.net.fetch(site.origin, PLAIN))).toBe('stopped')
    expect(craft.net.circuits()).toEqual([])

    await craft.start()
    await craft.start()
    expect(await (await craft.net.fetch(`${site.origin}/b`, PLAIN)).text()).toBe('you asked for /b')
    await craft[Symbol.asyncDispose]()
    expect(new Set(peers).size).toBe(2)
    expect(peers).not.toContain(craft.identity.peerId)
    expect(states[0]).toMatch(/connecting|ready/)
    expect(states.at(-1)).toBe('stopped')
  })

  const WALLET = { endpoints: ['http://127.0.0.1:1'], cluster: 'localnet' }
  it.each<[string, unknown, string]>([
    ['an unknown option', { bootstrap: [DEAD], hop: 3 }, 'unknown-option'],
    ['an unknown net option', { bootstrap: [DEAD], net: { proxy: true } }, 'unknown-option'],
    ['an unknown kernel', { bootstrap: [DEAD], obj: { wasmUrls: { rlnc: 'x.wasm' } } }, 'unknown-option'],
    ['no bootstrap', { bootstrap: [] }, 'invalid-argument'],
    ['a bootstrap that is no multiaddr', { bootstrap: ['http://relay.test'] }, 'invalid-argument'],
    ['a bootstrap without a peer', { bootstrap: ['/ip4/127.0.0.1/tcp/1/ws'] }, 'invalid-argument'],
    ['six hops', { bootstrap: [DEAD], hops: 6 }, 'invalid-argument'],
    ['another storage', { bootstrap: [DEAD], storage: 'cookies' }, 'invalid-argument'],
    ['an unknown relay option', { bootstrap: [DEAD], relay: { exit: true } }, 'unknown-option'],
    ['a relay that is no option', { bootstrap: [DEAD], relay: null }, 'invalid-argument'],
    ['a short relay seed', { bootstrap: [DEAD], relay: { seed: new Uint8Array(31) } }, 'invalid-argument'],
    ['a relay country that is none', { bootstrap: [DEAD], relay: { country: 'Austria' } }, 'invalid-argument'],
    ['an unknown wallet option', { bootstrap: [DEAD], wallet: { ...WALLET, seed: [] } }, 'unknown-option'],
    ['a wallet without a chain', { bootstrap: [DEAD], wallet: { ...WALLET, endpoints: [] } }, 'invalid-argument'],
    ['a wallet of no known cluster', { bootstrap: [DEAD], wallet: { ...WALLET, cluster: 'main' } }, 'invalid-argument'],
    ['a relay bandwidth below zero', { bootstrap: [DEAD], relay: { bandwidthKiBps: -1 } }, 'invalid-argument']
  ])('refuses %s', async (_, options, code) => {
    expect(await codeOf(createCraftec(options as CraftecOptions))).toBe(code)
  })

  it('takes kernels from where they are said to be, and says which engine it got', async () => {
    const at = (name: string): URL => new URL(`../../wasm/dist/${name}.wasm`, import.meta.url)
    const engines = async (coding: string, hashing: string) => {
      await using craft = await createCraftec({
        bootstrap: network.relays[0]?.node.addresses() ?? [],
        storage: 'memory',
        obj: { wasmUrls: { coding: { strict: at(coding), relaxed: at('nowhere') }, hashing: at(hashing) } }
      })
      return craft.obj.engines()
    }
    const here = { codec: 'inline', store: 'memory' }
    expect(await engines('rlnc-strict', 'obj-hash')).toEqual({ coding: 'wasm-simd', hashing: 'wasm-simd', ...here })
    expect(await engines('nowhere', 'nowhere')).toEqual({ coding: 'js', hashing: 'js', ...here })
  })

  it('without a network, fails in time with the reason, and never goes out by itself', async () => {
    await using craft = await createCraftec({ bootstrap: [DEAD] })
    const seen = site.seen.length
    expect(await codeOf(craft.net.fetch(site.origin, { ...PLAIN, timeoutMs: 5_000 }))).toBe('bootstrap-unreachable')
    expect(await codeOf(craft.net.connect(`127.0.0.1:${site.port}`, { timeoutMs: 5_000 }))).toBe(
      'bootstrap-unreachable'
    )
    expect(craft.state).toEqual({ status: 'degraded', why: 'bootstrap-unreachable' })
    expect(site.seen.length).toBe(seen)
  })

  it('a call that waits ends when the node is stopped', async () => {
    await using silent = await localSite(() => {})
    const craft = await createCraftec({ bootstrap })
    const waiting = codeOf(craft.net.fetch(silent.origin, PLAIN))
    while (silent.seen.length === 0) await new Promise(resolve => setImmediate(resolve))
    await craft.stop()
    expect(['stopped', 'circuit-destroyed']).toContain(await waiting)
  })
})

describe('a node that relays', () => {
  /** Start, stop and start again; the PeerId of each start. */
  async function twoStarts(relay: NonNullable<CraftecOptions['relay']>): Promise<string[]> {
    const peers: string[] = []
    const craft = await createCraftec({
      bootstrap,
      relay,
      p2p: async options => {
        const node = await createP2pNode(options)
        peers.push(node.peerId)
        return node
      }
    })
    expect(craft.relayStats()).toMatchObject({ circuits: 0, draining: false })
    await craft.stop()
    expect(craft.relayStats()).toBeUndefined()
    await craft.start()
    await craft.stop()
    return peers
  }

  it('is somebody else at every start, unless it is given who to be', async () => {
    const [first, second] = await twoStarts(true)
    expect(first).not.toBe(second)
    const seed = systemRandom(32)
    const { peerId } = identityFromSeed(seed)
    expect(await twoStarts({ seed })).toEqual([peerId, peerId])
  })

  it('is refused where nobody could dial it, and leaves nothing behind', async () => {
    let node: P2pNode | undefined
    const start = createCraftec({
      bootstrap,
      relay: true,
      p2p: async options => {
        node = await createP2pNode({ ...options, transports: { webrtc: false } })
        return node
      }
    })
    expect(await codeOf(start)).toBe('unsupported')
    expect(node?.state).toEqual({ status: 'stopped' })
  })

  it('without being asked, does not relay', async () => {
    await using craft = await createCraftec({ bootstrap, relay: false })
    expect(craft.relayStats()).toBeUndefined()
  })
})

describe('NetClient', () => {
  it('connects to a port and carries bytes both ways', async () => {
    const { port, server } = await echoServer()
    await using craft = await createCraftec({ bootstrap, hops: 1 })
    const { readable, writable } = await craft.net.connect(`127.0.0.1:${port}`)
    const writer = writable.getWriter()
    await writer.write(new TextEncoder().encode('there and back'))
    await writer.close()
    expect(await new Response(readable as ReadableStream<Uint8Array<ArrayBuffer>>).text()).toBe('there and back')
    server.close()
  })

  it('a refused connection says why', async () => {
    const { port, server } = await echoServer()
    await new Promise(resolve => server.close(resolve))
    await using craft = await createCraftec({ bootstrap, hops: 1 })
    expect(await codeOf(craft.net.connect(`127.0.0.1:${port}`))).toBe('connect-failed')
    expect(await codeOf(craft.net.connect(`127.0.0.2:${port}`))).toBe('exit-refused')
    expect(await codeOf(craft.net.connect('127.0.0.1', {}))).toBe('invalid-argument')
    expect(await codeOf(craft.net.connect(`127.0.0.1:${port}`, { hop: 1 } as object))).toBe('unknown-option')
  })

  it('two origins never share a circuit, one origin does, and newPath ends both', async () => {
    await using other = await localSite((_, response) => void response.end('other'))
    await using craft = await createCraftec({ bootstrap })
    const circuitOf = async (url: string): Promise<string> => {
      const response = await craft.net.fetch(url, PLAIN)
      await response.text()
      return craft.net.explain(response).circuitId
    }
    const [first, again, elsewhere] = [
      await circuitOf(site.origin),
      await circuitOf(site.origin),
      await circuitOf(other.origin)
    ]
    expect(again).toBe(first)
    expect(elsewhere).not.toBe(first)
    craft.net.newPath()
    const after = [await circuitOf(site.origin), await circuitOf(other.origin)]
    expect(new Set([first, elsewhere, ...after]).size).toBe(4)
  })

  it('keeps its guard and the directory for the next visit', async () => {
    const store = { ...memoryClientStore(), close: () => {} }
    const visit = async (addresses: readonly string[]): Promise<string | undefined> => {
      const node = await createP2pNode({ seed: systemRandom(32), bootstrap: addresses, allowPrivateAddresses: true })
      const client = new NetClient({ node, bootstrap: addresses, store })
      try {
        await client.start()
        const response = await client.fetch(site.origin, PLAIN)
        await response.text()
        return client.explain(response).path[0]?.identity
      } finally {
        await client.stop()
        await node.stop()
      }
    }
    const first = await visit(bootstrap)
    expect(first).toBeDefined()
    for (let turn = 0; turn < 3; turn++) expect(await visit(bootstrap)).toBe(first)
    // With no bootstrap node left, the stored directory is the way in.
    expect(await visit([DEAD])).toBe(first)
  })

  it('goes around a relay that died, and the caller sees nothing of it', async () => {
    const nodes: P2pNode[] = []
    await using craft = await createCraftec({
      bootstrap,
      hops: 2,
      p2p: async options => {
        const node = await createP2pNode(options)
        nodes.push(node)
        return node
      }
    })
    const before = await craft.net.fetch(site.origin, PLAIN)
    await before.text()
    const [, middle] = craft.net.circuits().find(({ use }) => use === 'used')?.hops ?? []
    const victim = network.relays.find(
      ({ descriptor }) => middle !== undefined && Buffer.compare(descriptor.identity, middle.identity) === 0
    )
    // The first relay serves the directory to the other tests; this one comes last.
    await victim?.kill()
    craft.net.newPath()
    for (let turn = 0; turn < 3; turn++) {
      const response = await craft.net.fetch(`${site.origin}/${turn}`, PLAIN)
      expect(await response.text()).toBe(`you asked for /${turn}`)
      craft.net.newPath()
    }
    expect(nodes).toHaveLength(1)
  })
})
