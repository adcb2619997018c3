/** Two P2P nodes and the channels between them in memory: for shells whose peers must lie, stall or vanish on command. */
import { CraftecError } from '../../sdk/errors/index.ts'
import { identityFromSeed, type PeerId } from '../../sdk/identity/index.ts'
import type { Channel, P2pNode, PeerAddresses } from '../../sdk/p2p/index.ts'

type Node = Pick<P2pNode, 'peerId' | 'publicKey' | 'openChannel' | 'handle' | 'peers'>

class End implements Channel {
  readonly transport = 'websocket'
  readonly remotePeer: Channel['remotePeer']
  readonly remoteKey: Uint8Array
  readonly direction: Channel['direction']
  readonly maxFrameBytes: number
  readonly closed: Promise<CraftecError | undefined>
  other: End | undefined
  #settle: (why: CraftecError | undefined) => void = () => {}
  #ended: { why: CraftecError | undefined } | undefined
  #queue: Uint8Array[] = []
  #wake: () => void = () => {}

  constructor(remote: Node, direction: Channel['direction'], maxFrameBytes: number) {
    this.remotePeer = remote.peerId
    this.remoteKey = remote.publicKey
    this.direction = direction
    this.maxFrameBytes = maxFrameBytes
    this.closed = new Promise(resolve => {
      this.#settle = resolve
    })
  }

  trySend(frame: Uint8Array): boolean {
    if (this.#ended || !this.other) return false
    this.other.#queue.push(frame.slice())
    this.other.#wake()
    return true
  }

  async writable(): Promise<void> {
    if (this.#ended) throw new CraftecError('link-closed', 'ended')
  }

  async send(frame: Uint8Array): Promise<void> {
    if (!this.trySend(frame)) throw new CraftecError('link-closed', 'ended')
  }

  async *frames(): AsyncIterableIterator<Uint8Array> {
    for (;;) {
      const frame = this.#queue.shift()
      if (frame) yield frame
      else if (this.#ended?.why) throw this.#ended.why
      else if (this.#ended) return
      else
        await new Promise<void>(resolve => {
          this.#wake = resolve
        })
    }
  }

  async close(): Promise<void> {
    this.#end(undefined)
    if (this.other) this.other.#end(undefined)
  }

  abort(error: CraftecError): void {
    this.#end(error)
    if (this.other) this.other.#end(new CraftecError('link-closed', 'reset by the peer'))
  }

  #end(why: CraftecError | undefined): void {
    this.#ended ??= { why }
    this.#settle(this.#ended.why)
    this.#wake()
  }
}

/** A network of nodes that can open channels to each other; only what channels need is there. */
export function memoryNetwork(): (name: number) => P2pNode {
  const handlers = new Map<string, (from: Node, maxFrameBytes: number) => Channel>()
  return name => {
    const { peerId, publicKey } = identityFromSeed(new Uint8Array(32).fill(name))
    const linked = new Set<PeerId>()
    const node: Node = {
      peerId,
      publicKey,
      peers: () => [...linked],
      handle: (protocol, { maxFrameBytes }, onChannel) => {
        const key = `${peerId} ${protocol}`
        handlers.set(key, (from, max) => {
          const [near, far] = [new End(node, 'outbound', max), new End(from, 'inbound', maxFrameBytes)]
          near.other = far
          far.other = near
          onChannel(far)
          return near
        })
        return () => handlers.delete(key)
      },
      openChannel: async (peer: PeerAddresses, protocol, options) => {
        const open = handlers.get(`${peer.peerId} ${protocol}`)
        if (!open) throw new CraftecError('link-failed', 'nobody there')
        linked.add(peer.peerId as PeerId)
        return open(node, options.maxFrameBytes)
      }
    }
    return node as P2pNode
  }
}
