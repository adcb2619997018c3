import { CraftecError } from '../../errors/index.ts'
import { rpcInvalid } from './rpc-invalid.ts'

/** A page of a hundred accounts of this program has about 1 MiB. */
const MAX_ANSWER_BYTES = 8 * 1024 * 1024
const MAX_REASON_CHARACTERS = 200

/** One JSON-RPC 2.0 endpoint over HTTP. It gets nothing of the page: no cookies, no referrer, no redirect to elsewhere. */
export class JsonRpcEndpoint {
  readonly url: string
  #id = 0

  /** @throws CraftecError `invalid-argument` unless it is an `https:` address, or `http:` of this machine */
  constructor(text: string) {
    const url = URL.canParse(text) ? new URL(text) : undefined
    const local = url?.hostname === '127.0.0.1' || url?.hostname === 'localhost' || url?.hostname === '[::1]'
    if (url?.protocol !== 'https:' && !(url?.protocol === 'http:' && local))
      throw new CraftecError('invalid-argument', 'an RPC endpoint is an https: address, or http: on this machine')
    this.url = url.href
  }

  /**
   * @returns what the endpoint answered; nothing of it is checked
   * @throws CraftecError `rpc-invalid` for what is no answer to this request, `rpc-unreachable` for none and for an error
   */
  async call(method: string, params: readonly unknown[], signal: AbortSignal): Promise<unknown> {
    const id = ++this.#id
    const answer = await this.#post(JSON.stringify({ jsonrpc: '2.0', id, method, params }), signal)
    if (typeof answer !== 'object' || answer === null) throw rpcInvalid('something else than JSON-RPC')
    const { id: answered, result, error } = answer as { id?: unknown; result?: unknown; error?: unknown }
    if (answered !== id) throw rpcInvalid('the answer to another request')
    if (error !== undefined) throw unreachable(`${method}: ${reasonOf(error)}`)
    if (result === undefined) throw rpcInvalid('neither a result nor an error')
    return result
  }

  async #post(body: string, signal: AbortSignal): Promise<unknown> {
    let text: string
    try {
      const response = await this.#fetch(body, signal)
      if (!response.ok) {
        await response.body?.cancel()
        throw unreachable(`HTTP status ${response.status}`)
      }
      text = await boundedText(response)
    } catch (cause) {
      if (cause instanceof CraftecError) throw cause
      throw unreachable('no connection, or it broke', cause)
    }
    try {
      return JSON.parse(text)
    } catch (cause) {
      throw rpcInvalid('something else than JSON', cause)
    }
  }

  async #fetch(body: string, signal: AbortSignal): Promise<Response> {
    const request: RequestInit = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      signal,
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
      redirect: 'error',
      cache: 'no-store'
    }
    try {
      return await fetch(this.url, request)
    } catch (error) {
      if (signal.aborted) throw error
      // the server may just have closed a connection that was kept alive; nothing that is asked here does anything twice
      return fetch(this.url, request)
    }
  }
}

async function boundedText({ body }: Response): Promise<string> {
  if (body === null) return ''
  const decoder = new TextDecoder()
  const reader = body.getReader()
  let text = ''
  for (let taken = 0; ; ) {
    const { done, value } = await reader.read()
    if (done) return text + decoder.decode()
    taken += value.length
    if (taken > MAX_ANSWER_BYTES) {
      await reader.cancel()
      throw rpcInvalid(`more than ${MAX_ANSWER_BYTES} bytes`)
    }
    text += decoder.decode(value, { stream: true })
  }
}

function reasonOf(error: unknown): string {
  const { code, message } = (typeof error === 'object' && error !== null ? error : {}) as Record<string, unknown>
  return `error ${typeof code === 'number' ? code : '?'}, ${String(message).slice(0, MAX_REASON_CHARACTERS)}`
}

function unreachable(why: string, cause?: unknown): CraftecError {
  return new CraftecError('rpc-unreachable', `an RPC endpoint gave no answer: ${why}`, { cause })
}
