/** The parts of libcurl.js 0.7 that are used; it has no types. `recv` and the two loops are inside of it, so its
 * version is pinned. */
declare module 'libcurl.js' {
  export interface TlsSocket {
    onopen: () => void
    /** @param code of curl, see its libcurl-errors */
    onerror: (code: number) => void
    onmessage: (data: Uint8Array<ArrayBuffer>) => void
    /** After the server's close_notify. */
    onclose: () => void
    /** The timer that calls {@link recv}, once it is open. */
    recv_loop: number
    /** The timer of the handshake; closing leaves it running, on memory that is free by then. */
    event_loop: number | null
    /** One step of reading: calls at most one of the handlers, and none when it needs more bytes. */
    recv(): void
    send(data: Uint8Array): void
    close(): void
  }

  export const libcurl: {
    /** Called with `new` and a URL that ends in host:port. */
    transport: unknown
    logger: (type: string, text: string) => void
    stdout: (text: string) => void
    stderr: (text: string) => void
    readonly TLSSocket: new (hostname: string, port: number) => TlsSocket
    set_websocket(url: string): void
    load_wasm(url: string): Promise<void> | undefined
    get_cacert(): string
    get_error_string(code: number): string
  }
}
