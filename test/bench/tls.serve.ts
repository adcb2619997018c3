import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { ServerAddresses } from './tls.servers.ts'

export interface TlsParameters extends ServerAddresses {
  /** Where libcurl.js lies for Node, and for the page server of `--browser`. */
  readonly libcurl: Readonly<Record<'node' | 'page', { readonly script: string; readonly wasm: string }>>
}

export async function serve(): Promise<{ parameters: TlsParameters; close(): Promise<void> }> {
  const child = fork(new URL('tls.servers.ts', import.meta.url))
  const exited = once(child, 'exit').then(([code]) => Promise.reject(new Error(`the servers ended with ${code}`)))
  const [addresses] = (await Promise.race([once(child, 'message'), exited])) as [ServerAddresses]
  exited.catch(() => {}) // later on, it ends because it is told to
  const folder = new URL('.', import.meta.resolve('libcurl.js')).href
  const inPage = folder.replace(new URL('../../', import.meta.url).href, '/')
  const wasm = readFileSync(fileURLToPath(new URL('libcurl.wasm', folder))).toString('base64')
  return {
    parameters: {
      ...addresses,
      libcurl: {
        // Node's fetch reads no files.
        node: { script: `${folder}libcurl.mjs`, wasm: `data:application/wasm;base64,${wasm}` },
        page: { script: `${inPage}libcurl.mjs`, wasm: `${inPage}libcurl.wasm` }
      }
    },
    close: async () => {
      child.disconnect()
      await once(child, 'exit')
    }
  }
}
