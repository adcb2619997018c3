import type { UpgradeHook } from './upgrade-hook.ts'

/** What this needs of @libp2p/webrtc's muxer, whose types are not exported. */
interface DataChannelMuxer {
  onDataChannel?(channel: RTCDataChannel, early?: unknown): void
}

/**
 * Leave the `init` data channel to the side that made it.
 *
 * Upstream defect (@libp2p/webrtc 6.0, private-to-private): the dialler opens a channel named `init`, waits for its
 * `open` event and closes it. The recipient's muxer closes it too, as soon as it sees it. When that close overtakes the
 * dialler's `open` event, the dialler waits for `open` until the dial times out: on a fast link about half of all dials.
 */
export const keepInitChannel: UpgradeHook = (_connection, { muxerFactory }) => {
  if (muxerFactory === undefined) return
  const create = muxerFactory.createStreamMuxer.bind(muxerFactory)
  muxerFactory.createStreamMuxer = connection => {
    const muxer = create(connection)
    const inner = muxer as DataChannelMuxer
    const onDataChannel = inner.onDataChannel?.bind(muxer)
    if (onDataChannel !== undefined) {
      let seen = false
      inner.onDataChannel = (channel, early) => {
        // only the first: a hostile peer could otherwise keep any number of channels open here
        if (channel.label !== 'init' || seen) return onDataChannel(channel, early)
        seen = true
        channel.onmessage = null
      }
    }
    return muxer
  }
}
