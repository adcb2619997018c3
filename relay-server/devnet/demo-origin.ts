/** A web site on loopback for the demo, the smoke test and the end-to-end tests: nothing here is reachable from elsewhere. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createBrotliCompress, createDeflate, createGzip, createZstdCompress } from 'node:zlib'
import { demoBytes } from './demo-bytes.ts'
import { createDemoCertificate } from './demo-certificate.ts'
import { demoPage } from './demo-page.ts'

export interface DemoRequest {
  readonly method: string
  readonly path: string
  /** It came through TLS. */
  readonly secure: boolean
  /** The client's port as the server saw it: tells connections apart. */
  readonly remotePort: number
}

export interface DemoOrigin {
  /** `http://127.0.0.1:PORT` */
  readonly url: string
  readonly port: number
  /** The same site behind TLS 1.3. */
  readonly secure: {
    /** `https://127.0.0.1:PORT` */
    readonly url: string
    readonly port: number
    /** Its certificate's authority, made for this site and no other. */
    readonly rootPem: string
  }
  /** `127.0.0.1:PORT` of both, as `startDevnet({ localOrigins })` takes them. */
  readonly localOrigins: readonly string[]
  /** Requests so far to both, also those that no longer fit in `requests`. */
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

/**
 * @param options.port of the site without TLS. Default: a free one. Always on 127.0.0.1.
 */
export async function startDemoOrigin(options: { readonly port?: number } = {}): Promise<DemoOrigin> {
  const requests: DemoRequest[] = []
  let requestCount = 0
  const answer = (secure: boolean, request: IncomingMessage, response: ServerResponse): void => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://origin.invalid')
    requestCount += 1
    requests.push({ method: request.method ?? '', path: pathname, secure, remotePort: request.socket.remotePort ?? 0 })
    if (requests.length > MAX_REMEMBERED) requests.shift()
    const handler = ROUTES[pathname]
    if (handler === undefined) return void response.writeHead(404, PLAIN).end('no such page\n')
    // A client that leaves mid-answer is not this server's problem.
    Promise.resolve(handler(request, response, searchParams)).catch(() => response.destroy())
  }
  const { rootPem, certificatePem, privateKeyPem } = await createDemoCertificate()
  const plain = createServer((request, response) => answer(false, request, response))
  const tls = { cert: certificatePem, key: privateKeyPem, minVersion: 'TLSv1.3' } as const
  const secure = createSecureServer(tls, (request, response) => answer(true, request, response))
  const [port, securePort] = await Promise.all([listen(plain, options.port ?? 0), listen(secure, 0)])
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    secure: { url: `https://127.0.0.1:${securePort}`, port: securePort, rootPem },
    localOrigins: [`127.0.0.1:${port}`, `127.0.0.1:${securePort}`],
    get requestCount() {
      return requestCount
    },
    requests,
    stop: async () => void (await Promise.all([close(plain), close(secure)]))
  }
}

async function listen(server: Server, port: number): Promise<number> {
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections()
  await new Promise<void>(resolve => server.close(() => resolve()))
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
