/**
 * What `fetch` takes, checked once. Options of the Fetch standard that cannot mean here what they mean there are
 * refused, never ignored; the table in {@link NetFetchInit} says which.
 */
import { CraftecError } from '../../errors/index.ts'
import { type BodySource, checkHeader, checkMethod } from '../http/index.ts'
import { type ExitRule, exitRule, type HopCount, hopCount } from './path-rules.ts'

/**
 * Options of a private `fetch`: those of the Fetch standard, and our own. Any other key is refused with `unknown-option`.
 *
 * | option | here |
 * |---|---|
 * | method, headers, body, redirect, signal, duplex | as the standard; `redirect: 'manual'` gives the real 3xx answer |
 * | mode | 'cors' (default): there is no browser policy between the caller and the answer; others `unsupported` |
 * | credentials | 'omit', 'same-origin': there is no cookie jar, nothing is stored or sent; 'include' `unsupported` |
 * | cache | 'default', 'no-store': there is no cache; others `unsupported` |
 * | referrer, referrerPolicy | a Referer is never sent; naming a page is `unsupported` |
 * | integrity, keepalive: true | `unsupported` |
 * | priority | accepted, without effect |
 */
export interface NetFetchInit extends RequestInit {
  /** Relays before the exit, 0 to 4. */
  readonly hops?: HopCount
  readonly exit?: ExitRule
  /** Let plain `http:` through: the exit, and everyone after it, reads and can change everything. */
  readonly allowInsecure?: boolean
  /** Milliseconds until the head of the last answer, redirects included. Default 30,000. */
  readonly timeoutMs?: number
  /** Milliseconds a reader of the body may wait for the next bytes. Default 30,000. */
  readonly idleTimeoutMs?: number
  readonly duplex?: 'half'
}

export interface FetchRequest {
  readonly url: URL
  readonly method: string
  readonly headers: readonly (readonly [string, string])[]
  readonly body: BodySource | undefined
  readonly redirect: 'follow' | 'error' | 'manual'
  readonly signal: AbortSignal | undefined
  readonly hops: HopCount
  readonly exit: ExitRule | undefined
  readonly allowInsecure: boolean
  readonly timeoutMs: number
  readonly idleTimeoutMs: number
}

const DEFAULT_TIMEOUT_MS = 30_000
/** setTimeout's own limit; longer ones fire at once. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1

/** Option, and the values that can be honoured. */
const CHECKED: Readonly<Record<string, readonly unknown[]>> = {
  mode: [undefined, 'cors'],
  credentials: [undefined, 'omit', 'same-origin'],
  cache: [undefined, 'default', 'no-store'],
  integrity: [undefined, ''],
  keepalive: [undefined, false],
  referrer: [undefined, '', 'about:client', 'no-referrer'],
  referrerPolicy: [undefined, '', 'no-referrer'],
  priority: [undefined, 'auto', 'high', 'low'],
  duplex: [undefined, 'half'],
  window: [undefined, null]
}

const OWN = [
  'method',
  'headers',
  'body',
  'redirect',
  'signal',
  'hops',
  'exit',
  'allowInsecure',
  'timeoutMs',
  'idleTimeoutMs'
]

/** Methods the standard writes in capitals however they were given ("normalize a method"). */
const NORMALIZED = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'POST', 'PUT']

/**
 * @throws CraftecError `unknown-option` | `unsupported` | `invalid-argument` | `insecure-url`
 */
export async function readFetchRequest(
  input: string | URL | Request,
  init: NetFetchInit,
  defaultHops: HopCount
): Promise<FetchRequest> {
  checkOptions(init)
  const given = input instanceof Request ? input : undefined
  if (given) checkOptions(given, Object.keys(CHECKED))
  const method = normalizeMethod(init.method ?? given?.method ?? 'GET')
  const allowInsecure = flag(init.allowInsecure)
  const url = parseTarget(given ? given.url : String(input), allowInsecure)
  const rawBody = init.body ?? given?.body
  if (rawBody != null && (method === 'GET' || method === 'HEAD'))
    throw new CraftecError('invalid-argument', `a ${method} request cannot have a body`)
  const { body, type } = rawBody == null ? { body: undefined, type: undefined } : await readBody(rawBody)
  const headers = readHeaders(init.headers ?? given?.headers)
  if (type && !headers.some(([name]) => name === 'content-type')) headers.push(['content-type', type])
  return {
    url,
    method,
    headers,
    body,
    redirect: redirectMode(init.redirect ?? given?.redirect ?? 'follow'),
    signal: init.signal ?? given?.signal,
    hops: init.hops === undefined ? defaultHops : hopCount(init.hops),
    exit: exitRule(init.exit),
    allowInsecure,
    timeoutMs: timeout('timeoutMs', init.timeoutMs),
    idleTimeoutMs: timeout('idleTimeoutMs', init.idleTimeoutMs)
  }
}

/**
 * @throws CraftecError `invalid-argument` for what is no absolute http(s) URL or carries a password, `insecure-url`
 */
export function parseTarget(text: string | URL, allowInsecure: boolean): URL {
  let url: URL
  try {
    url = new URL(text)
  } catch (cause) {
    throw new CraftecError('invalid-argument', 'expected an absolute URL, such as "https://example.org/"', { cause })
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw new CraftecError('invalid-argument', `expected an http: or https: URL, got ${url.protocol}`)
  if (url.username !== '' || url.password !== '')
    throw new CraftecError('invalid-argument', 'the URL has a user name or password; pass an Authorization header')
  if (url.protocol === 'http:' && !allowInsecure)
    throw new CraftecError(
      'insecure-url',
      'plain http: can be read and changed by the exit; use https: or pass allowInsecure: true'
    )
  return url
}

function checkOptions(options: object, only?: readonly string[]): void {
  const record = options as Record<string, unknown>
  for (const key of only ?? Object.keys(options)) {
    if (OWN.includes(key)) continue
    const allowed = CHECKED[key]
    if (!allowed) throw new CraftecError('unknown-option', `fetch has no option "${key}"`)
    if (!allowed.includes(record[key]))
      throw new CraftecError(
        'unsupported',
        `fetch through a circuit cannot honour ${key}: ${JSON.stringify(record[key])}`
      )
  }
}

function normalizeMethod(method: string): string {
  checkMethod(method)
  const upper = method.toUpperCase()
  return NORMALIZED.includes(upper) ? upper : method
}

/** Those that can be sent, names in lower case. @throws CraftecError `invalid-argument` */
export function readHeaders(init: HeadersInit | undefined): [string, string][] {
  let headers: Headers
  try {
    headers = new Headers(init)
  } catch (cause) {
    throw new CraftecError('invalid-argument', 'the headers are not valid', { cause })
  }
  const list = [...headers]
  for (const [name, value] of list) checkHeader(name, value)
  return list
}

/** Everything but a stream becomes something that can be sent again after a 307, and whose length is known. */
async function readBody(raw: BodyInit): Promise<{ body: BodySource; type: string | undefined }> {
  if (raw instanceof ReadableStream) return { body: { kind: 'stream', stream: raw }, type: undefined }
  let wrapped: Response
  try {
    wrapped = new Response(raw)
  } catch (cause) {
    throw new CraftecError('invalid-argument', 'the body is of no type that can be sent', { cause })
  }
  const type = wrapped.headers.get('content-type') ?? undefined
  if (raw instanceof Blob) return { body: { kind: 'blob', blob: raw }, type }
  // The browser may keep the files of a form on disk; a Blob lets it.
  if (raw instanceof FormData) return { body: { kind: 'blob', blob: await wrapped.blob() }, type }
  return { body: { kind: 'bytes', bytes: new Uint8Array(await wrapped.arrayBuffer()) }, type }
}

function redirectMode(value: unknown): FetchRequest['redirect'] {
  if (value === 'follow' || value === 'error' || value === 'manual') return value
  throw new CraftecError('invalid-argument', `redirect must be 'follow', 'error' or 'manual'`)
}

function flag(value: unknown): boolean {
  if (value === undefined || typeof value === 'boolean') return value ?? false
  throw new CraftecError('invalid-argument', 'allowInsecure must be true or false')
}

function timeout(name: string, value: unknown): number {
  if (value === undefined) return DEFAULT_TIMEOUT_MS
  if (typeof value === 'number' && value > 0 && value <= MAX_TIMEOUT_MS) return value
  throw new CraftecError('invalid-argument', `${name} must be between 1 and ${MAX_TIMEOUT_MS} milliseconds`)
}
