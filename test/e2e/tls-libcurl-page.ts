/** The page's half of tls-libcurl.test.ts. */
import { CraftecError, createCraftec } from '../../sdk/index.ts'
import { libcurlTls } from '../../sdk/tls-libcurl/index.ts'

export interface LibcurlPage {
  /** Fetch through a circuit, TLS by libcurl.js or by the SDK's own client. @returns the text, or the code of the error */
  fetch(engine: 'libcurl' | 'own', request: LibcurlRequest): Promise<{ text: string } | { code: string }>
}

export interface LibcurlRequest {
  readonly bootstrap: readonly string[]
  readonly rootPem: string
  readonly wasmUrl: string
  readonly url: string
}

export function libcurlPage(): LibcurlPage {
  return {
    fetch: async (engine, { bootstrap, rootPem, wasmUrl, url }) => {
      const net = engine === 'own' ? { tlsRoots: [rootPem] } : { tls: libcurlTls({ wasmUrl, roots: [rootPem] }) }
      await using craft = await createCraftec({ bootstrap, net })
      try {
        return { text: await (await craft.net.fetch(url)).text() }
      } catch (error) {
        return { code: error instanceof CraftecError ? error.code : `untyped: ${String(error)}` }
      }
    }
  }
}
