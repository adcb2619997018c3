/** The page's half of fetch.test.ts: everything it returns can cross to the test. */
import { demoBytes } from '../../../relay-server/devnet/demo-bytes.ts'
import { CraftecError, createCraftec, type Explanation, type NetFetchInit } from '../../../sdk/index.ts'
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

export interface NetPage {
  open(kind: 'page' | 'worker', options: CraftecWorkerOptions): Promise<void>
  close(): Promise<void>
  get(url: string, init?: NetFetchInit): Promise<Fetched>
  /** @param abortAfterBytes abort with the signal once so many bytes of the body came */
  fail(url: string, init?: NetFetchInit, abortAfterBytes?: number): Promise<Failure>
  /** Read until `bytes` came, then say so, and go on until it ends or fails. */
  readUntil(url: string, bytes: number, init?: NetFetchInit): Promise<void>
  rest(): Promise<Failure>
  state(): string
  stateIs(status: string): Promise<void>
}

type Client = Awaited<ReturnType<typeof createCraftecWorker>> | Awaited<ReturnType<typeof createCraftec>>

const PLAIN: NetFetchInit = { allowInsecure: true }

export function netPage(): NetPage {
  let client: Client | undefined
  let rest: Promise<Failure> | undefined
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

function codeOf(error: unknown): string {
  return error instanceof CraftecError ? error.code : `untyped: ${String(error)}`
}
