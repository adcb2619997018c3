import { CraftecError } from '../../sdk/errors/index.ts'
import type { CraftecObj } from '../../sdk/index.ts'
import { contentIdFromHash, parseLink } from '../../sdk/obj/index.ts'
import { isContentAsk, type PageMessage, type WorkerMessage } from '../content-messages/index.ts'

export interface ServeContentOptions {
  /** Where the service worker answers; the same as there. Default `/craftec/`. */
  readonly path?: string
  /** Default: the page's own. */
  readonly container?: Pick<ServiceWorkerContainer, 'addEventListener' | 'removeEventListener'>
}

export interface ContentServer {
  /**
   * Serve the content of a link from now on.
   * @returns its address, for `<video src>` and `<img src>` in this page
   * @throws CraftecError `malformed` | `limit-exceeded`
   */
  add(link: string): string
  /** Serve nothing any more, and end what runs. */
  close(): void
}

const MAX_LINKS = 1_000
/** A player opens a handful. */
const MAX_OPEN = 32

/**
 * The half of serving content that lives in the page: its node reads, and the service worker (`handleContentRequests`) only passes on.
 * So keys stay in the page, and the browser may end the worker whenever it likes.
 * @example
 * import { createCraftec } from '@craftec/web'
 * import { serveContent } from '@craftec/web/widget'
 * declare const bootstrap: string[], link: string, video: HTMLVideoElement
 * const craft = await createCraftec({ bootstrap })
 * await navigator.serviceWorker.ready
 * video.src = serveContent(craft.obj).add(link)
 */
export function serveContent(obj: Pick<CraftecObj, 'get'>, options: ServeContentOptions = {}): ContentServer {
  const { path = '/craftec/', container = navigator.serviceWorker } = options
  const links = new Map<string, string>()
  const open = new Set<AbortController>()
  const onMessage = (event: Event): void => {
    const { data, ports } = event as MessageEvent<unknown>
    const [port] = ports
    if (!port || !isContentAsk(data)) return
    const link = links.get(data.cid)
    if (link === undefined) return
    if (open.size >= MAX_OPEN) {
      tell(port, { type: 'failed', status: 503 })
      return
    }
    const controller = new AbortController()
    open.add(controller)
    void answer(obj, link, data.range, port, controller).finally(() => {
      open.delete(controller)
      port.close()
    })
  }
  container.addEventListener('message', onMessage)
  return {
    add: link => {
      const cid = contentIdFromHash(parseLink(link).contentId)
      if (links.size >= MAX_LINKS && !links.has(cid))
        throw new CraftecError('limit-exceeded', `a page serves at most ${MAX_LINKS} contents`)
      links.set(cid, link)
      return `${path}${cid}`
    },
    close: () => {
      container.removeEventListener('message', onMessage)
      links.clear()
      for (const controller of open) controller.abort(new CraftecError('stopped', 'the page serves no more content'))
    }
  }
}

async function answer(
  obj: Pick<CraftecObj, 'get'>,
  link: string,
  range: string | undefined,
  port: MessagePort,
  controller: AbortController
): Promise<void> {
  const { signal } = controller
  const pulls = pullsOf(port, controller)
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined
  try {
    tell(port, { type: 'accepted' })
    const headers = new Headers(range === undefined ? {} : { range })
    const response = await obj.get(link, { signal }).response({ headers })
    reader = response.body?.getReader()
    tell(port, { type: 'head', status: response.status, headers: [...response.headers] })
    while (await pulls.next()) {
      const { done, value } = (await reader?.read()) ?? { done: true, value: undefined }
      if (done || !value) return tell(port, { type: 'end' })
      // its own copy: what is read may be part of a larger buffer that others use
      const bytes = value.slice()
      port.postMessage({ type: 'chunk', bytes } satisfies PageMessage, [bytes.buffer])
    }
  } catch (error) {
    const { code } = CraftecError.from(error)
    tell(port, { type: 'failed', status: code === 'content-unavailable' ? 404 : 502 })
  } finally {
    await reader?.cancel().catch(() => {})
  }
}

/** Asks of the worker, one at a time; `next` gives false once it has lost interest. */
function pullsOf(port: MessagePort, controller: AbortController): { next(): Promise<boolean> } {
  let waiting = Promise.withResolvers<boolean>()
  port.onmessage = ({ data }: MessageEvent<WorkerMessage>) => {
    if (data.type === 'pull') return waiting.resolve(true)
    controller.abort(new CraftecError('aborted', 'nobody reads it any more'))
  }
  controller.signal.addEventListener('abort', () => waiting.resolve(false), { once: true })
  return {
    next: async () => {
      const more = await waiting.promise
      waiting = Promise.withResolvers()
      if (controller.signal.aborted) waiting.resolve(false)
      return more && !controller.signal.aborted
    }
  }
}

function tell(port: MessagePort, message: PageMessage): void {
  port.postMessage(message)
}
