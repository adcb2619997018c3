import type { ResponseHead } from '../http/index.ts'

/** Statuses a Response cannot have a body with ("null body status", Fetch standard). */
export const NULL_BODY_STATUS: ReadonlySet<number> = new Set([101, 103, 204, 205, 304])

/**
 * A `Response` of the platform with what its constructor cannot set: `url` and `redirected`, kept by `clone()`.
 * `type` stays "default", and `Set-Cookie` is hidden as in any page: both are the platform's own rules.
 */
export function realResponse(
  head: Pick<ResponseHead, 'status' | 'reason' | 'headers'>,
  body: ReadableStream<Uint8Array> | null,
  facts: { readonly url: string; readonly redirected: boolean; readonly onClone: (clone: Response) => void }
): Response {
  const headers = new Headers()
  for (const [name, value] of head.headers) headers.append(name, value)
  const response = new Response(
    NULL_BODY_STATUS.has(head.status) ? null : (body as ReadableStream<Uint8Array<ArrayBuffer>>),
    {
      status: head.status,
      statusText: head.reason,
      headers
    }
  )
  return withFacts(response, facts)
}

function withFacts(response: Response, facts: Parameters<typeof realResponse>[2]): Response {
  const clone = response.clone.bind(response)
  return Object.defineProperties(response, {
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
}
