/**
 * What WebRTC in libp2p does by itself, next to what the SDK makes of it: real pages, real peer connections.
 * `kit.raw` is libp2p as it comes plus the named measures.
 */
import { randomBytes } from 'node:crypto'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createP2pNode, type P2pNode, type PeerAddresses } from '../../sdk/p2p/index.ts'
import { KitBrowser } from './p2p/browser.ts'

let browser: KitBrowser
let relay: P2pNode
let bootstrap: string
const pages: Page[] = []

beforeAll(async () => {
  browser = await KitBrowser.launch()
  relay = await createP2pNode({
    seed: new Uint8Array(randomBytes(32)),
    bootstrap: [],
    listen: ['/ip4/127.0.0.1/tcp/0/ws'],
    relayServer: true
  })
  bootstrap = relay.addresses()[0] ?? ''
})

afterEach(async () => {
  await Promise.all(pages.splice(0).map(page => page.close()))
})

afterAll(async () => {
  await browser?.close()
  await relay?.stop()
})

async function open(before?: () => void): Promise<Page> {
  const page = await browser.page(before)
  pages.push(page)
  return page
}

/** A page that others can dial over WebRTC and that takes channels of `/test/1`; the first is `kit.hold('channel')`. */
async function callee(before?: () => void): Promise<{ page: Page; peer: PeerAddresses }> {
  const page = await open(before)
  const peer = await page.evaluate(async bootstrap => {
    const node = await kit.start({ bootstrap: [bootstrap], reachable: true })
    kit.held.node = node
    kit.held.channel = new Promise(resolve => {
      node.handle('/test/1', { maxFrameBytes: 65_536, maxChannels: 8 }, resolve)
    })
    await node.whenReady({ timeoutMs: 20_000 })
    return { peerId: node.peerId, addresses: node.addresses() }
  }, bootstrap)
  return { page, peer }
}

/** As {@link callee}, on plain libp2p with the measures named. */
async function rawCallee(measures: Measure[], before?: () => void): Promise<{ page: Page; address: string }> {
  const page = await open(before)
  const address = await page.evaluate(
    async ({ bootstrap, measures }) => {
      const node = await kit.raw(measures.map(name => kit[name]))
      kit.held.raw = node
      return kit.rawAddress(node, bootstrap)
    },
    { bootstrap, measures }
  )
  return { page, address }
}

type Measure = 'keepInitChannel' | 'announcePeerConnectionClose'

describe('WebRTC dials', () => {
  /**
   * A page that is busy when its init channel opens, as pages are while they load: it hears of that 2 s later, and never
   * when the channel was closed meanwhile, for browsers drop the `open` event then.
   */
  const lateToOpen = (): void => {
    const { createDataChannel } = RTCPeerConnection.prototype
    RTCPeerConnection.prototype.createDataChannel = function (label, options) {
      const channel = createDataChannel.call(this, label, options)
      if (label !== 'init') return channel
      const state = Object.getOwnPropertyDescriptor(RTCDataChannel.prototype, 'readyState')?.get
      if (state === undefined) throw new Error('no such property')
      const readyState = (): RTCDataChannelState => state.call(channel)
      const listen = channel.addEventListener.bind(channel)
      const next = (type: string): Promise<Event> => new Promise(resolve => listen(type, resolve, { once: true }))
      let heard = false
      const closed = next('close')
      const hearing = next('open').then(async event => {
        await Promise.race([closed, new Promise(resolve => setTimeout(resolve, 2_000))])
        heard = true
        return event
      })
      Object.defineProperty(channel, 'readyState', {
        get: () => (readyState() === 'open' && !heard ? 'connecting' : readyState())
      })
      channel.addEventListener = (type: string, listener: (event: Event) => void) => {
        if (type !== 'open') return listen(type, listener)
        void hearing.then(event => {
          if (readyState() === 'open') listener(event)
        })
      }
      return channel
    }
  }

  /** Dial up to `dials` times until one fails; how many did not. */
  async function dialsUntilFailure(measures: Measure[], dials: number): Promise<number> {
    const { address } = await rawCallee(measures)
    const caller = await open(lateToOpen)
    return caller.evaluate(
      async ({ bootstrap, address, measures, dials }) => {
        const node = await kit.raw(measures.map(name => kit[name]))
        await node.dial(kit.multiaddr(bootstrap))
        for (let done = 0; done < dials; done++) {
          try {
            await node.dial(kit.multiaddr(address), { signal: AbortSignal.timeout(5_000) })
          } catch {
            return done
          }
          await kit.closeWebRtc(node)
        }
        return dials
      },
      { bootstrap, address, measures, dials }
    )
  }

  it('as libp2p comes, time out: the recipient closes the init channel before the caller saw it open', async () => {
    expect(await dialsUntilFailure([], 3)).toBe(0)
  })

  it('with the init channel left to the caller, all connect', async () => {
    expect(await dialsUntilFailure(['keepInitChannel'], 3)).toBe(3)
  })

  it('asks no STUN server: none is named to any peer connection', async () => {
    const spy = (): void => {
      const Native = RTCPeerConnection
      const servers: unknown[] = []
      Object.assign(globalThis, { iceServersSeen: servers })
      globalThis.RTCPeerConnection = class extends Native {
        constructor(configuration?: RTCConfiguration) {
          super(configuration)
          servers.push(configuration?.iceServers)
        }
      }
    }
    const seen = (page: Page): Promise<unknown> =>
      page.evaluate(() => (globalThis as { iceServersSeen?: unknown }).iceServersSeen)
    const called = await callee(spy)
    const caller = await callee(spy)
    const transport = await caller.page.evaluate(async peer => {
      return (await kit.hold('node').openChannel(peer, '/test/1', { maxFrameBytes: 65_536 })).transport
    }, called.peer)
    expect(transport).toBe('webrtc')
    expect(await seen(caller.page)).toEqual([[]])
    expect(await seen(called.page)).toEqual([[]])
  })
})

describe('memory of closed WebRTC connections', () => {
  /** Counts the peer connections that the garbage collector could not free. */
  const countPeerConnections = (): void => {
    const made: WeakRef<RTCPeerConnection>[] = []
    const Native = RTCPeerConnection
    globalThis.RTCPeerConnection = class extends Native {
      constructor(configuration?: RTCConfiguration) {
        super(configuration)
        made.push(new WeakRef(this))
      }
    }
    Object.assign(globalThis, {
      live: () => {
        ;(globalThis as unknown as { gc: () => void }).gc()
        return made.filter(reference => reference.deref() !== undefined).length
      }
    })
  }

  const CYCLES = 12
  /** Of a closed connection, a timer may hold on for a moment longer. */
  const FEW = 3

  /** Connect and disconnect, then wait until few peer connections are left, at most 10 s; how many are. */
  async function leftAfterCycles(measures: Measure[]): Promise<number> {
    const { address } = await rawCallee(measures)
    const caller = await open(countPeerConnections)
    await caller.evaluate(
      async ({ bootstrap, address, measures, cycles }) => {
        const node = await kit.raw(measures.map(name => kit[name]))
        kit.held.raw = node
        await node.dial(kit.multiaddr(bootstrap))
        for (let i = 0; i < cycles; i++) {
          await node.dial(kit.multiaddr(address))
          await kit.closeWebRtc(node)
        }
      },
      { bootstrap, address, measures, cycles: CYCLES }
    )
    const live = (): Promise<number> => caller.evaluate(() => (globalThis as unknown as { live(): number }).live())
    await expect
      .poll(live, { timeout: 10_000, interval: 250 })
      .toBeLessThanOrEqual(FEW)
      .catch(() => {})
    return live()
  }

  it('as libp2p comes, none of it is ever freed', async () => {
    expect(await leftAfterCycles(['keepInitChannel'])).toBe(CYCLES)
  })

  it('with the close announced, it is freed', async () => {
    expect(await leftAfterCycles(['keepInitChannel', 'announcePeerConnectionClose'])).toBeLessThanOrEqual(FEW)
  })

  it('a node frees the connections of peers that came and left', async () => {
    const called = await callee(countPeerConnections)
    const caller = await open()
    await caller.evaluate(
      async ({ bootstrap, peer }) => {
        for (let i = 0; i < 5; i++) {
          const node = await kit.start({ bootstrap: [bootstrap] })
          await node.whenReady()
          const channel = await node.openChannel(peer, '/test/1', { maxFrameBytes: 65_536 })
          if (channel.transport !== 'webrtc') throw new Error(`connected over ${channel.transport}`)
          await node.stop()
        }
      },
      { bootstrap, peer: called.peer }
    )
    const live = (): Promise<number> => called.page.evaluate(() => (globalThis as unknown as { live(): number }).live())
    await expect.poll(live, { timeout: 10_000, interval: 250 }).toBeLessThanOrEqual(FEW)
  })
})

describe('a reader that stalls', () => {
  it('as libp2p comes, loses its stream: nothing tells a WebRTC sender to wait', async () => {
    const { page, address } = await rawCallee(['keepInitChannel'])
    await page.evaluate(async () => {
      const node = kit.hold('raw')
      kit.held.promise = new Promise(resolve => {
        void node.handle('/stall/1', stream => {
          stream.pause()
          stream.addEventListener('close', event => resolve(event.error?.name))
        })
      })
    })
    const caller = await open()
    await caller.evaluate(
      async ({ bootstrap, address }) => {
        const node = await kit.raw([kit.keepInitChannel])
        kit.held.raw = node
        await node.dial(kit.multiaddr(bootstrap))
        const stream = await (await node.dial(kit.multiaddr(address))).newStream('/stall/1')
        for (let sent = 0; sent < 8 * 2 ** 20 && stream.status === 'open'; sent += 16_384) {
          if (!stream.send(new Uint8Array(16_384))) {
            await new Promise(resolve => {
              stream.addEventListener('drain', resolve, { once: true })
              stream.addEventListener('close', resolve, { once: true })
            })
          }
        }
      },
      { bootstrap, address }
    )
    expect(await page.evaluate(() => kit.hold('promise'))).toBe('StreamBufferError')
  })

  it('a channel stops the sender below 2 MiB, resets nothing, and goes on when the reader does', async () => {
    const called = await callee()
    const caller = await open()
    const sent = await caller.evaluate(
      async ({ bootstrap, peer }) => {
        const node = await kit.start({ bootstrap: [bootstrap] })
        kit.held.node = node
        await node.whenReady()
        const channel = await node.openChannel(peer, '/test/1', { maxFrameBytes: 65_536 })
        if (channel.transport !== 'webrtc') throw new Error(`connected over ${channel.transport}`)
        kit.held.channel = Promise.resolve(channel)
        const frame = new Uint8Array(16_384)
        let sent = 0
        // as much as is taken within a second without anybody reading
        for (const until = performance.now() + 1_000; performance.now() < until; ) {
          if (channel.trySend(frame)) sent += frame.length
          else await Promise.race([channel.writable(), new Promise(resolve => setTimeout(resolve, 50))])
        }
        kit.held.promise = (async () => {
          for (let rest = 8 * 2 ** 20 - sent; rest > 0; rest -= frame.length) await channel.send(frame)
        })()
        return sent
      },
      { bootstrap, peer: called.peer }
    )
    expect(sent).toBeGreaterThan(256 * 1024)
    expect(sent).toBeLessThanOrEqual(2 * 1024 * 1024)
    const received = await called.page.evaluate(async () => {
      let bytes = 0
      for await (const frame of (await kit.hold('channel')).frames()) {
        bytes += frame.length
        if (bytes >= 8 * 2 ** 20) break
      }
      return bytes
    })
    expect(received).toBe(8 * 2 ** 20)
    await caller.evaluate(() => kit.hold('promise'))
  })
})

describe('leaving', () => {
  /** What libp2p takes to notice a closed tab by itself is about 14 s. */
  const SOON_MS = 3_000

  async function connected(): Promise<{ leaver: Page; stayer: Page }> {
    const leaver = await callee()
    const stayer = await callee()
    await stayer.page.evaluate(
      async ({ peer, soonMs }) => {
        const node = kit.hold('node')
        const channel = await node.openChannel(peer, '/test/1', { maxFrameBytes: 65_536 })
        if (channel.transport !== 'webrtc') throw new Error(`connected over ${channel.transport}`)
        const gone = new Promise<string>(resolve => {
          node.onPeer(({ peerId, connected }) => peerId === peer.peerId && !connected && resolve('gone'))
        })
        kit.held.promise = Promise.resolve({
          gone: async () => {
            const late = new Promise<string>(resolve => setTimeout(() => resolve('still there'), soonMs))
            return [await Promise.race([gone, late]), (await channel.closed)?.code]
          }
        })
        // the goodbye stream opens in the background, in both directions' sight once a ping went round
        await node.ping(peer.peerId)
        await node.ping(peer.peerId)
      },
      { peer: leaver.peer, soonMs: SOON_MS }
    )
    return { leaver: leaver.page, stayer: stayer.page }
  }

  const outcome = (page: Page): Promise<unknown> =>
    page.evaluate(async () => ((await kit.hold('promise')) as { gone(): Promise<unknown> }).gone())

  it('a tab that is left is gone for its peers at once', async () => {
    const { leaver, stayer } = await connected()
    await leaver.goto('about:blank')
    expect(await outcome(stayer)).toEqual(['gone', 'link-closed'])
  })

  it('a node that is stopped is gone for its peers at once', async () => {
    const { leaver, stayer } = await connected()
    await leaver.evaluate(() => kit.hold('node').stop())
    expect(await outcome(stayer)).toEqual(['gone', 'link-closed'])
  })
})
