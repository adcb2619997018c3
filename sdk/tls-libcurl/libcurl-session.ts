/**
 * One TLS session of libcurl.js as two streams. libcurl.js reads and polls on timers and queues without bound; here it is stepped by
 * hand, so that it gets no byte of the server before the reader wants one.
 */
import type { TlsSocket } from 'libcurl.js'
import { CraftecError } from '../errors/index.ts'
import type { ByteDuplex, TlsConnection } from '../net/index.ts'
import { Carrier } from './carrier.ts'
import type { LoadedLibcurl } from './load-libcurl.ts'
import { RecordCounter } from './record-counter.ts'

/** Taken from the server before the handshake is over: its half of one is some 5 KB, with long chains 20. */
const MAX_HANDSHAKE_BYTES = 131_072
/** libcurl.js drops what does not fit into one record (16 KiB, in TLS 1.3 a little less) and does not say so. */
const MAX_SEND_BYTES = 8192
/**
 * A step that takes in a record without data, such as a session ticket, looks like one that found nothing; and mbedTLS takes up to three
 * steps for a ticket (measured). So one is not taken for the end of what is there.
 */
const STEPS_A_RECORD = 4
/** CURLE_SSL_CONNECT_ERROR. */
const SSL_CONNECT_ERROR = 35

type Step = { readonly kind: 'data'; readonly bytes: Uint8Array } | { readonly kind: 'closed' | 'more' }

export class LibcurlSession {
  readonly #libcurl: LoadedLibcurl
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>
  readonly #carrier = new Carrier()
  #socket: TlsSocket | undefined
  /** A read of the transport that the handshake began and did not need. */
  #reading: Promise<ReadableStreamReadResult<Uint8Array>> | undefined
  readonly #records = new RecordCounter()
  /** Steps that are still worth a try with what libcurl.js was fed. */
  #tries = 0
  #transportEnded = false
  #over: CraftecError | 'closed' | undefined

  constructor(libcurl: LoadedLibcurl, { readable, writable }: ByteDuplex) {
    this.#libcurl = libcurl
    this.#reader = readable.getReader()
    this.#writer = writable.getWriter()
    this.#reader.closed.catch(() => {})
    this.#writer.closed.catch(() => {})
  }

  /** @throws CraftecError `tls-handshake-failed` | `tls-failed` | `tls-truncated`, or the reason of `signal` */
  async handshake(host: string, signal: AbortSignal): Promise<TlsConnection> {
    try {
      const socket = this.#libcurl.open(host, this.#carrier)
      this.#socket = socket
      const opened = new Promise<void>((resolve, reject) => {
        const onAbort = (): void => reject(this.#end(CraftecError.from(signal.reason, 'aborted')))
        signal.addEventListener('abort', onAbort, { once: true })
        socket.onopen = () => {
          clearInterval(socket.recv_loop)
          resolve()
        }
        socket.onclose = () => reject(new CraftecError('tls-failed', 'the server closed during the handshake'))
        socket.onerror = code => reject(this.#transportEnded ? truncated('during the handshake') : this.#failure(code))
      })
      await this.#exchangeUntil(opened)
      return { readable: this.#readable(), writable: this.#writable(), alpn: undefined }
    } catch (error) {
      throw this.#end(CraftecError.from(error, 'tls-failed'))
    }
  }

  /** Its own timer steps the handshake; bytes go to and fro meanwhile. */
  async #exchangeUntil(opened: Promise<void>): Promise<void> {
    let open = false
    const done = opened.then(() => {
      open = true
    })
    done.catch(() => {})
    let received = 0
    while (!open) {
      await this.#flush()
      if (!this.#transportEnded && received < MAX_HANDSHAKE_BYTES) this.#reading ??= this.#reader.read()
      const next = await Promise.race([this.#reading ?? done, done, this.#somethingToSend()])
      if (!next) continue
      this.#reading = undefined
      received += next.value?.length ?? 0
      if (next.done) this.#onTransportEnd()
      else this.#feed(next.value)
    }
    this.#carrier.reopen()
    await this.#flush()
  }

  #feed(bytes: Uint8Array): void {
    const before = this.#records.complete
    this.#records.push(bytes)
    this.#carrier.feed(bytes)
    this.#tries = Math.max(0, this.#tries) + STEPS_A_RECORD * (this.#records.complete - before)
  }

  /** All that libcurl.js will ever get is with it, and may be enough: a server that answers at once closes at once. */
  #onTransportEnd(): void {
    this.#transportEnded = true
    this.#carrier.end()
  }

  #somethingToSend(): Promise<void> {
    return new Promise(resolve => {
      this.#carrier.onsend = resolve
    })
  }

  async #flush(): Promise<void> {
    // Until there is nothing: its timer goes on while a write takes its time.
    for (let sent = this.#carrier.takeSent(); sent.length > 0; sent = this.#carrier.takeSent())
      for (const bytes of sent) await this.#writer.write(bytes)
  }

  #readable(): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>(
      {
        pull: async controller => {
          try {
            const bytes = await this.#read()
            if (bytes) controller.enqueue(bytes)
            else controller.close()
          } catch (error) {
            throw this.#end(CraftecError.from(error, 'link-closed'))
          }
        },
        cancel: reason => void this.#end(CraftecError.from(reason ?? 'cancelled', 'aborted'))
      },
      { highWaterMark: 0 }
    )
  }

  #writable(): WritableStream<Uint8Array> {
    return new WritableStream<Uint8Array>({
      write: async bytes => {
        try {
          for (let at = 0; at < bytes.length; at += MAX_SEND_BYTES)
            await this.#send(bytes.subarray(at, at + MAX_SEND_BYTES))
        } catch (error) {
          throw this.#end(CraftecError.from(error, 'link-closed'))
        }
      },
      close: () => this.#close(),
      abort: reason => void this.#end(CraftecError.from(reason ?? 'aborted', 'aborted'))
    })
  }

  /** @returns undefined after the server's close_notify */
  async #read(): Promise<Uint8Array | undefined> {
    for (;;) {
      this.#checkOpen()
      const step = this.#step()
      if (step.kind === 'data') return step.bytes
      await this.#flush() // an answer of the engine's own, such as to a renegotiation
      if (step.kind === 'closed') {
        await this.#close()
        return undefined
      }
      if (this.#tries-- > 0) continue
      // close_notify would have been seen in one of the steps before.
      if (this.#transportEnded) throw truncated('in the middle of the data')
      this.#reading ??= this.#reader.read()
      const { done, value } = await this.#reading
      this.#reading = undefined
      this.#checkOpen()
      if (done) this.#transportEnded = true
      else this.#feed(value)
    }
  }

  /** libcurl.js makes at most one record of what it was fed. @throws CraftecError `tls-failed` */
  #step(): Step {
    const socket = this.#socket
    if (!socket) throw new CraftecError('internal', 'a session that was not opened')
    let step: Step = { kind: 'more' }
    let failure: CraftecError | undefined
    socket.onmessage = bytes => {
      step = { kind: 'data', bytes }
    }
    socket.onclose = () => {
      step = { kind: 'closed' }
    }
    socket.onerror = code => {
      failure = this.#failure(code)
    }
    socket.recv()
    if (failure) throw failure
    return step
  }

  async #send(bytes: Uint8Array): Promise<void> {
    this.#checkOpen()
    this.#socket?.send(bytes)
    const sent = this.#carrier.takeSent()
    // It does not say whether it took them. A record is longer than what is in it.
    if (sent.reduce((sum, piece) => sum + piece.length, 0) <= bytes.length)
      throw new CraftecError('tls-failed', 'libcurl.js did not take all of the bytes')
    for (const piece of sent) await this.#writer.write(piece)
  }

  #checkOpen(): void {
    if (this.#over === 'closed') throw new CraftecError('link-closed', 'this TLS session was closed')
    if (this.#over) throw this.#over
  }

  /** Say goodbye, in its own time, and end the transport. */
  async #close(): Promise<void> {
    if (this.#over) return
    this.#over = 'closed'
    const said = this.#carrier.closed
    this.#closeSocket()
    await said
    await this.#flush().catch(() => {})
    await this.#writer.close().catch(() => {})
    await this.#reader.cancel().catch(() => {})
  }

  #end(error: CraftecError): CraftecError {
    if (this.#over instanceof CraftecError) return this.#over
    this.#over = error
    this.#closeSocket()
    this.#reader.cancel(error).catch(() => {})
    this.#writer.abort(error).catch(() => {})
    return error
  }

  #closeSocket(): void {
    this.#socket?.close()
    clearInterval(this.#socket?.event_loop ?? undefined)
  }

  #failure(curlCode: number): CraftecError {
    const code = curlCode === SSL_CONNECT_ERROR ? 'tls-handshake-failed' : 'tls-failed'
    return new CraftecError(code, `TLS by libcurl.js: ${this.#libcurl.errorText(curlCode)}`, { details: { curlCode } })
  }
}

function truncated(where: string): CraftecError {
  return new CraftecError('tls-truncated', `the connection ended ${where}, without close_notify`)
}
