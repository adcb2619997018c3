import { withDeadline } from '../async/index.ts'
import { CraftecError } from '../errors/index.ts'
import type { ByteDuplex, TlsEngine } from '../net/index.ts'
import { LibcurlSession } from './libcurl-session.ts'
import { loadLibcurl } from './load-libcurl.ts'
import { readRoots } from './own-roots.ts'

export interface LibcurlTlsOptions {
  /** Where `libcurl.js/libcurl.wasm` is served, such as `new URL('/assets/libcurl.wasm', location.href)`. */
  readonly wasmUrl: string | URL
  /** Trust these certificates (DER, or PEM text) and no others. Default: the list of Mozilla that libcurl.js brings. */
  readonly roots?: readonly (Uint8Array | string)[]
}

/** For the handshake, in milliseconds. Its engine polls, so it is slower than ours. */
const HANDSHAKE_TIMEOUT_MS = 20_000

/**
 * TLS 1.2 and 1.3 by libcurl.js (curl and mbedTLS in WebAssembly), for sites that the SDK's own client cannot reach because they speak
 * TLS 1.2 only. Install `libcurl.js` yourself; **it is under the LGPL**. It runs in pages and workers, and needs
 * `script-src 'wasm-unsafe-eval'` and `connect-src blob:` of a content-security policy.
 *
 * It cannot say what is wrong with a certificate: that is `tls-failed`, with `details.curlCode` 60. A TLS 1.3 server that updates its
 * keys ends the connection with `tls-failed`. Closing the writable ends both directions.
 * @throws CraftecError `invalid-argument` | `malformed`
 * @example
 * import { createCraftec } from '@craftec/web'
 * import { libcurlTls } from '@craftec/web/tls-libcurl'
 * const bootstrap = ['/dns4/relay.example.org/tcp/443/wss/p2p/12D3KooWGRUVh9fbJCPaM2HYmEwaVpNyHYwyPkLXvHpTQGpyCvtn']
 * const craft = await createCraftec({ bootstrap, net: { tls: libcurlTls({ wasmUrl: '/assets/libcurl.wasm' }) } })
 */
export function libcurlTls({ wasmUrl, roots }: LibcurlTlsOptions): TlsEngine {
  const source = { wasmUrl: String(wasmUrl), roots: roots && readRoots(roots) }
  return {
    connect: async (transport, { host, signal }) => {
      try {
        return await withDeadline({ signal, timeoutMs: HANDSHAKE_TIMEOUT_MS, what: 'TLS handshake' }, async aborted => {
          const libcurl = await loadLibcurl(source)
          aborted.throwIfAborted()
          const session = new LibcurlSession(libcurl, transport)
          return session.handshake(host, aborted)
        })
      } catch (error) {
        abandon(transport, error)
        throw CraftecError.from(error, 'tls-failed')
      }
    }
  }
}

/** Before there is a session to do it. */
function abandon({ readable, writable }: ByteDuplex, reason: unknown): void {
  if (!readable.locked) readable.cancel(reason).catch(() => {})
  if (!writable.locked) writable.abort(reason).catch(() => {})
}
