import type { Transport } from '@libp2p/interface'
import { describe, expect, it } from 'vitest'
import { CraftecError } from '../../sdk/errors/index.ts'
import { loadConfig, type RelayConfig } from '../config/index.ts'
import { prepareListening } from './listening.ts'

const without = async () => ({ unavailable: { why: 'no native part for this machine' } })
const WS = '/ip4/203.0.113.7/tcp/4001/ws/p2p/12D3KooW'
const RTC = '/ip4/203.0.113.7/udp/4001/webrtc-direct/certhash/uEi/p2p/12D3KooW'

async function settings(listen: Partial<RelayConfig['listen']>): Promise<Pick<RelayConfig, 'listen' | 'dataDir'>> {
  const config = await loadConfig({})
  return { dataDir: config.dataDir, listen: { ...config.listen, ...listen } }
}

describe('listening', () => {
  it('says why WebTransport is missing, and serves the rest', async () => {
    const listening = await prepareListening(await settings({}), { loadWebTransport: without })
    expect(listening.addresses).toEqual(['/ip4/0.0.0.0/tcp/4001/ws', '/ip4/0.0.0.0/udp/4001/webrtc-direct'])
    expect(listening.result([WS, RTC])).toEqual({
      got: ['websocket', 'webrtc-direct'],
      missing: [{ name: 'webtransport', why: 'no native part for this machine' }]
    })
  })

  it('refuses to start without WebTransport only when it is required', async () => {
    await expect(
      prepareListening(await settings({ webtransport: 'required' }), { loadWebTransport: without })
    ).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('no native part')
    })
    const off = await prepareListening(await settings({ webtransport: 'off' }), { loadWebTransport: without })
    expect(off.result([WS, RTC]).missing).toEqual([])
  })

  it('tells a transport that was asked for and does not listen', async () => {
    const listening = await prepareListening(await settings({ webtransport: 'off' }), { loadWebTransport: without })
    expect(listening.result([WS])).toEqual({
      got: ['websocket'],
      missing: [{ name: 'webrtc-direct', why: 'its address cannot be listened on' }]
    })
    const only = await prepareListening(await settings({ webtransport: 'off', webrtcDirect: [] }), {
      loadWebTransport: without
    })
    expect(only.result([WS]).missing).toEqual([])
  })

  it('passes on what the WebTransport engine counts, and that it crashed', async () => {
    const counts = { sessions: 1, accepted: 5, refused: 2, retried: 1, violations: 0 }
    const crashes: string[] = []
    const listening = await prepareListening(await settings({}), {
      onEngineCrash: error => crashes.push(error.code),
      loadWebTransport: async options => {
        options?.onCrash?.(new CraftecError('link-closed', 'the engine ended'))
        return { transport: () => ({}) as Transport, stats: () => [counts] }
      }
    })
    expect(listening.webTransportStats()).toEqual([counts])
    expect(crashes).toEqual(['link-closed'])
  })
})
