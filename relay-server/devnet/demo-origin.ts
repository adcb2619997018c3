/** A web site on loopback for the demo, the smoke test and the end-to-end tests: nothing here is reachable from elsewhere. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createBrotliCompress, createDeflate, createGzip, createZstdCompress } from 'node:zlib'
import { demoBytes } from './demo-bytes.ts'
import { demoPage } from './demo-page.ts'

export interface DemoRequest {
  readonly method: string
  readonly path: string
  /** The client's port as the server saw it: tells connections apart. */
  readonly remotePort: number
}

export interface DemoOrigin {
  /** `http://127.0.0.1:PORT` */
  readonly url: string
  readonly port: number
  /** Requests so far, also those that no longer fit in `requests`. */
  readonly requestCount: number
  /** The last 1,000 requests, oldest first. */
  readonly requests: readonly DemoRequest[]
  stop(): Promise<void>
}

const MAX_REMEMBERED = 1000
const CHUNK_BYTES = 64 * 1024
const MAX_SLOW_MS = 60_000
const PLAIN = { 'content-type': 'text/plain; charset=utf-8' }

const ENCODERS = {
  gzip: createGzip,
  deflate: createDeflate,
  br: createBrotliCompress,
  zstd: createZstdCompress
} as const

type Handler = (request: IncomingMessage, response: ServerResponse, query: URLSearchParams) => void | Promise<void>

/**
 * | path | answers |
 * |---|---|
 * | `/` | a page |
 * | `/bytes?n=` | `n` bytes of {@link demoBytes}, streamed, with Content-Length (`&chunked=1`: without) |
 * | `/compressed?encoding=gzip\|deflate\|br\|zstd&n=` | the same, compressed |
 * | `/echo` | the request's body, streamed back |
 * | `/seen` | JSON: what the server saw of the request |
 * | `/slow?ms=&n=` | `n` lines, one every `ms` milliseconds |
 * | `/redirect?n=&status=` | `n` redirects, then `/seen` |
 * | `/status?code=` | that status |
 * | `/truncated?n=` | promises `n` bytes and cuts the connection after half of them |
 */
const ROUTES: Readonly<Record<string, Handler>> = {
  '/': (request, response) => {
    const page = demoPage({ remotePort: request.socket.remotePort ?? 0, headers: request.headers })
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' }).end(page)
  },
  '/bytes': async (_request, response, query) => {
    const count = numberOf(query, 'n', 1024 * 1024)
    const length = query.has('chunked') ? {} : { 'content-length': count }
    response.writeHead(200, { 'content-type': 'application/octet-stream', ...length })
    await pipeline(Readable.from(chunksOf(count)), response)
  },
  '/compressed': async (_request, response, query) => {
    const encoding = query.get('encoding') ?? 'gzip'
    if (!isEncoding(encoding)) return void response.writeHead(400, PLAIN).end('encoding: gzip, deflate, br or zstd\n')
    response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-encoding': encoding })
    await pipeline(Readable.from(chunksOf(numberOf(query, 'n', 1024 * 1024))), ENCODERS[encoding](), response)
  },
  '/echo': async (request, response) => {
    response.writeHead(200, { 'content-type': request.headers['content-type'] ?? 'application/octet-stream' })
    await pipeline(request, response)
  },
  '/seen': (request, response) => {
    const { method, url, headers, socket, httpVersion } = request
    const seen = {
      method,
      url,
      httpVersion,
      headers,
      remoteAddress: socket.remoteAddress,
      remotePort: socket.remotePort
    }
    response.writeHead(200, { 'content-type': 'application/json' }).end(`${JSON.stringify(seen, undefined, 2)}\n`)
  },
  '/slow': async (_request, response, query) => {
    const pauseMs = Math.min(numberOf(query, 'ms', 500), MAX_SLOW_MS)
    response.writeHead(200, PLAIN)
    for (let line = 1; line <= numberOf(query, 'n', 5) && !response.destroyed; line++) {
      response.write(`line ${line}\n`)
      await closedOr(response, pauseMs)
    }
    response.end()
  },
  '/redirect': (_request, response, query) => {
    const left = numberOf(query, 'n', 1)
    const status = numberOf(query, 'status', 302)
    const location = left > 1 ? `/redirect?n=${left - 1}&status=${status}` : '/seen'
    response.writeHead(status, { location }).end()
  },
  '/status': (_request, response, query) => {
    const code = numberOf(query, 'code', 200)
    const valid = code >= 200 && code <= 599
    response.writeHead(valid ? code : 400, PLAIN).end(code === 204 || code === 304 ? undefined : `status ${code}\n`)
  },
  '/truncated': (_request, response, query) => {
    const count = numberOf(query, 'n', 1024)
    response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': count })
    response.write(demoBytes(0, Math.floor(count / 2)), () => response.destroy())
  }
}

/** @param options.port default: a free one. Always on 127.0.0.1. */
export async function startDemoOrigin(options: { readonly port?: number } = {}): Promise<DemoOrigin> {
  const requests: DemoRequest[] = []
  let requestCount = 0
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://origin.invalid')
    requestCount += 1
    requests.push({ method: request.method ?? '', path: pathname, remotePort: request.socket.remotePort ?? 0 })
    if (requests.length > MAX_REMEMBERED) requests.shift()
    const handler = ROUTES[pathname]
    if (handler === undefined) return void response.writeHead(404, PLAIN).end('no such page\n')
    // A client that leaves mid-answer is not this server's problem.
    Promise.resolve(handler(request, response, searchParams)).catch(() => response.destroy())
  })
  server.listen(options.port ?? 0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    get requestCount() {
      return requestCount
    },
    requests,
    async stop() {
      server.closeAllConnections()
      await new Promise<void>(resolve => server.close(() => resolve()))
    }
  }
}

function* chunksOf(count: number): Generator<Uint8Array> {
  for (let at = 0; at < count; at += CHUNK_BYTES) yield demoBytes(at, Math.min(CHUNK_BYTES, count - at))
}

function numberOf(query: URLSearchParams, name: string, fallback: number): number {
  const value = Number(query.get(name) ?? fallback)
  return Number.isSafeInteger(value) && value >= 0 ? value : fallback
}

function isEncoding(name: string): name is keyof typeof ENCODERS {
  return Object.hasOwn(ENCODERS, name)
}

/** Wait, but not for a client that has left. */
function closedOr(response: ServerResponse, ms: number): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(done, ms)
    function done(): void {
      clearTimeout(timer)
      response.off('close', done)
      resolve()
    }
    response.once('close', done)
  })
}
