import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Answer } from '../rpc/index.ts'
import { localAccess } from './local-access.ts'

export interface HttpEndpointOptions {
  readonly maxRequestBytes: number
  readonly answer: (text: string) => Promise<Answer>
}

const TEXT = { 'content-type': 'text/plain; charset=utf-8' }
const JSON_TYPE = { 'content-type': 'application/json' }
const PREFLIGHT = {
  'access-control-allow-methods': 'POST, OPTIONS',
  // web3.js names itself in a header of its own.
  'access-control-allow-headers': 'content-type, solana-client',
  'access-control-max-age': '600'
}

/** JSON-RPC over POST; `/health` as validators have it; nothing for whoever is not on this machine. */
export function httpEndpoint(options: HttpEndpointOptions): RequestListener {
  return (request, response) => {
    // A client that leaves in the middle of its request is not this server's problem.
    respond(request, response, options).catch(() => response.destroy())
  }
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  { maxRequestBytes, answer }: HttpEndpointOptions
): Promise<unknown> {
  const access = localAccess(request.headers)
  if (!access.allowed) return response.writeHead(403, TEXT).end(`${access.why}\n`)
  if (access.origin !== undefined) {
    response.setHeader('access-control-allow-origin', access.origin)
    response.setHeader('vary', 'origin')
  }
  if (request.method === 'OPTIONS') return response.writeHead(204, PREFLIGHT).end()
  if (request.method === 'GET' && request.url === '/health') return response.writeHead(200, TEXT).end('ok')
  if (request.method !== 'POST') return response.writeHead(405, { ...TEXT, allow: 'POST, OPTIONS' }).end()
  const body = await readBody(request, maxRequestBytes)
  if (body === undefined) {
    return response.writeHead(413, { ...TEXT, connection: 'close' }).end(`at most ${maxRequestBytes} bytes\n`)
  }
  const { text, tooFast } = await answer(body)
  if (text === undefined) return response.writeHead(204).end()
  return response.writeHead(tooFast ? 429 : 200, tooFast ? { ...JSON_TYPE, 'retry-after': '1' } : JSON_TYPE).end(text)
}

/** Undefined when it is longer than allowed; the rest is then not read. */
async function readBody(request: IncomingMessage, maxBytes: number): Promise<string | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) return undefined
  const parts: Buffer[] = []
  let length = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length
    if (length > maxBytes) return undefined
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}
