import { CraftecError } from '../../errors/index.ts'
import { type FetchRequest, parseTarget } from './fetch-options.ts'

export const MAX_REDIRECTS = 20

const REDIRECT_STATUS = new Set([301, 302, 303, 307, 308])
/** "Request-body-header name" of the Fetch standard; without a body they say nothing true. */
const BODY_HEADERS = new Set(['content-encoding', 'content-language', 'content-location', 'content-type'])
/** Secrets meant for one origin. The standard removes Authorization; a cookie can only come from the caller here, for the same reader. */
const ORIGIN_HEADERS = new Set(['authorization', 'cookie', 'proxy-authorization', 'origin'])

/**
 * What to do with an answer: the next request of a redirect, or `undefined` to give it to the caller
 * (Fetch standard, "HTTP-redirect fetch").
 * @param count redirects followed so far
 * @throws CraftecError `redirect-failed` | `insecure-url`
 */
export function followRedirect(
  request: FetchRequest,
  answer: { readonly status: number; readonly location: string | null },
  count: number
): FetchRequest | undefined {
  if (!REDIRECT_STATUS.has(answer.status) || request.redirect === 'manual') return undefined
  if (request.redirect === 'error') throw failed("the target redirects, and the caller asked for redirect: 'error'")
  if (answer.location === null) return undefined
  if (count >= MAX_REDIRECTS) throw failed(`more than ${MAX_REDIRECTS} redirects`)
  const url = nextUrl(request, answer.location)
  const becomesGet =
    ((answer.status === 301 || answer.status === 302) && request.method === 'POST') ||
    (answer.status === 303 && request.method !== 'GET' && request.method !== 'HEAD')
  if (!becomesGet && request.body?.kind === 'stream')
    throw failed(`the target wants the body again (status ${answer.status}), and a stream cannot be sent twice`)
  const crossOrigin = url.origin !== request.url.origin
  const headers = request.headers.filter(([name]) => {
    const key = name.toLowerCase()
    return !(becomesGet && BODY_HEADERS.has(key)) && !(crossOrigin && ORIGIN_HEADERS.has(key))
  })
  return becomesGet ? { ...request, url, headers, method: 'GET', body: undefined } : { ...request, url, headers }
}

function nextUrl(request: FetchRequest, location: string): URL {
  let url: URL
  try {
    url = new URL(location, request.url)
    // A redirect without a fragment keeps the one of the request (RFC 9110 §10.2.2).
    if (url.hash === '') url.hash = request.url.hash
    return parseTarget(url, request.allowInsecure)
  } catch (cause) {
    if (cause instanceof CraftecError && cause.code === 'insecure-url') throw cause
    throw new CraftecError('redirect-failed', 'the target redirects to something that is no http(s) URL', { cause })
  }
}

function failed(why: string): CraftecError {
  return new CraftecError('redirect-failed', why)
}
