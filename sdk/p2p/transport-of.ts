import type { Multiaddr } from '@multiformats/multiaddr'
import type { TransportName } from './transport-name.ts'

/** The transport an address uses; of a WebRTC address that is signalled over a relay, WebRTC. */
export function transportOf(address: Multiaddr): TransportName {
  const names = new Set(address.getComponents().map(component => component.name))
  if (names.has('webrtc')) return 'webrtc'
  if (names.has('p2p-circuit')) return 'circuit-relay'
  if (names.has('webrtc-direct')) return 'webrtc-direct'
  if (names.has('webtransport')) return 'webtransport'
  return 'websocket'
}
