import type { ByteDuplex } from '../../sdk/net/http/index.ts'
import { duplexPair } from './duplex-pair.ts'

const encoder = new TextEncoder()

/** The target's end of a connection, driven by a test: what came, byte for byte, and raw bytes back. */
export class ScriptedTarget {
  readonly client: ByteDuplex
  received = ''
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>
  readonly #decoder = new TextDecoder('latin1')

  constructor() {
    const [client, target] = duplexPair(16)
    this.client = client
    this.#reader = target.readable.getReader()
    this.#writer = target.writable.getWriter()
    this.#writer.closed.catch(() => {})
    this.#reader.closed.catch(() => {})
  }

  /** Read until what came contains `text`; the count of occurrences decides, so a second request can be waited for. */
  async until(text: string, times = 1): Promise<string> {
    while (this.received.split(text).length - 1 < times) {
      const { done, value } = await this.#reader.read()
      if (done) throw new Error(`the client ended before "${text}"; it sent: ${this.received}`)
      this.received += this.#decoder.decode(value, { stream: true })
    }
    return this.received
  }

  /** Read until the client ends or aborts its direction. */
  async ended(): Promise<'ended' | 'aborted'> {
    try {
      for (;;) {
        const { done, value } = await this.#reader.read()
        if (done) return 'ended'
        this.received += this.#decoder.decode(value, { stream: true })
      }
    } catch {
      return 'aborted'
    }
  }

  async send(data: string | Uint8Array): Promise<void> {
    await this.#writer.write(typeof data === 'string' ? encoder.encode(data) : data)
  }

  /** End the target's direction; a client that has left already does not mind. */
  async end(): Promise<void> {
    await this.#writer.close().catch(() => {})
  }

  fail(error: unknown): void {
    this.#writer.abort(error).catch(() => {})
    this.#reader.cancel(error).catch(() => {})
  }
}
