import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { WebSocket, WebSocketServer } from 'ws'

export interface LossyLink {
  /** Where to connect instead. */
  readonly address: string
  /** Messages that were lost, or came after the one behind them. */
  readonly harmed: number
  close(): void
}

export interface LossyLinkOptions {
  /** How likely a message is to be lost, and how likely to be overtaken by the next. */
  readonly lost: number
  readonly overtaken: number
  /** Messages of a connection, in each direction, that pass unharmed: enough for handshakes. */
  readonly spared: number
  /** Uniform numbers in 0..1. */
  readonly random: () => number
}

/**
 * A link to a WebSocket listener on loopback that does not keep what links promise: below encryption and multiplexing, messages vanish or
 * change places.
 * @param address a multiaddr `/ip4/127.0.0.1/tcp/PORT/ws…`
 */
export async function lossyLink(address: string, options: LossyLinkOptions): Promise<LossyLink> {
  const [, port] = /\/tcp\/(\d+)\/ws/.exec(address) ?? []
  if (port === undefined) throw new Error(`expected a WebSocket address, got ${address}`)
  let harmed = 0
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  await once(server, 'listening')

  /** Forward what `from` sends, or not. */
  const connect = (from: WebSocket, to: WebSocket): void => {
    let [seen, late] = [0, undefined as Buffer | undefined]
    const send = (data: Buffer): void => {
      if (to.readyState === WebSocket.OPEN) to.send(data)
    }
    from.on('message', (data: Buffer) => {
      const drawn = options.random()
      if (seen++ >= options.spared && drawn < options.lost) return void harmed++
      if (late === undefined && seen > options.spared && drawn < options.lost + options.overtaken) {
        harmed++
        late = data
        return
      }
      send(data)
      if (late) send(late)
      late = undefined
    })
    from.on('close', () => to.close())
    from.on('error', () => to.terminate())
  }
  server.on('connection', inbound => {
    inbound.pause()
    const outbound = new WebSocket(`ws://127.0.0.1:${port}/`)
    connect(inbound, outbound)
    connect(outbound, inbound)
    outbound.on('open', () => inbound.resume())
  })
  return {
    address: address.replace(`/tcp/${port}/`, `/tcp/${(server.address() as AddressInfo).port}/`),
    get harmed() {
      return harmed
    },
    close: () => {
      for (const client of server.clients) client.terminate()
      server.close()
    }
  }
}
