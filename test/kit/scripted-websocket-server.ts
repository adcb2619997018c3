/** The far end of a WebSocket, driven by a test: it says exactly what it is told to, and remembers what it heard. */
import type { ByteDuplex } from '../../sdk/net/http/index.ts'
import { duplexPair } from './duplex-pair.ts'

export interface HeardFrame {
  readonly opcode: number
  readonly fin: boolean
  readonly payload: Uint8Array
}

export class ScriptedWebSocketServer {
  /** What the client's half stands on. */
  readonly client: ByteDuplex
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>
  #input: number[] = []

  constructor() {
    const [client, server] = duplexPair(4)
    this.client = client
    this.#reader = server.readable.getReader()
    this.#writer = server.writable.getWriter()
    this.#writer.closed.catch(() => {})
  }

  /** Resolves when the client has taken it. */
  say(first: number, payload: Uint8Array | string = ''): Promise<void> {
    const bytes = typeof payload === 'string' ? new TextEncoder().encode(payload) : payload
    const length = bytes.length < 126 ? [bytes.length] : [126, bytes.length >> 8, bytes.length & 0xff]
    if (bytes.length > 65_535) throw new Error('too long for this server')
    return this.#writer.write(Uint8Array.of(first, ...length, ...bytes))
  }

  /** The next frame of the client, unmasked. */
  async hear(): Promise<HeardFrame> {
    const [first = 0, second = 0] = await this.#take(2)
    if ((second & 0x80) === 0) throw new Error('the client does not mask')
    const short = second & 0x7f
    const length =
      short < 126 ? short : (await this.#take(short === 126 ? 2 : 8)).reduce((sum, byte) => sum * 256 + byte, 0)
    const mask = await this.#take(4)
    const payload = await this.#take(length)
    return {
      opcode: first & 0x0f,
      fin: (first & 0x80) !== 0,
      payload: Uint8Array.from(payload, (byte, at) => byte ^ (mask[at % 4] ?? 0))
    }
  }

  /** Resolves when the client has ended its direction; false when it broke it off. */
  async hangsUp(): Promise<boolean> {
    try {
      return (await this.#reader.read()).done
    } catch {
      return false
    }
  }

  async end(): Promise<void> {
    await this.#writer.close()
  }

  async #take(count: number): Promise<number[]> {
    while (this.#input.length < count) {
      const { done, value } = await this.#reader.read()
      if (done) throw new Error('the client has ended')
      this.#input.push(...value)
    }
    return this.#input.splice(0, count)
  }
}
