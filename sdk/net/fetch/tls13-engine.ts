import type { TlsEngine } from './tls-engine.ts'

export interface Tls13Options {
  /** Trust these certificates (DER, or PEM text) and no others. Default: Mozilla's list. */
  readonly roots?: readonly (Uint8Array | string)[] | undefined
}

/** The SDK's own TLS 1.3 client; it is loaded when the first connection needs it. **Unaudited**: see docs/tls.md. */
export function createTls13Engine({ roots }: Tls13Options = {}): TlsEngine {
  return {
    connect: async (transport, { host, alpn, signal }) => {
      const { connectTls } = await import('../../tls/index.ts')
      const { readable, writable, info } = await connectTls(transport, { serverName: host, alpn, roots, signal })
      return { readable, writable, alpn: info.alpn }
    }
  }
}
