import type { ByteDuplex } from '../http/index.ts'

export interface TlsConnection extends ByteDuplex {
  /** Protocol agreed with ALPN, if any. */
  readonly alpn: string | undefined
}

/**
 * A TLS client over any byte stream. It authenticates the server for `host` or rejects; its `readable` errors when the
 * transport ends without close_notify, so that a cut never looks like an end.
 */
export interface TlsEngine {
  /** @throws CraftecError `tls-…`: `tls-failed`, or a code that says what was wrong with whom */
  connect(
    transport: ByteDuplex,
    options: { readonly host: string; readonly alpn: readonly string[]; readonly signal: AbortSignal }
  ): Promise<TlsConnection>
}
