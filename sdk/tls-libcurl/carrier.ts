/**
 * What libcurl.js takes for a WebSocket to its proxy: here, the stream of one circuit. It never reaches the network by itself.
 */
export class Carrier {
  readonly CONNECTING = 0
  readonly OPEN = 1
  readonly CLOSING = 2
  readonly CLOSED = 3
  binaryType = 'arraybuffer'
  readyState = this.CONNECTING as 0 | 1 | 2 | 3
  onopen: () => void = () => {}
  onmessage: (event: { readonly data: ArrayBuffer }) => void = () => {}
  onclose: () => void = () => {}
  onerror: () => void = () => {}
  /** Called once when there is something to take. */
  onsend: () => void = () => {}
  /** Resolves when libcurl.js has let go of it. */
  readonly closed: Promise<void>
  readonly #close: () => void
  #sent: Uint8Array[] = []

  constructor() {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.closed = promise
    this.#close = resolve
  }

  /** libcurl.js has connected; it sets its handlers right after. */
  open(): void {
    queueMicrotask(() => {
      if (this.readyState !== this.CONNECTING) return
      this.readyState = this.OPEN
      this.onopen()
    })
  }

  /** Bytes of the server, for libcurl.js to read when it likes. */
  feed(bytes: Uint8Array): void {
    this.onmessage({ data: bytes.slice().buffer })
  }

  /** The server's bytes have ended. */
  end(): void {
    this.readyState = this.CLOSED
    this.onclose()
  }

  /** Take back {@link end}: from now on only what the bytes themselves say counts. */
  reopen(): void {
    this.readyState = this.OPEN
  }

  /** Called by libcurl.js, synchronously. */
  send(data: ArrayBuffer): void {
    this.#sent.push(new Uint8Array(data.slice(0)))
    this.onsend()
  }

  /** Called by libcurl.js. */
  close(): void {
    this.readyState = this.CLOSED
    this.#close()
  }

  /** What libcurl.js has sent since the last call. */
  takeSent(): Uint8Array[] {
    return this.#sent.splice(0)
  }
}
