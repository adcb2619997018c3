/**
 * The operator's own HTTP port: `/healthz` (the process answers), `/readyz` (it serves circuits), `/metrics` (Prometheus).
 * It tells how busy a node is, so it listens on loopback unless the operator says otherwise.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { CraftecError } from '../../sdk/errors/index.ts'

export interface StatusSource {
  /** Why the node is not ready; undefined when it is. */
  notReady(): string | undefined
  /** Prometheus text format. */
  metrics(): Promise<string>
}

export interface StatusServer {
  readonly host: string
  readonly port: number
  stop(): Promise<void>
}

const TEXT = { 'content-type': 'text/plain; charset=utf-8' }
const PROMETHEUS = { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }
const REQUEST_TIMEOUT_MS = 5_000
const MAX_CONNECTIONS = 32

/** @throws CraftecError `config-invalid` when the address or port cannot be listened on */
export async function startStatusServer(
  source: StatusSource,
  { host, port }: { readonly host: string; readonly port: number }
): Promise<StatusServer> {
  const server = createServer(
    { requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: REQUEST_TIMEOUT_MS },
    async (request, response) => {
      if (request.method !== 'GET' && request.method !== 'HEAD') return void response.writeHead(405, TEXT).end()
      const path = (request.url ?? '').split('?')[0]
      if (path === '/healthz') return void response.writeHead(200, TEXT).end('ok\n')
      if (path === '/readyz') {
        const why = source.notReady()
        return void response.writeHead(why === undefined ? 200 : 503, TEXT).end(`${why ?? 'ready'}\n`)
      }
      if (path !== '/metrics') return void response.writeHead(404, TEXT).end('/healthz /readyz /metrics\n')
      try {
        const text = await source.metrics()
        response.writeHead(200, PROMETHEUS).end(text)
      } catch {
        response.writeHead(500, TEXT).end('metrics could not be collected\n')
      }
    }
  )
  server.maxConnections = MAX_CONNECTIONS
  try {
    server.listen(port, host)
    await once(server, 'listening')
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error'
    throw new CraftecError('config-invalid', `metrics: cannot listen on port ${port} (${code}); change metrics.port`, {
      cause
    })
  }
  return {
    host,
    port: (server.address() as AddressInfo).port,
    async stop() {
      server.closeAllConnections()
      await new Promise<void>(resolve => server.close(() => resolve()))
    }
  }
}
