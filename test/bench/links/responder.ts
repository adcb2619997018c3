import type { Channel, P2pNode } from '../../../sdk/p2p/index.ts'
import { Libp2pNode } from '../../../sdk/p2p/libp2p-node.ts'
import {
  CHANNEL_ECHO,
  CHANNEL_SINK,
  CHANNEL_STALL,
  MAX_FRAME_BYTES,
  RAW_SINK,
  ROUND_BYTES,
  STALL_BYTES,
  STALL_MS
} from './kinds.ts'

/** The far end of every measurement; runs in Node and in a page. */
export async function respond(node: P2pNode): Promise<void> {
  const options = { maxFrameBytes: MAX_FRAME_BYTES, maxChannels: 256 }
  node.handle(CHANNEL_SINK, options, channel => untilItEnds(sink(channel)))
  node.handle(CHANNEL_ECHO, options, channel => untilItEnds(echo(channel)))
  node.handle(CHANNEL_STALL, options, channel => untilItEnds(stall(channel)))
  if (!(node instanceof Libp2pNode)) throw new Error('this suite compares with the libp2p node below')
  await node.libp2p.handle(
    RAW_SINK,
    stream => {
      let bytes = 0
      stream.addEventListener('message', ({ data }) => {
        bytes += data.byteLength
        if (bytes < ROUND_BYTES) return
        bytes = 0
        stream.send(new Uint8Array(1))
      })
    },
    { runOnLimitedConnection: true, maxInboundStreams: 256 }
  )
}

/** A channel that is cut ends its loop with an error; the measuring side reports it. */
function untilItEnds(loop: Promise<void>): void {
  loop.catch(() => {})
}

async function sink(channel: Channel): Promise<void> {
  let bytes = 0
  for await (const frame of channel.frames()) {
    bytes += frame.length
    if (bytes < ROUND_BYTES) continue
    bytes = 0
    await channel.send(new Uint8Array(1))
  }
}

async function echo(channel: Channel): Promise<void> {
  for await (const frame of channel.frames()) await channel.send(frame)
}

/** Reads nothing for {@link STALL_MS}, then everything, and says how many bytes that were. */
async function stall(channel: Channel): Promise<void> {
  await new Promise(resolve => setTimeout(resolve, STALL_MS))
  await channel.send(new Uint8Array(1))
  let bytes = 0
  for await (const frame of channel.frames()) {
    bytes += frame.length
    if (bytes >= STALL_BYTES) break
  }
  await channel.send(new Uint8Array(1))
}
