/** The page's half of fetch.test.ts: everything it returns can cross to the test. */
import { demoBytes } from '../../../relay-server/devnet/demo-bytes.ts'
import {
  CraftecError,
  createCraftec,
  type Explanation,
  type NetFetchInit,
  type NetWebSocket
} from '../../../sdk/index.ts'
import { type CraftecWorkerOptions, createCraftecWorker } from '../../../workers/index.ts'

export interface Fetched {
  readonly status: number
  readonly url: string
  readonly bytes: number
  /** The bytes are those of `demoBytes`. */
  readonly equal: boolean
  readonly text: string
  readonly story: Explanation
}

export interface Failure {
  readonly code: string
  readonly ms: number
  readonly bytes: number
}

export interface Echo {
  readonly protocol: string
  readonly hops: number
  readonly text: string
  readonly bytesEqual: boolean
  readonly end: SocketEnd
}

export interface SocketEnd {
  /** The code of the error, 'none' for a clean end. */
  readonly error: string
  readonly closeCode: number
  readonly wasClean: boolean
}

export interface NetPage {
  open(kind: 'page' | 'worker', options: CraftecWorkerOptions): Promise<void>
  close(): Promise<void>
  get(url: string, init?: NetFetchInit): Promise<Fetched>
  /** @param abortAfterBytes abort with the signal once so many bytes of the body came */
  fail(url: string, init?: NetFetchInit, abortAfterBytes?: number): Promise<Failure>
  /** Read until `bytes` came, then say so, and go on until it ends or fails. */
  readUntil(url: string, bytes: number, init?: NetFetchInit): Promise<void>
  rest(): Promise<Failure>
  /** Send a text and 300 kB, get both back, close with 3001. */
  echo(url: string): Promise<Echo>
  /** Open, or fail to; what it ended with. */
  socketEnd(url: string): Promise<SocketEnd>
  /** Open and keep it; {@link keptSocket} says how it ends. */
  keepSocket(url: string): Promise<void>
  keptSocket(): Promise<SocketEnd>
  state(): string
  stateIs(status: string): Promise<void>
}

type Client = Awaited<ReturnType<typeof createCraftecWorker>> | Awaited<ReturnType<typeof createCraftec>>

const PLAIN: NetFetchInit = { allowInsecure: true }

export function netPage(): NetPage {
  let client: Client | undefined
  let rest: Promise<Failure> | undefined
  let kept: Promise<SocketEnd> | undefined
  const running = (): Client => {
    if (!client) throw new Error('open first')
    return client
  }

  async function drain(response: Response, onBytes: (total: number, chunk: Uint8Array) => void): Promise<number> {
    let total = 0
    for await (const chunk of response.body ?? []) {
      onBytes(total, chunk)
      total += chunk.length
    }
    return total
  }

  return {
    open: async (kind, options) => {
      client = kind === 'page' ? await createCraftec(options) : await createCraftecWorker(options)
    },
    close: async () => {
      await client?.stop()
      client = undefined
    },
    get: async (url, init) => {
      const response = await running().net.fetch(url, { ...PLAIN, ...init })
      let equal = true
      let text = ''
      const bytes = await drain(response, (at, chunk) => {
        const expected = demoBytes(at, chunk.length)
        equal &&= chunk.every((byte, index) => byte === expected[index])
        if (text.length < 1000) text += new TextDecoder().decode(chunk).slice(0, 1000)
      })
      return {
        status: response.status,
        url: response.url,
        bytes,
        equal,
        text,
        story: await running().net.explain(response)
      }
    },
    fail: async (url, init, abortAfterBytes) => {
      const startedAt = performance.now()
      const controller = new AbortController()
      let bytes = 0
      try {
        const response = await running().net.fetch(url, { ...PLAIN, ...init, signal: controller.signal })
        await drain(response, (at, chunk) => {
          bytes = at + chunk.length
          if (abortAfterBytes !== undefined && bytes >= abortAfterBytes) controller.abort(new Error('enough'))
        })
        return { code: 'none', ms: performance.now() - startedAt, bytes }
      } catch (error) {
        return { code: codeOf(error), ms: performance.now() - startedAt, bytes }
      }
    },
    readUntil: async (url, bytes, init) => {
      const response = await running().net.fetch(url, { ...PLAIN, ...init })
      const reached = Promise.withResolvers<void>()
      let total = 0
      rest = drain(response, (at, chunk) => {
        total = at + chunk.length
        if (total >= bytes) reached.resolve()
      }).then(
        () => ({ code: 'none', ms: performance.now(), bytes: total }),
        error => ({ code: codeOf(error), ms: performance.now(), bytes: total })
      )
      await Promise.race([reached.promise, rest.then(() => {})])
    },
    rest: async () => {
      const startedAt = performance.now()
      const failure = await rest
      if (!failure) throw new Error('readUntil first')
      return { ...failure, ms: Math.max(0, failure.ms - startedAt) }
    },
    echo: async url => {
      const socket = running().net.webSocket(url, ['one', 'two'])
      socket.binaryType = 'arraybuffer'
      const end = endOf(socket)
      const received: unknown[] = []
      const bytes = demoBytes(0, 300_000)
      await new Promise<void>((resolve, reject) => {
        socket.onopen = () => {
          socket.send('grüße')
          socket.send(bytes)
        }
        socket.onmessage = ({ data }) => {
          if (received.push(data) === 2) resolve()
        }
        socket.addEventListener('error', ({ error }) => reject(error))
      })
      socket.close(3001, 'done')
      const [text, buffer] = received
      const echoed = buffer instanceof ArrayBuffer ? new Uint8Array(buffer) : new Uint8Array(0)
      return {
        protocol: socket.protocol,
        hops: socket.path.filter(({ role }) => role === 'relay').length,
        text: String(text),
        bytesEqual: echoed.length === bytes.length && echoed.every((byte, index) => byte === bytes[index]),
        end: await end
      }
    },
    socketEnd: url => endOf(running().net.webSocket(url)),
    keepSocket: url => {
      const socket = running().net.webSocket(url)
      kept = endOf(socket)
      return new Promise((resolve, reject) => {
        socket.onopen = () => resolve()
        socket.addEventListener('error', ({ error }) => reject(error))
      })
    },
    keptSocket: async () => {
      if (!kept) throw new Error('keepSocket first')
      return kept
    },
    state: () => running().state.status,
    stateIs: status =>
      new Promise(resolve => {
        const check = (): void => {
          if (running().state.status === status) resolve()
        }
        running().onState(check)
        check()
      })
  }
}

function endOf(socket: NetWebSocket): Promise<SocketEnd> {
  return new Promise(resolve =>
    socket.addEventListener('close', ({ code, wasClean }) =>
      resolve({ error: socket.error?.code ?? 'none', closeCode: code, wasClean })
    )
  )
}

function codeOf(error: unknown): string {
  return error instanceof CraftecError ? error.code : `untyped: ${String(error)}`
}
