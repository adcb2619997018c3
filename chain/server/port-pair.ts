import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { CraftecError } from '../../sdk/errors/index.ts'

const HOST = '127.0.0.1'
const ATTEMPTS = 20

export interface PortPair {
  /** The first of the two. */
  readonly port: number
  close(): Promise<void>
}

/**
 * Two servers on neighbouring ports: web3.js looks for WebSocket on the port after that of HTTP.
 * @param wanted 0 for any pair that is free
 * @throws CraftecError `config-invalid`
 */
export async function listenOnPortPair(makeServer: () => Server, wanted: number): Promise<PortPair> {
  for (let attempt = 1; ; attempt++) {
    const servers = [makeServer(), makeServer()] as const
    const close = async (): Promise<void> => {
      await Promise.all(servers.filter(server => server.listening).map(closeServer))
    }
    try {
      const port = await listen(servers[0], wanted)
      await listen(servers[1], port + 1)
      return { port, close }
    } catch (cause) {
      await close()
      if (wanted === 0 && attempt < ATTEMPTS) continue
      const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error'
      const pair = wanted === 0 ? 'any two neighbouring ports' : `ports ${wanted} and ${wanted + 1}`
      throw new CraftecError('config-invalid', `chain: cannot listen on ${pair} of ${HOST} (${code}); choose another`, {
        cause
      })
    }
  }
}

async function listen(server: Server, port: number): Promise<number> {
  server.listen(port, HOST)
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections()
  await new Promise<void>(resolve => server.close(() => resolve()))
}
