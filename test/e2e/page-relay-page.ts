/** The pages of page-relay.test.ts: one that relays for others, one that is relayed. */
import { createCraftec } from '../../sdk/index.ts'
import { openClientStore, type RelayStats } from '../../sdk/net/index.ts'
import type { GuardState } from '../../sdk/net/path/index.ts'
import { createP2pNode, type P2pNode } from '../../sdk/p2p/index.ts'
import { type NetPage, netPage } from './net/page.ts'

/** Where `createCraftec` keeps the guards of a page. */
const DATABASE = 'craftec'
const GUARDS = 'guards'

declare global {
  /** Recorded by a script that runs before all others: libp2p takes hold of the constructor when it loads. */
  var peerConnections: RTCPeerConnection[]
}

export interface RelayPage {
  /** Start a node that relays; resolves with its PeerId once others can reach it. */
  relay(bootstrap: readonly string[]): Promise<string>
  stats(): RelayStats | undefined
  /** Fetch over circuits of the relaying page's own. @returns the status, and the ends of the identities on the path */
  fetchOwn(url: string): Promise<{ readonly status: number; readonly path: readonly string[] }>
  stop(): Promise<void>
}

export interface RelayedPage extends NetPage {
  /** Make a node the guard that this page has always had. Before the page's node is opened. */
  useGuard(identityHex: string): Promise<void>
  /** Bytes that came over the page's WebRTC connections. */
  webRtcBytes(): Promise<number>
}

export function relayPage(): RelayPage {
  let craft: Awaited<ReturnType<typeof createCraftec>> | undefined
  return {
    relay: async bootstrap => {
      const started = Promise.withResolvers<P2pNode>()
      craft = await createCraftec({
        bootstrap,
        relay: { country: 'AT' },
        storage: 'memory',
        p2p: async options => {
          const node = await createP2pNode(options)
          started.resolve(node)
          return node
        }
      })
      const node = await started.promise
      await node.whenReady({ timeoutMs: 20_000 })
      return node.peerId
    },
    stats: () => craft?.relayStats(),
    fetchOwn: async url => {
      if (!craft) throw new Error('relay first')
      const response = await craft.net.fetch(url, { allowInsecure: true })
      await response.text()
      return { status: response.status, path: craft.net.explain(response).path.map(({ identity }) => identity) }
    },
    stop: async () => craft?.stop()
  }
}

export function relayedPage(): RelayedPage {
  return {
    ...netPage(),
    useGuard: async identity => {
      const never = { failingSinceMs: null, lastFailureMs: null, unlistedSinceMs: null }
      const guards: GuardState = {
        guards: [{ identity, addedAtMs: Date.now(), confirmedAtMs: Date.now(), ...never }]
      }
      const store = await openClientStore(DATABASE)
      await store.set(GUARDS, guards)
      store.close()
    },
    webRtcBytes: async () => {
      let bytes = 0
      for (const connection of globalThis.peerConnections)
        for (const report of (await connection.getStats()).values())
          if (report.type === 'data-channel') bytes += report.bytesReceived ?? 0
      return bytes
    }
  }
}
