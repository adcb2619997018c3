/** How the bytes travel to a peer. */
export type TransportName = 'websocket' | 'webrtc' | 'webrtc-direct' | 'webtransport' | 'circuit-relay'
