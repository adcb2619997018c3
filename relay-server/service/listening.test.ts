import { describe, expect, it } from 'vitest'
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
    const listening = await prepareListening(await settings({}), without)
    expect(listening.addresses).toEqual(['/ip4/0.0.0.0/tcp/4001/ws', '/ip4/0.0.0.0/udp/4001/webrtc-direct'])
    expect(listening.result([WS, RTC])).toEqual({
      got: ['websocket', 'webrtc-direct'],
      missing: [{ name: 'webtransport', why: 'no native part for this machine' }]
    })
  })

  it('refuses to start without WebTransport only when it is required', async () => {
    await expect(prepareListening(await settings({ webtransport: 'required' }), without)).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('no native part')
    })
    const off = await prepareListening(await settings({ webtransport: 'off' }), without)
    expect(off.result([WS, RTC]).missing).toEqual([])
  })

  it('tells a transport that was asked for and does not listen', async () => {
    const listening = await prepareListening(await settings({ webtransport: 'off' }), without)
    expect(listening.result([WS])).toEqual({
      got: ['websocket'],
      missing: [{ name: 'webrtc-direct', why: 'its address cannot be listened on' }]
    })
    const only = await prepareListening(await settings({ webtransport: 'off', webrtcDirect: [] }), without)
    expect(only.result([WS]).missing).toEqual([])
  })
})
