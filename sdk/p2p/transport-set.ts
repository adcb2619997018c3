import { circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { webRTC, webRTCDirect } from '@libp2p/webrtc'
import { webSockets } from '@libp2p/websockets'
import { webTransport } from '@libp2p/webtransport'
import { announcePeerConnectionClose } from './announce-peer-connection-close.ts'
import { closeAbortedWebSocket } from './close-aborted-websocket.ts'
import { keepInitChannel } from './keep-init-channel.ts'
import { oneMessagePerWrite } from './one-message-per-write.ts'
import type { P2pOptions, TransportFactory } from './p2p-options.ts'
import { resetAfterWrites } from './reset-after-writes.ts'
import type { TransportName } from './transport-name.ts'
import { type UpgradeHook, withUpgradeHook } from './upgrade-hook.ts'

/**
 * Without STUN servers, which libp2p would otherwise ask: four public ones learn the address of every user. Peers that
 * host candidates cannot connect stay on the relayed connection.
 */
const RTC_CONFIGURATION = { iceServers: [] }

const fixPeerConnection: UpgradeHook = (connection, options) => {
  keepInitChannel(connection, options)
  announcePeerConnectionClose(connection, options)
}

const fixWebSocket: UpgradeHook = (connection, options) => {
  closeAbortedWebSocket(connection, options)
  oneMessagePerWrite(connection, options)
}

export interface TransportSet {
  readonly factories: readonly TransportFactory[]
  readonly available: readonly TransportName[]
  readonly unavailable: readonly { readonly name: TransportName; readonly why: string }[]
}

/** What a runtime has; service workers, for one, have no RTCPeerConnection. */
export interface RuntimeFeatures {
  readonly webSocket: boolean
  readonly webRtc: boolean
  readonly webTransport: boolean
  readonly node: boolean
}

export function detectFeatures(): RuntimeFeatures {
  // bundlers may define `process` in browsers; only Node has it without any of the browser's global scopes
  const node = 'process' in globalThis && !('document' in globalThis) && !('WorkerGlobalScope' in globalThis)
  return {
    webSocket: typeof WebSocket === 'function',
    // on Node the library brings its own RTCPeerConnection
    webRtc: node || typeof RTCPeerConnection === 'function',
    webTransport: typeof WebTransport === 'function',
    node
  }
}

/** Choose the transports for this runtime, in order of preference. */
export function selectTransports(
  options: Pick<P2pOptions, 'transports' | 'extraTransports'>,
  features: RuntimeFeatures = detectFeatures()
): TransportSet {
  const candidates: { name: TransportName; missing: string | undefined; factory: () => TransportFactory }[] = [
    {
      name: 'webtransport',
      missing: features.webTransport ? undefined : 'this runtime has no WebTransport',
      factory: () => withUpgradeHook(webTransport(), resetAfterWrites)
    },
    {
      name: 'websocket',
      missing: features.webSocket ? undefined : 'this runtime has no WebSocket',
      factory: () => withUpgradeHook(webSockets(), fixWebSocket)
    },
    {
      name: 'webrtc',
      missing: features.webRtc ? undefined : 'this runtime has no RTCPeerConnection',
      factory: () => withUpgradeHook(webRTC({ rtcConfiguration: RTC_CONFIGURATION }), fixPeerConnection)
    },
    {
      name: 'webrtc-direct',
      missing: features.webRtc ? undefined : 'this runtime has no RTCPeerConnection',
      factory: () => withUpgradeHook(webRTCDirect({ rtcConfiguration: RTC_CONFIGURATION }), fixPeerConnection)
    },
    { name: 'circuit-relay', missing: undefined, factory: () => circuitRelayTransport() }
  ]
  const factories: TransportFactory[] = []
  const available: TransportName[] = []
  const unavailable: { name: TransportName; why: string }[] = []
  for (const { name, missing, factory } of candidates) {
    const why = options.transports?.[name] === false ? 'switched off by the options' : missing
    if (why !== undefined) unavailable.push({ name, why })
    else {
      available.push(name)
      factories.push(factory())
    }
  }
  return { factories: [...factories, ...(options.extraTransports ?? [])], available, unavailable }
}
