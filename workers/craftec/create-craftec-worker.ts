import { proxy, type Remote, releaseProxy, transfer, wrap } from 'comlink'
import { CraftecError } from '../../sdk/errors/index.ts'
import type { CraftecObj } from '../../sdk/index.ts'
import {
  type CircuitInfo,
  type Explanation,
  type NetFetchInit,
  type NetState,
  NetWebSocket,
  type NetWebSocketInit,
  readWebSocketRequest,
  realResponse,
  type WebSocketChannel
} from '../../sdk/net/index.ts'
import type { CraftecHost, Outcome, WireInit, WireResponse, WorkerOptions } from './craftec-wire.ts'
import { streamWithRealErrors, streamWithWireErrors } from './error-stream.ts'
import type { ObjHost } from './obj-wire.ts'
import { unwrap } from './outcome.ts'
import { createPageObj } from './page-obj.ts'
import { pageWebSocket } from './page-web-socket.ts'
import { unlessAborted } from './unless-aborted.ts'

export interface CraftecWorkerOptions extends WorkerOptions {
  /** Where the worker's module is. Default: beside this one. Override it where a bundler or a policy puts it elsewhere. */
  readonly workerUrl?: string | URL
}

/** As `Craftec`, with what has to cross to the worker asynchronous. */
export interface CraftecWorker extends AsyncDisposable {
  readonly net: {
    /** As `craft.net.fetch`; the body arrives as a transferred stream. @throws CraftecError */
    fetch(input: string | URL | Request, init?: NetFetchInit): Promise<Response>
    /** Of the last 256 responses. @throws CraftecError `invalid-argument` */
    explain(response: Response): Promise<Explanation>
    /** As `craft.net.webSocket`; its messages cross as transferred streams. @throws CraftecError */
    webSocket(url: string | URL, protocols?: string | readonly string[], init?: NetWebSocketInit): NetWebSocket
    /** As `craft.net.webSocketStream`. @throws CraftecError */
    webSocketStream(
      url: string | URL,
      protocols?: string | readonly string[],
      init?: NetWebSocketInit
    ): Promise<WebSocketChannel>
    newPath(): Promise<void>
    circuits(): Promise<CircuitInfo[]>
  }
  /** As `craft.obj`; contents cross as transferred streams, and a Blob is read in the worker. */
  readonly obj: CraftecObj
  readonly state: NetState
  onState(listener: (state: NetState) => void): () => void
  /** Stop the node and end the worker. Idempotent; never rejects. */
  stop(): Promise<void>
}

/** A worker that does not answer its goodbye is ended without it. */
const STOP_TIMEOUT_MS = 5_000

/**
 * A node in a dedicated worker: the page's own thread does no cryptography and moves no bytes. There is no WebRTC in workers, so
 * the node links over WebSocket and WebTransport.
 * @throws CraftecError what `createCraftec` throws, and `unsupported` when the worker cannot be loaded
 * @example
 * import { createCraftecWorker } from '@craftec/web/workers'
 * const craft = await createCraftecWorker({ bootstrap: ['/dns4/relay.example.org/tcp/443/wss/p2p/12D3KooWGRUVh9fbJCPaM2HYmEwaVpNyHYwyPkLXvHpTQGpyCvtn'] })
 * const response = await craft.net.fetch('http://example.org/', { allowInsecure: true })
 */
export async function createCraftecWorker({ workerUrl, ...options }: CraftecWorkerOptions): Promise<CraftecWorker> {
  const worker = workerUrl
    ? new Worker(workerUrl, { type: 'module', name: 'craftec' })
    : new Worker(new URL('./craftec-worker.ts', import.meta.url), { type: 'module', name: 'craftec' })
  const page = new WorkerPage(worker)
  try {
    await page.start(options)
    return page
  } catch (error) {
    worker.terminate()
    throw error
  }
}

class WorkerPage implements CraftecWorker {
  readonly net: CraftecWorker['net']
  readonly obj: CraftecObj
  readonly #worker: Worker
  readonly #host: Remote<CraftecHost>
  readonly #ids = new WeakMap<Response, number>()
  readonly #listeners = new Set<(state: NetState) => void>()
  /** Fires when the worker fails or is ended: what still waits for it would wait for ever. */
  readonly #gone = new AbortController()
  #state: NetState = { status: 'connecting', doing: 'links' }
  #stopping: Promise<void> | undefined
  #released = false

  constructor(worker: Worker) {
    this.#worker = worker
    this.#host = wrap<CraftecHost>(worker)
    worker.addEventListener('error', event => {
      event.preventDefault()
      const why = event.message ?? 'its module could not be loaded; set workerUrl'
      this.#gone.abort(new CraftecError('unsupported', `the worker failed: ${why}`))
    })
    this.obj = createPageObj({
      // Proxies of comlink are made by reading a property, and their types do not say so of nested ones.
      call: task => this.#call(host => task(host.obj as unknown as Remote<ObjHost>)),
      gone: this.#gone.signal
    })
    this.net = {
      fetch: (input, init = {}) => this.#fetch(input, init),
      explain: response => this.#explain(response),
      webSocket: (url, protocols = [], init = {}) => {
        const { url: target, signal } = readWebSocketRequest(url, protocols, init)
        const open = (ending: AbortSignal): Promise<WebSocketChannel> =>
          this.#webSocket(url, protocols, { ...init, signal: signal ? AbortSignal.any([signal, ending]) : ending })
        return new NetWebSocket({ url: target, open })
      },
      webSocketStream: (url, protocols = [], init = {}) => this.#webSocket(url, protocols, init),
      newPath: async () => void (await this.#call(host => host.newPath())),
      circuits: () => this.#call(host => host.circuits())
    }
  }

  get state(): NetState {
    return this.#state
  }

  async start(options: WorkerOptions): Promise<void> {
    const onState = (state: NetState): void => {
      this.#state = state
      for (const listener of [...this.#listeners]) listener(state)
    }
    this.#state = await this.#call(host => host.start(options, proxy(onState)))
  }

  onState(listener: (state: NetState) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#finish()
    return this.#stopping
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  async #finish(): Promise<void> {
    const timeout = new Promise<void>(resolve => setTimeout(resolve, STOP_TIMEOUT_MS))
    await Promise.race([this.#call(host => host.stop()).catch(() => {}), timeout])
    this.#gone.abort(new CraftecError('stopped', 'the worker was stopped'))
    this.#released = true
    this.#host[releaseProxy]()
    this.#worker.terminate()
    this.#state = { status: 'stopped' }
    for (const listener of [...this.#listeners]) listener(this.#state)
  }

  async #fetch(input: string | URL | Request, { signal, ...init }: NetFetchInit): Promise<Response> {
    const given = input instanceof Request ? input : undefined
    const either = signal ?? given?.signal
    if (either?.aborted) throw CraftecError.from(either.reason, 'aborted', 'fetch: aborted by the caller')
    const wire = await wireInit(init, given)
    const { port1: abort, port2: far } = new MessageChannel()
    const onAbort = (): void =>
      abort.postMessage(CraftecError.from(either?.reason, 'aborted', 'fetch: aborted by the caller').toWire())
    const release = (): void => {
      either?.removeEventListener('abort', onAbort)
      abort.close()
    }
    either?.addEventListener('abort', onAbort, { once: true })
    try {
      const streams = wire.body instanceof ReadableStream ? [wire.body] : []
      const url = given?.url ?? String(input)
      return this.#response(
        await this.#call(host => host.fetch(url, transfer(wire, streams), transfer(far, [far]))),
        release
      )
    } catch (error) {
      release()
      throw error
    }
  }

  #response(wire: WireResponse, onEnd: () => void): Response {
    let failure: CraftecError | undefined
    const body =
      wire.body &&
      whenOver(streamWithRealErrors(wire.body, this.#gone.signal), error => {
        failure = error
        onEnd()
      })
    if (!body) onEnd()
    const record = (response: Response): void => void this.#ids.set(response, wire.id)
    const facts = { url: wire.url, redirected: wire.redirected, onClone: record, failure: () => failure }
    const response = realResponse({ status: wire.status, reason: wire.statusText, headers: wire.headers }, body, facts)
    record(response)
    return response
  }

  async #explain(response: Response): Promise<Explanation> {
    const id = this.#ids.get(response)
    if (id === undefined) throw new CraftecError('invalid-argument', 'this response does not come from this client')
    return this.#call(host => host.explain(id))
  }

  async #webSocket(
    url: string | URL,
    protocols: string | readonly string[],
    { signal, headers, ...init }: NetWebSocketInit
  ): Promise<WebSocketChannel> {
    const request = readWebSocketRequest(url, protocols, { ...init, ...(headers ? { headers } : {}) })
    const wire = { ...init, headers: request.headers }
    const open = (control: MessagePort) =>
      this.#call(host => host.webSocket(request.url.href, request.protocols, wire, transfer(control, [control])))
    return pageWebSocket(open, this.#gone.signal, signal)
  }

  async #call<T>(call: (host: Remote<CraftecHost>) => Promise<Outcome<T>>): Promise<T> {
    if (this.#released) throw new CraftecError('stopped', 'the worker was stopped')
    return unwrap(await unlessAborted(call(this.#host), this.#gone.signal))
  }
}

/** Everything that cannot be cloned becomes something that can. */
async function wireInit(init: Omit<NetFetchInit, 'signal'>, given: Request | undefined): Promise<WireInit> {
  const { headers: givenHeaders, body: givenBody, window: _window, ...rest } = init
  const raw = givenBody ?? given?.body ?? undefined
  const headers = new Headers(givenHeaders ?? given?.headers)
  let body: WireInit['body']
  if (raw instanceof ReadableStream) body = streamWithWireErrors(raw)
  else if (typeof raw === 'string' || raw instanceof Blob || raw instanceof Uint8Array) body = raw
  else if (raw !== undefined) {
    const wrapped = new Response(raw)
    const type = wrapped.headers.get('content-type')
    if (type !== null && !headers.has('content-type')) headers.set('content-type', type)
    body = await wrapped.blob()
  }
  const method = init.method ?? given?.method
  return {
    ...rest,
    ...(method === undefined ? {} : { method }),
    headers: [...headers],
    ...(body === undefined ? {} : { body })
  }
}

function whenOver(
  source: ReadableStream<Uint8Array>,
  onOver: (error?: CraftecError) => void
): ReadableStream<Uint8Array> {
  const reader = source.getReader()
  reader.closed.then(
    () => onOver(),
    error => onOver(CraftecError.from(error, 'link-closed'))
  )
  return new ReadableStream<Uint8Array>(
    {
      pull: async controller => {
        const { done, value } = await reader.read()
        if (done) controller.close()
        else controller.enqueue(value)
      },
      cancel: reason => reader.cancel(reason)
    },
    { highWaterMark: 0 }
  )
}
