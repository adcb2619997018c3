import type { Stream } from '@libp2p/interface'

/** What this needs of @libp2p/webrtc's streams: the data channel, and what sends a list of byte arrays over it. */
interface WebRtcStream {
  readonly channel?: { bufferedAmountLowThreshold: number }
  _sendMessage?(data: Iterable<Uint8Array> & { subarray?(): Uint8Array }): void
}

/** Half of what libp2p lets wait in a data channel. */
const LOW_BYTES = 1024 * 1024

/**
 * Send what a WebRTC stream writes at once as one message, and go on before the data channel has run dry. No other stream is changed.
 *
 * Upstream habits (@libp2p/webrtc 6.0): each message is sent as two, its length of two bytes and the rest, so half of all messages carry two
 * bytes, at the price of the others; and more is sent only when nothing is left to send.
 */
export function oneMessagePerSend(stream: Stream): void {
  const inner = stream as unknown as WebRtcStream
  const sendMessage = inner._sendMessage?.bind(stream)
  if (inner.channel === undefined || sendMessage === undefined) return
  inner._sendMessage = data => sendMessage(data.subarray === undefined ? data : [data.subarray()])
  inner.channel.bufferedAmountLowThreshold = LOW_BYTES
}
