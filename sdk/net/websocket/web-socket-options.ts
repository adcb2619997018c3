import { CraftecError } from '../../errors/index.ts'
import { type ExitRule, exitRule, type HopCount, hopCount, readHeaders } from '../fetch/index.ts'
import { isToken } from '../http/index.ts'

/** Options of a private WebSocket. Any other key is refused with `unknown-option`. */
export interface NetWebSocketInit {
  /** Relays before the exit, 0 to 4. */
  readonly hops?: HopCount
  readonly exit?: ExitRule
  /** Let plain `ws:` through: the exit, and everyone after it, reads and can change everything. */
  readonly allowInsecure?: boolean
  /** For the opening handshake, such as Authorization, Cookie or Origin: none of them is sent otherwise. */
  readonly headers?: HeadersInit
  /** Ends the WebSocket, whatever state it is in. */
  readonly signal?: AbortSignal
  /** Milliseconds until the opening handshake is over. Default 30,000. */
  readonly timeoutMs?: number
  /**
   * Milliseconds without a byte from the server after which it is taken for dead; after half of them it is asked with a ping.
   * Default 60,000.
   */
  readonly idleTimeoutMs?: number
  /** Bytes of one message that is received; a larger one ends the WebSocket. Default 16 MiB. */
  readonly maxMessageBytes?: number
}

export interface WebSocketRequest {
  readonly url: URL
  readonly protocols: readonly string[]
  readonly hops: HopCount | undefined
  readonly exit: ExitRule | undefined
  readonly headers: readonly (readonly [string, string])[]
  readonly signal: AbortSignal | undefined
  readonly timeoutMs: number
  readonly idleTimeoutMs: number
  readonly maxMessageBytes: number
}

const KEYS = ['hops', 'exit', 'allowInsecure', 'headers', 'signal', 'timeoutMs', 'idleTimeoutMs', 'maxMessageBytes']
const DEFAULT_TIMEOUT_MS = 30_000
/** Twice what the circuit's own links take to notice that a neighbour is gone, and less than most proxies allow. */
const DEFAULT_IDLE_TIMEOUT_MS = 60_000
const DEFAULT_MAX_MESSAGE_BYTES = 16 * 1024 * 1024
/** setTimeout's own limit; longer ones fire at once. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1
const MAX_MESSAGE_BYTES = 2 ** 31 - 1

/** @throws CraftecError `unknown-option` | `invalid-argument` | `insecure-url` */
export function readWebSocketRequest(
  url: string | URL,
  protocols: string | readonly string[],
  init: NetWebSocketInit
): WebSocketRequest {
  const unknown = Object.keys(init).find(key => !KEYS.includes(key))
  if (unknown !== undefined) throw new CraftecError('unknown-option', `webSocket has no option "${unknown}"`)
  const { allowInsecure = false, maxMessageBytes = DEFAULT_MAX_MESSAGE_BYTES } = init
  if (typeof allowInsecure !== 'boolean') throw invalid('allowInsecure must be true or false')
  return {
    url: parseWebSocketUrl(url, allowInsecure),
    protocols: readProtocols(protocols),
    hops: init.hops === undefined ? undefined : hopCount(init.hops),
    exit: exitRule(init.exit),
    headers: handshakeHeaders(init.headers),
    signal: init.signal,
    timeoutMs: within('timeoutMs', init.timeoutMs ?? DEFAULT_TIMEOUT_MS, MAX_TIMEOUT_MS),
    idleTimeoutMs: within('idleTimeoutMs', init.idleTimeoutMs ?? DEFAULT_IDLE_TIMEOUT_MS, MAX_TIMEOUT_MS),
    maxMessageBytes: within('maxMessageBytes', maxMessageBytes, MAX_MESSAGE_BYTES)
  }
}

function parseWebSocketUrl(text: string | URL, allowInsecure: boolean): URL {
  let url: URL
  try {
    url = new URL(text)
  } catch (cause) {
    throw new CraftecError('invalid-argument', 'expected an absolute URL, such as "wss://example.org/"', { cause })
  }
  // As in the WebSockets Standard, which lets http(s) stand for ws(s).
  if (url.protocol === 'https:') url.protocol = 'wss:'
  else if (url.protocol === 'http:') url.protocol = 'ws:'
  if (url.protocol !== 'wss:' && url.protocol !== 'ws:')
    throw invalid(`expected a ws: or wss: URL, got ${url.protocol}`)
  if (url.hash !== '') throw invalid('the URL of a WebSocket has no fragment')
  if (url.username !== '' || url.password !== '')
    throw invalid('the URL has a user name or password; pass an Authorization header')
  if (url.protocol === 'ws:' && !allowInsecure)
    throw new CraftecError(
      'insecure-url',
      'plain ws: can be read and changed by the exit; use wss: or pass allowInsecure: true'
    )
  return url
}

function readProtocols(protocols: string | readonly string[]): readonly string[] {
  const list = typeof protocols === 'string' ? [protocols] : [...protocols]
  if (!list.every(protocol => typeof protocol === 'string' && isToken(protocol)))
    throw invalid('a subprotocol is not an HTTP token')
  if (new Set(list).size !== list.length) throw invalid('a subprotocol is given twice')
  return list
}

function handshakeHeaders(init: HeadersInit | undefined): readonly [string, string][] {
  const headers = readHeaders(init)
  const own = headers.find(([name]) => name.startsWith('sec-websocket-'))
  if (own) throw invalid(`the header ${own[0]} is set by the client and cannot be passed`)
  return headers
}

function within(name: string, value: unknown, most: number): number {
  if (typeof value === 'number' && value >= 1 && value <= most) return value
  throw invalid(`${name} must be between 1 and ${most}`)
}

function invalid(why: string): CraftecError {
  return new CraftecError('invalid-argument', why)
}
