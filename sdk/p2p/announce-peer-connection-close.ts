import type { UpgradeHook } from './upgrade-hook.ts'

/**
 * Tell listeners of an RTCPeerConnection that it was closed.
 *
 * Upstream defect (@libp2p/webrtc 6.0; js-libp2p #3567): the transport keeps a listener per connection on its shutdown
 * signal, and removes it on a `close` event of the RTCPeerConnection. Browsers fire no such event (W3C WebRTC defines
 * none for `close()`), so every connection a page ever made stays in memory, peer connection and all.
 */
export const announcePeerConnectionClose: UpgradeHook = connection => {
  const { peerConnection } = connection as { peerConnection?: EventTarget }
  if (peerConnection === undefined) return
  connection.addEventListener('close', () => peerConnection.dispatchEvent(new Event('close')), { once: true })
}
