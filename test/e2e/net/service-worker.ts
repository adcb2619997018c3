/**
 * A service worker that holds a node: what its page fetches from `/private/<URL>` goes over a circuit.
 * The network to enter is in the query of the script's own URL.
 */
import { type Craftec, CraftecError, createCraftec } from '../../../sdk/index.ts'

/** The part of ServiceWorkerGlobalScope that is used; the DOM types know pages only. */
interface WorkerScope {
  readonly location: { readonly href: string }
  readonly clients: { claim(): Promise<void> }
  skipWaiting(): Promise<void>
  addEventListener(type: 'install' | 'activate', listener: (event: WaitEvent) => void): void
  addEventListener(type: 'fetch', listener: (event: FetchingEvent) => void): void
}
interface WaitEvent {
  waitUntil(task: Promise<unknown>): void
}
interface FetchingEvent {
  readonly request: Request
  respondWith(response: Promise<Response>): void
}

const scope = globalThis as unknown as WorkerScope
const PRIVATE = '/private/'
let craft: Promise<Craftec> | undefined

scope.addEventListener('install', event => event.waitUntil(scope.skipWaiting()))
scope.addEventListener('activate', event => event.waitUntil(scope.clients.claim()))
scope.addEventListener('fetch', event => {
  const { pathname, search } = new URL(event.request.url)
  if (pathname.startsWith(PRIVATE)) event.respondWith(privately(pathname.slice(PRIVATE.length) + search))
})

async function privately(encoded: string): Promise<Response> {
  try {
    craft ??= createCraftec({ bootstrap: new URL(scope.location.href).searchParams.getAll('bootstrap') })
    const { net } = await craft
    const response = await net.fetch(decodeURIComponent(encoded), { allowInsecure: true })
    const headers = new Headers(response.headers)
    headers.set(
      'x-path',
      net
        .explain(response)
        .path.map(({ role }) => role)
        .join(' ')
    )
    return new Response(response.body, { status: response.status, headers })
  } catch (error) {
    const { code, message } = CraftecError.from(error)
    return Response.json({ code, message }, { status: 502 })
  }
}
