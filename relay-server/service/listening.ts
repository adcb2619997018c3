import { join } from 'node:path'
import { CraftecError } from '../../sdk/errors/index.ts'
import type { TransportFactory } from '../../sdk/p2p/index.ts'
import type { RelayConfig } from '../config/index.ts'
import { createWebTransportListener, type WebTransportServerStats } from '../webtransport/index.ts'

export interface Listening {
  readonly addresses: readonly string[]
  readonly transports: readonly TransportFactory[]
  /** Counters of the WebTransport listeners that run now; none without one. */
  webTransportStats(): readonly WebTransportServerStats[]
  /** What came of it, by the addresses that the node got. */
  result(addresses: readonly string[]): {
    readonly got: readonly string[]
    readonly missing: readonly { readonly name: string; readonly why: string }[]
  }
}

const PROTOCOLS: Readonly<Record<string, RegExp>> = {
  websocket: /\/wss?(\/|$)/,
  'webrtc-direct': /\/webrtc-direct(\/|$)/,
  webtransport: /\/webtransport(\/|$)/
}

export interface ListeningRuntime {
  /** The process of WebTransport's native part ended and is started again. */
  readonly onEngineCrash?: (error: CraftecError) => void
  /** The optional native part; tests take it away. */
  readonly loadWebTransport?: typeof createWebTransportListener
}

/** @throws CraftecError `unsupported` when WebTransport is required and does not load */
export async function prepareListening(
  { listen, dataDir }: Pick<RelayConfig, 'listen' | 'dataDir'>,
  { onEngineCrash, loadWebTransport = createWebTransportListener }: ListeningRuntime = {}
): Promise<Listening> {
  const wanted: Record<string, readonly string[]> = {
    websocket: listen.websocket,
    'webrtc-direct': listen.webrtcDirect
  }
  const missing: { name: string; why: string }[] = []
  const transports: TransportFactory[] = []
  let webTransportStats = (): readonly WebTransportServerStats[] => []
  if (listen.webtransport !== 'off') {
    const { transport, unavailable, stats } = await loadWebTransport({
      certificatePath: join(dataDir, 'webtransport.json'),
      ...(onEngineCrash === undefined ? {} : { onCrash: onEngineCrash })
    })
    if (transport !== undefined) {
      transports.push(transport)
      webTransportStats = stats
      wanted.webtransport = [listen.webtransportAddress]
    } else if (listen.webtransport === 'required') {
      throw new CraftecError('unsupported', `listen.webtransport is required: ${unavailable.why}`)
    } else missing.push({ name: 'webtransport', why: unavailable.why })
  }
  return {
    addresses: Object.values(wanted).flat(),
    transports,
    webTransportStats,
    result(addresses) {
      const names = Object.keys(wanted).filter(name => (wanted[name]?.length ?? 0) > 0)
      const listens = (name: string): boolean => addresses.some(address => PROTOCOLS[name]?.test(address))
      const silent = names
        .filter(name => !listens(name))
        .map(name => ({ name, why: 'its address cannot be listened on' }))
      return { got: names.filter(listens), missing: [...missing, ...silent] }
    }
  }
}
