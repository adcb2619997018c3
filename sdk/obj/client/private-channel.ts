/**
 * Storage over circuits, docs/protocol/craftobj.md §7.1: the circuit ends at the storage node itself, which is an exit into its own store
 * and nowhere else. Nobody in between knows what is asked, and the node does not know who asks.
 */
import type { PeerId } from '../../identity/index.ts'
import type { Channel } from '../../p2p/index.ts'
import { DuplexChannel, MAX_TRANSFER_FRAME_BYTES, type ObjDuplex } from '../transfer/index.ts'

/** What a stream is opened to. No such name exists outside. */
export const PRIVATE_STORAGE_HOST = 'storage.craftec'
/** Nothing else is served there (2/tcp, "compressnet", is long dead), so that no exit into the Internet is taken for a store. */
export const PRIVATE_STORAGE_PORT = 2

export function privateChannel(
  duplex: ObjDuplex,
  remote: { readonly peerId: PeerId; readonly key: Uint8Array },
  direction: Channel['direction']
): Channel {
  return new DuplexChannel(duplex, {
    remotePeer: remote.peerId,
    remoteKey: remote.key,
    direction,
    maxFrameBytes: MAX_TRANSFER_FRAME_BYTES
  })
}
