import type { ObjContext } from '../../sdk/obj/index.ts'
import type { Channel } from '../../sdk/p2p/index.ts'

type Frames = AsyncIterableIterator<Uint8Array>

/** A node all of whose channels hand out what `filter` makes of the frames that came: to count them, or to lose some. */
export function filteredNode(node: ObjContext['node'], filter: (frames: Frames) => Frames): ObjContext['node'] {
  const filtered = (channel: Channel): Channel =>
    new Proxy(channel, {
      get: (target, name) => {
        if (name === 'frames') return () => filter(target.frames())
        const value: unknown = Reflect.get(target, name, target)
        return typeof value === 'function' ? value.bind(target) : value
      }
    })
  return {
    peerId: node.peerId,
    publicKey: node.publicKey,
    dht: node.dht,
    peers: () => node.peers(),
    addresses: () => node.addresses(),
    openChannel: async (...args) => filtered(await node.openChannel(...args)),
    handle: (protocol, options, onChannel) => node.handle(protocol, options, channel => onChannel(filtered(channel)))
  }
}
