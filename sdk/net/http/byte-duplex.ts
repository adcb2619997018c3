/** Bytes both ways: what an onion stream, a TLS session and a test pair have in common. Closing `writable` ends only that direction. */
export interface ByteDuplex {
  readonly readable: ReadableStream<Uint8Array>
  readonly writable: WritableStream<Uint8Array>
}
