import { CraftecError } from '../../errors/index.ts'
import { isFieldValue, isToken } from './field-syntax.ts'

export interface RequestHead {
  readonly method: string
  /** Origin form: path and query, no fragment. */
  readonly target: string
  /** `host` or `host:port`, as the Host header wants it. */
  readonly authority: string
  readonly headers: readonly (readonly [string, string])[]
  /** Bytes of the body, `chunked` when nobody knows, `none` when there is no body at all. */
  readonly body: number | 'chunked' | 'none'
  /** The protocol that this connection is to go on with (RFC 9110 §7.8). */
  readonly upgrade?: 'websocket'
}

/** The client's own business on this connection (RFC 9110 §7.6.1, Fetch §2.2.2); a caller's value would break framing or lie. */
const OWN_HEADERS = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade'
])

/** Methods Fetch forbids ("forbidden method"): they make tunnels or echo secrets. */
const FORBIDDEN_METHODS = new Set(['CONNECT', 'TRACE', 'TRACK'])

/** Methods that say "0" when they have no body, so that a server does not wait for one (RFC 9110 §8.6). */
const EXPECTS_BODY = new Set(['POST', 'PUT', 'PATCH'])

const MAX_HEAD_BYTES = 65_536

/**
 * The bytes of a request head. Every part is checked, so nothing a caller passes can start another line or another request.
 * @throws CraftecError `invalid-argument` | `limit-exceeded` over 64 KiB
 */
export function encodeRequestHead(head: RequestHead): Uint8Array {
  checkMethod(head.method)
  if (!/^[\x21-\x7e]+$/.test(head.target) || !(head.target.startsWith('/') || head.target === '*'))
    throw invalid('the request target is not a path of printable ASCII')
  if (!/^[\x21-\x7e]+$/.test(head.authority) || /[/?#@]/.test(head.authority))
    throw invalid('the host is not a plain host')
  const lines = [`${head.method} ${head.target} HTTP/1.1`, `Host: ${head.authority}`]
  for (const [name, value] of head.headers) {
    checkHeader(name, value)
    lines.push(`${name}: ${value}`)
  }
  if (head.upgrade !== undefined) lines.push('Connection: Upgrade', `Upgrade: ${head.upgrade}`)
  const framing = framingHeader(head)
  if (framing) lines.push(framing)
  const text = `${lines.join('\r\n')}\r\n\r\n`
  if (text.length > MAX_HEAD_BYTES)
    throw new CraftecError(
      'limit-exceeded',
      `the request head has ${text.length} bytes, at most ${MAX_HEAD_BYTES} are sent`,
      {
        details: { limit: MAX_HEAD_BYTES }
      }
    )
  return Uint8Array.from(text, character => character.charCodeAt(0))
}

/** @throws CraftecError `invalid-argument` */
export function checkMethod(method: string): void {
  if (!isToken(method)) throw invalid('the method is not an HTTP token')
  if (FORBIDDEN_METHODS.has(method.toUpperCase())) throw invalid(`the method ${method.toUpperCase()} is not allowed`)
}

/** @throws CraftecError `invalid-argument` */
export function checkHeader(name: string, value: string): void {
  if (!isToken(name)) throw invalid('a header name is not an HTTP token')
  if (OWN_HEADERS.has(name.toLowerCase())) throw invalid(`the header ${name} is set by the client and cannot be passed`)
  if (!isFieldValue(value)) throw invalid(`the value of the header ${name} has a control character or one over U+00FF`)
}

function framingHeader(head: RequestHead): string | undefined {
  if (head.body === 'chunked') return 'Transfer-Encoding: chunked'
  if (head.body !== 'none') return `Content-Length: ${head.body}`
  return EXPECTS_BODY.has(head.method) ? 'Content-Length: 0' : undefined
}

function invalid(why: string): CraftecError {
  return new CraftecError('invalid-argument', why)
}
