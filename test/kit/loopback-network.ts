import { connect } from 'node:net'
import { Duplex } from 'node:stream'
import type { OpenedStream, OpenStream, OpenStreamRequest } from '../../sdk/net/fetch/index.ts'

/** An `openStream` of plain TCP on loopback, which remembers what was asked for. Host names ending in `.test` go to 127.0.0.1. */
export function loopbackNetwork(): { openStream: OpenStream; requests: OpenStreamRequest[] } {
  const requests: OpenStreamRequest[] = []
  const openStream: OpenStream = async request => {
    requests.push(request)
    const host = request.target.host.endsWith('.test') ? '127.0.0.1' : request.target.host
    const socket = connect({ host, port: request.target.port })
    const opened = new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve)
      socket.once('error', reject)
    })
    opened.catch(() => {})
    return { duplex: Duplex.toWeb(socket) as OpenedStream['duplex'], opened, trace: trace(requests.length) }
  }
  return { openStream, requests }
}

function trace(count: number): OpenedStream['trace'] {
  return {
    circuitId: `circuit-${count}`,
    path: [{ role: 'exit', identity: '12D3KooWtest', country: 'DE' }],
    hopRoundTripsMs: [1],
    buildMs: 5,
    directoryMs: 0,
    circuitMs: 2,
    retries: 0
  }
}
