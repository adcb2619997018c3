import type { CraftecError } from '../../errors/index.ts'
import type { ResponseHead } from '../http/index.ts'

/** Statuses a Response cannot have a body with ("null body status", Fetch standard). */
export const NULL_BODY_STATUS: ReadonlySet<number> = new Set([101, 103, 204, 205, 304])

export interface ResponseFacts {
  readonly url: string
  readonly redirected: boolean
  readonly onClone: (clone: Response) => void
  /** Why the body failed, once it did. */
  readonly failure: () => CraftecError | undefined
}

const BODY_METHODS = ['arrayBuffer', 'blob', 'bytes', 'formData', 'json', 'text'] as const

/**
 * A `Response` of the platform with what its constructor cannot set: `url` and `redirected`, kept by `clone()`; and the error of
 * the body, which Chromium replaces with "TypeError: Failed to fetch" in `text()` and its like.
 * `type` stays "default", and `Set-Cookie` is hidden as in any page: both are the platform's own rules.
 */
export function realResponse(
  head: Pick<ResponseHead, 'status' | 'reason' | 'headers'>,
  body: ReadableStream<Uint8Array> | null,
  facts: ResponseFacts
): Response {
  const headers = new Headers()
  for (const [name, value] of head.headers) headers.append(name, value)
  const given = NULL_BODY_STATUS.has(head.status) ? null : (body as ReadableStream<Uint8Array<ArrayBuffer>> | null)
  return withFacts(new Response(given, { status: head.status, statusText: head.reason, headers }), facts)
}

function withFacts(response: Response, facts: ResponseFacts): Response {
  const clone = response.clone.bind(response)
  Object.defineProperties(response, {
    url: { value: facts.url, enumerable: true },
    redirected: { value: facts.redirected, enumerable: true },
    clone: {
      value: () => {
        const copy = withFacts(clone(), facts)
        facts.onClone(copy)
        return copy
      }
    }
  })
  for (const name of BODY_METHODS) {
    const method: (() => Promise<unknown>) | undefined = response[name]?.bind(response)
    if (method)
      Object.defineProperty(response, name, { value: () => method().catch(error => fail(facts.failure() ?? error)) })
  }
  return response
}

function fail(error: unknown): never {
  throw error
}
