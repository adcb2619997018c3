/**
 * What a link costs on each transport. The measuring page and the page it calls run in Chromium either way, since that is
 * where WebRTC and WebTransport are; this half only asks for one measurement after the other (see links.serve.ts).
 */
import { askControl } from './control/ask-control.ts'
import { type BenchRow, type BenchSuite, type Measurement, onlyOnce } from './harness.ts'
import { DIALS, type Kind, STALL_MS } from './links/kinds.ts'
import type { LinksControl } from './links.serve.ts'

/** Framing and credit may cost at most this share of what libp2p's own stream of the same transport carries. */
const CHANNEL_SHARE = { of: 'ratio', atLeast: 0.7 } as const
const STALL_LIMIT_MIB = 2

export const suite: BenchSuite<LinksControl> = {
  name: 'links',
  rounds: 5,
  warmUpRounds: 1,
  timeoutMs: 240_000,
  open: async ({ url, kinds }) => {
    const measurement = (id: string, unit: string, call: string, kind: Kind | '' = ''): Measurement => ({
      id,
      unit,
      run: signal => askControl(url, call, kind, signal)
    })
    const webSocket = {
      connect: measurement('WebSocket connect', 'ms', 'webSocketConnectMs'),
      throughput: measurement('WebSocket throughput', 'MB/s', 'webSocketThroughput'),
      roundTrip: measurement('WebSocket round trip', 'ms', 'webSocketRoundTripMs')
    }
    const rows: BenchRow[] = kinds.flatMap(kind => [
      { measurement: measurement(`${kind} connect`, 'ms', 'connectMs', kind), baseline: webSocket.connect },
      { measurement: measurement(`${kind} round trip`, 'ms', 'roundTripMs', kind), baseline: webSocket.roundTrip },
      {
        measurement: measurement(`${kind} channel`, 'MB/s', 'channelThroughput', kind),
        baseline: measurement(`${kind} libp2p stream`, 'MB/s', 'rawThroughput', kind),
        bar: CHANNEL_SHARE
      },
      {
        measurement: onlyOnce(
          measurement(`${kind} held unread by a reader stalled ${STALL_MS / 1000} s`, 'MiB', 'stalledMiB', kind)
        ),
        bar: { of: 'figure', atMost: STALL_LIMIT_MIB }
      }
    ])
    rows.push(
      {
        measurement: measurement('websocket channel against WebSocket', 'MB/s', 'channelThroughput', 'websocket'),
        baseline: webSocket.throughput
      },
      {
        measurement: onlyOnce(measurement(`connected of ${DIALS} WebRTC dials`, 'dials', 'dials', 'webrtc')),
        bar: { of: 'figure', atLeast: DIALS }
      }
    )
    return { rows }
  }
}
