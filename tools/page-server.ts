import { once } from 'node:events'
import { readFile, stat } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize, sep } from 'node:path'
import { esbuildBundlePlugin } from './esbuild-bundle-plugin.ts'

export interface PageServerOptions {
  /** Folder that is served; nothing outside it is. */
  readonly rootDir: string
  /** Text files beside, or instead of, those of rootDir, by path: `{ '/': '<!doctype html>…', '/network.json': '…' }`. */
  readonly files?: Readonly<Record<string, string>>
  /** Bundle first-party .ts files on the way, as the browser tests do. */
  readonly bundle?: boolean
  /** `cross-origin isolated` pages get shared memory. */
  readonly isolated?: boolean
  /** Sent with every answer: `{ 'Content-Security-Policy': … }`. */
  readonly headers?: Readonly<Record<string, string>>
  /** Default: a free one. */
  readonly port?: number
}

export interface PageServer extends AsyncDisposable {
  readonly origin: string
  close(): Promise<void>
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.ts': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm'
}

/** A static server on a free loopback port, for pages that a script or a test opens. */
export async function startPageServer(options: PageServerOptions): Promise<PageServer> {
  const { rootDir } = options
  const bundler = options.bundle ? esbuildBundlePlugin({ rootDir }) : undefined
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://page.invalid').pathname)
    answer(path, response).catch((error: unknown) => {
      response.writeHead(500, { 'content-type': 'text/plain' }).end(String(error))
    })
  })

  async function answer(path: string, response: ServerResponse): Promise<void> {
    if (options.isolated) {
      response.setHeader('Cross-Origin-Opener-Policy', 'same-origin')
      response.setHeader('Cross-Origin-Embedder-Policy', 'credentialless')
    }
    response.setHeader('Cache-Control', 'no-store')
    for (const [name, value] of Object.entries(options.headers ?? {})) response.setHeader(name, value)
    const given = options.files?.[path]
    if (given !== undefined) return send(response, extname(path) || '.html', given)
    const bundled = await bundler?.serve({ path })
    if (bundled !== undefined) return send(response, '.js', bundled.body)
    const file = join(rootDir, normalize(path.endsWith('/') ? `${path}index.html` : path))
    if (!file.startsWith(join(rootDir, sep)) || !(await isFile(file))) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('not found')
      return
    }
    send(response, extname(file), await readFile(file))
  }

  server.listen(options.port ?? 0, '127.0.0.1')
  await once(server, 'listening')
  const close = async (): Promise<void> => {
    if (!server.listening) return
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
  }
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close,
    [Symbol.asyncDispose]: close
  }
}

function send(response: ServerResponse, extension: string, body: string | Uint8Array): void {
  response.writeHead(200, { 'content-type': TYPES[extension] ?? 'application/octet-stream' }).end(body)
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile()
  } catch {
    return false
  }
}
