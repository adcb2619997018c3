import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type BuildOptions, build } from 'esbuild'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { CHROMIUM_ADVICE, CHROMIUM_ARGS, findChromium, PEER_PERMISSIONS } from '../../../tools/chromium.mjs'
import { browserBuildOptions } from '../../../tools/esbuild-bundle-plugin.ts'

const ROOT = new URL('../../..', import.meta.url).pathname

/** Chromium with the P2P kit in its pages, served from a real loopback server: WebRTC and local addresses depend on it. */
export class KitBrowser {
  readonly origin: string
  private readonly server: Server
  private readonly browser: Browser
  private readonly context: BrowserContext

  private constructor(server: Server, browser: Browser, context: BrowserContext, origin: string) {
    this.server = server
    this.browser = browser
    this.context = context
    this.origin = origin
  }

  static async launch(): Promise<KitBrowser> {
    const executablePath = findChromium()
    if (executablePath === undefined) throw new Error(CHROMIUM_ADVICE)
    const files = new Map([
      ['/', { type: 'text/html', body: '<!doctype html><script type="module" src="/page.js"></script>' }],
      ['/page.js', { type: 'text/javascript', body: await bundle('page.ts') }],
      ['/worker.js', { type: 'text/javascript', body: await bundle('worker.ts') }]
    ])
    const server = createServer((request, response) => {
      const file = files.get(new URL(request.url ?? '/', 'http://localhost').pathname)
      if (file === undefined) return void response.writeHead(404).end()
      response.writeHead(200, { 'content-type': file.type }).end(file.body)
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const browser = await chromium.launch({
      executablePath,
      args: [...CHROMIUM_ARGS, '--js-flags=--expose-gc']
    })
    const context = await browser.newContext()
    await context.grantPermissions(PEER_PERMISSIONS, { origin })
    return new KitBrowser(server, browser, context, origin)
  }

  /** A fresh page with `kit` loaded; `before` runs in it ahead of every script. */
  async page(before?: () => void): Promise<Page> {
    const page = await this.context.newPage()
    page.on('pageerror', error => console.error('page:', error.message))
    if (before !== undefined) await page.addInitScript(before)
    await page.goto(this.origin)
    await page.waitForFunction(() => 'kit' in globalThis)
    return page
  }

  async close(): Promise<void> {
    await this.browser.close()
    this.server.closeAllConnections()
    await new Promise(resolve => this.server.close(resolve))
  }
}

async function bundle(entry: string): Promise<string> {
  const options: BuildOptions = { ...browserBuildOptions(ROOT), entryPoints: [`${import.meta.dirname}/${entry}`] }
  const result = await build({ ...options, write: false })
  const [output] = result.outputFiles
  if (output === undefined) throw new Error(`esbuild wrote nothing for ${entry}`)
  return output.text
}
