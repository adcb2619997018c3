import { randomBytes } from 'node:crypto'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Channel, createP2pNode, type P2pNode, type PeerAddresses } from '../../sdk/p2p/index.ts'
import { KitBrowser } from './p2p/browser.ts'
import type { WorkerReport } from './p2p/worker.ts'

let browser: KitBrowser
let relay: P2pNode
let bootstrap: string
const pages: Page[] = []

beforeAll(async () => {
  browser = await KitBrowser.launch()
  relay = await createP2pNode({
    seed: new Uint8Array(randomBytes(32)),
    bootstrap: [],
    listen: ['/ip4/127.0.0.1/tcp/0/ws', '/ip4/127.0.0.1/udp/0/webrtc-direct'],
    relayServer: true
  })
  relay.handle('/echo/1', { maxFrameBytes: 65_536, maxChannels: 64 }, channel => void echo(channel))
  bootstrap = relay.addresses().find(address => address.includes('/ws/')) ?? ''
})

afterEach(async () => {
  await Promise.all(pages.splice(0).map(page => page.close()))
})

afterAll(async () => {
  await browser?.close()
  await relay?.stop()
})

async function echo(channel: Channel): Promise<void> {
  try {
    for await (const frame of channel.frames()) await channel.send(frame)
  } catch (error) {
    // a page that is closed takes its channel with it
    expect(error).toMatchObject({ code: 'link-closed' })
  }
}

async function open(): Promise<Page> {
  const page = await browser.page()
  pages.push(page)
  return page
}

/** A page with a node others can dial; the node is `kit.held.node`. */
async function reachablePage(): Promise<{ page: Page; peer: PeerAddresses }> {
  const page = await open()
  const peer = await page.evaluate(async bootstrap => {
    const node = await kit.start({ bootstrap: [bootstrap], reachable: true })
    kit.held.node = node
    await node.whenReady({ timeoutMs: 20_000 })
    return { peerId: node.peerId, addresses: node.addresses() }
  }, bootstrap)
  return { page, peer }
}

describe('the same node everywhere', () => {
  it('in a page: WebSocket to Node, all transports there', async () => {
    const page = await open()
    const result = await page.evaluate(
      async ({ bootstrap, peerId }) => {
        const node = await kit.start({ bootstrap: [bootstrap] })
        await node.whenReady()
        const channel = await node.openChannel({ peerId, addresses: [] }, '/echo/1', { maxFrameBytes: 65_536 })
        await channel.send(new Uint8Array([1, 2, 3]))
        const { value } = await channel.frames().next()
        const ms = await node.ping(peerId)
        await node.stop()
        return { transports: node.transports, transport: channel.transport, value: [...(value ?? [])], ms }
      },
      { bootstrap, peerId: relay.peerId }
    )
    expect(result.value).toEqual([1, 2, 3])
    expect(result.transport).toBe('websocket')
    expect(result.ms).toBeGreaterThan(0)
    expect([...result.transports].sort()).toEqual(
      ['circuit-relay', 'webrtc', 'webrtc-direct', 'websocket', 'webtransport'].sort()
    )
  })

  it.for(['dedicated', 'service'] as const)('in a %s worker, without RTCPeerConnection', async kind => {
    const page = await open()
    const report = await page.evaluate(
      async ({ kind, bootstrap }) => {
        const { port1, port2 } = new MessageChannel()
        const answer = new Promise<WorkerReport>(resolve => {
          port1.onmessage = event => resolve(event.data)
        })
        if (kind === 'dedicated') new Worker('/worker.js', { type: 'module' }).postMessage(bootstrap, [port2])
        else {
          const registration = await navigator.serviceWorker.register('/worker.js', { type: 'module' })
          await navigator.serviceWorker.ready
          registration.active?.postMessage(bootstrap, [port2])
        }
        return answer
      },
      { kind, bootstrap }
    )
    expect(report.error).toBeUndefined()
    expect(report.echoed).toBe(1_000_000)
    expect([...report.transports].sort()).toEqual(['circuit-relay', 'websocket', 'webtransport'])
    expect([...report.unavailable].sort()).toEqual(['webrtc', 'webrtc-direct'])
  })
})

describe('page to page', () => {
  it('connects over WebRTC through a relay and carries bytes both ways', async () => {
    const callee = await reachablePage()
    const caller = await reachablePage()
    expect(callee.peer.addresses.some(address => address.includes('/webrtc/'))).toBe(true)
    await callee.page.evaluate(() => {
      const node = kit.hold('node')
      node.handle('/echo/1', { maxFrameBytes: 65_536, maxChannels: 8 }, async channel => {
        for await (const frame of channel.frames()) await channel.send(frame)
      })
    })
    const result = await caller.page.evaluate(async peer => {
      const node = kit.hold('node')
      const channel = await node.openChannel(peer, '/echo/1', {
        maxFrameBytes: 65_536
      })
      const sending = (async () => {
        for (let i = 0; i < 100; i++) await channel.send(new Uint8Array(50_000).fill(i))
      })()
      let wrong = 0
      let index = 0
      for await (const frame of channel.frames()) {
        if (frame.length !== 50_000 || frame.some(byte => byte !== index)) wrong++
        if (++index === 100) break
      }
      await sending
      await channel.close()
      return { transport: channel.transport, index, wrong, closed: await channel.closed }
    }, callee.peer)
    expect(result).toEqual({ transport: 'webrtc', index: 100, wrong: 0, closed: undefined })
  })
})
