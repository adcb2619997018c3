import type { ContentAsk, PageMessage, WorkerMessage } from '../content-messages/index.ts'

export interface ContentWorkerOptions {
  /** Where content is served. Default `/craftec/`. */
  readonly path?: string
}

/** The part of ServiceWorkerGlobalScope that is used; the DOM types know pages only. */
export interface ContentWorkerScope {
  readonly clients: { get(id: string): Promise<ContentClient | undefined> }
  addEventListener(type: 'fetch', listener: (event: Event) => void): void
}
interface ContentClient {
  postMessage(message: ContentAsk, transfer: Transferable[]): void
}
interface FetchingEvent extends Event {
  readonly request: Request
  readonly clientId: string
  respondWith(response: Promise<Response>): void
}

/** For the page to say that it serves this content. */
const ACCEPT_MS = 5_000
/** For the next part of it: the page's node has deadlines of its own, this one is for a page that is gone. */
const PART_MS = 60_000
const CONTENT_ID = /^[0-9a-f]{64}$/
/**
 * What a stranger stored must never run as a page or a script of this site: it is answered to elements that show it, and to `fetch` of
 * the page, never to a navigation.
 */
const DESTINATIONS: ReadonlySet<string> = new Set(['', 'image', 'video', 'audio'])
const MEDIA = /^(image|video|audio)\//

/**
 * The half of serving content that lives in a service worker: `<path><content id>` is answered with what the page that asks for it
 * reads (`serveContent`), `Range` included. Call it while the worker's script is first run.
 * @example
 * // service-worker.ts
 * import { type ContentWorkerScope, handleContentRequests } from '@craftec/web/widget/content-worker'
 * handleContentRequests(globalThis as unknown as ContentWorkerScope)
 */
export function handleContentRequests(scope: ContentWorkerScope, options: ContentWorkerOptions = {}): void {
  const { path = '/craftec/' } = options
  scope.addEventListener('fetch', event => {
    const fetching = event as FetchingEvent
    const { request, clientId } = fetching
    const { pathname, origin } = new URL(request.url)
    const cid = pathname.slice(path.length)
    if (!pathname.startsWith(path) || !CONTENT_ID.test(cid) || origin !== location.origin) return
    fetching.respondWith(
      request.method === 'GET' && DESTINATIONS.has(request.destination)
        ? scope.clients.get(clientId).then(client => (client ? ask(client, cid, request) : refusal(404)))
        : Promise.resolve(refusal(405))
    )
  })
}

async function ask(client: ContentClient, cid: string, request: Request): Promise<Response> {
  const { port1: port, port2 } = new MessageChannel()
  const messages = new PageMessages(port)
  client.postMessage({ type: 'craftec-content', cid, range: request.headers.get('range') ?? undefined }, [port2])
  try {
    await messages.next(ACCEPT_MS)
    const head = await messages.next(PART_MS)
    if (head.type !== 'head') {
      messages.close()
      return refusal(head.type === 'failed' ? head.status : 502)
    }
    return new Response(bodyOf(messages), { status: head.status, headers: safeHeaders(head.headers) })
  } catch {
    messages.close()
    return refusal(504)
  }
}

function bodyOf(messages: PageMessages): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      pull: async controller => {
        messages.tell({ type: 'pull' })
        const message = await messages.next(PART_MS)
        if (message.type === 'chunk') return controller.enqueue(message.bytes)
        messages.close()
        if (message.type === 'end') controller.close()
        else controller.error(new TypeError('the content could not be read to its end'))
      },
      cancel: () => messages.close()
    },
    { highWaterMark: 0 }
  )
}

function safeHeaders(given: readonly (readonly [string, string])[]): Headers {
  const headers = new Headers(given.map(([name, value]): [string, string] => [name, value]))
  if (!MEDIA.test(headers.get('content-type') ?? '')) headers.set('Content-Type', 'application/octet-stream')
  headers.set('X-Content-Type-Options', 'nosniff')
  headers.set('Content-Security-Policy', "default-src 'none'; sandbox")
  headers.set('Cache-Control', 'no-store')
  return headers
}

function refusal(status: number): Response {
  const headers = { 'Content-Type': 'text/plain' }
  return new Response('Content is shown in a page of this site that serves it, and only there.', { status, headers })
}

/** What the page says, in order, each waited for with a deadline. */
class PageMessages {
  readonly #port: MessagePort
  readonly #arrived: PageMessage[] = []
  #waiting: ((message: PageMessage) => void) | undefined

  constructor(port: MessagePort) {
    this.#port = port
    port.onmessage = ({ data }: MessageEvent<PageMessage>) => {
      const waiting = this.#waiting
      this.#waiting = undefined
      if (waiting) waiting(data)
      else this.#arrived.push(data)
    }
  }

  tell(message: WorkerMessage): void {
    this.#port.postMessage(message)
  }

  next(timeoutMs: number): Promise<PageMessage> {
    const arrived = this.#arrived.shift()
    if (arrived) return Promise.resolve(arrived)
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.close()
        reject(new TypeError(`the page said nothing for ${timeoutMs} ms`))
      }, timeoutMs)
      this.#waiting = message => {
        clearTimeout(timer)
        resolve(message)
      }
    })
  }

  close(): void {
    this.tell({ type: 'cancel' })
    this.#port.close()
  }
}
