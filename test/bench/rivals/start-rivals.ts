/** Pages that do what the suite measures with what others made: one puts, another one gets. */
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import type { Page } from 'playwright-core'
import { PEER_PERMISSIONS } from '../../../tools/chromium.mjs'
import { browserBuildOptions } from '../../../tools/esbuild-bundle-plugin.ts'
import { startPageServer } from '../../../tools/page-server.ts'
import type { PersistentChromium } from '../../../tools/persistent-chromium.ts'
import type { Exchange } from '../obj/exchange.ts'
import { openPage } from '../obj/pages.ts'
import { WARM_UP_BYTES } from '../obj/sizes.ts'

export interface Rivals {
  webTorrent(bytes: number): Promise<Exchange>
  helia(bytes: number): Promise<Exchange>
}

export interface RivalsOptions {
  readonly chromium: PersistentChromium
  /** A circuit relay for Helia's nodes; the suite's own, since it is one. */
  readonly relay: string
}

interface RivalPage {
  open(meetingPoint: string): Promise<string>
  connect(address: string): Promise<void>
  put(bytes: number): Promise<{ readonly ref: string; readonly ms: number }>
  get(ref: string, bytes: number): Promise<{ readonly firstByteMs: number; readonly ms: number }>
  forget(): Promise<void>
}

const FOLDER = import.meta.dirname
const INSTALL_TIMEOUT_MS = 600_000

/** @throws Error when they cannot be installed */
export async function startRivals(stack: AsyncDisposableStack, { chromium, relay }: RivalsOptions): Promise<Rivals> {
  await install()
  const files: Record<string, string> = {}
  for (const name of ['helia', 'web-torrent']) {
    files[`/${name}`] = `<!doctype html><title>${name}</title><script type="module" src="/${name}.js"></script>`
    files[`/${name}.js`] = await bundle(join(FOLDER, `${name}-page.js`))
  }
  // An origin for each page: WebTorrent names its files after the content, and what two pages of one origin have is the same file. The
  // getter would find all there is to get on its disk.
  const origins: string[] = []
  for (let page = 0; page < 2; page++) {
    const { origin } = stack.use(await startPageServer({ rootDir: FOLDER, files }))
    await chromium.context.grantPermissions([...PEER_PERMISSIONS], { origin })
    origins.push(origin)
  }
  const tracker = await startTracker(stack)
  const pair = async (name: string): Promise<[Page, Page]> => {
    const [putter, getter] = origins.map(origin => openPage(chromium.context, `${origin}/${name}`, 'rival'))
    if (putter === undefined || getter === undefined) throw new Error('an origin for each of the two')
    return [await putter, await getter]
  }
  return {
    webTorrent: async bytes => {
      const pages = await pair('web-torrent')
      for (const page of pages) await inRival(page, 'open', tracker)
      return exchange(pages, bytes)
    },
    helia: async bytes => {
      const pages = await pair('helia')
      const [putter, getter] = pages
      const address = await inRival(putter, 'open', relay)
      await inRival(getter, 'open', relay)
      await inRival(getter, 'connect', address)
      return exchange(pages, bytes)
    }
  }
}

/** What is measured is not the first that the two exchange. */
async function exchange([putter, getter]: [Page, Page], bytes: number): Promise<Exchange> {
  try {
    await exchangeOnce(putter, getter, WARM_UP_BYTES)
    const figures = await exchangeOnce(putter, getter, bytes)
    for (const page of [getter, putter]) await inRival(page, 'forget')
    return figures
  } finally {
    await Promise.all([putter.close(), getter.close()])
  }
}

async function exchangeOnce(putter: Page, getter: Page, bytes: number): Promise<Exchange> {
  const { ref, ms: putMs } = await inRival(putter, 'put', bytes)
  const { firstByteMs, ms } = await inRival(getter, 'get', ref, bytes)
  return { megabytesPerSecond: bytes / 1_000 / ms, putToFirstByteMs: putMs + firstByteMs }
}

/** They are no dependencies of the project: whoever does not measure need not have them. */
async function install(): Promise<void> {
  if (existsSync(join(FOLDER, 'node_modules/webtorrent'))) return
  console.error('installing what to compare with, once: test/bench/rivals')
  // no scripts: nothing native of theirs runs in a page
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund']
  await promisify(execFile)('npm', args, { cwd: FOLDER, timeout: INSTALL_TIMEOUT_MS })
}

async function bundle(entry: string): Promise<string> {
  const result = await build({ ...browserBuildOptions(FOLDER), entryPoints: [entry], write: false })
  const output = result.outputFiles[0]
  if (output === undefined) throw new Error(`esbuild wrote nothing for ${entry}`)
  return output.text
}

interface Tracker {
  readonly http: Server
  listen(port: number, host: string): void
  close(done: () => void): void
}

async function startTracker(stack: AsyncDisposableStack): Promise<string> {
  const module = pathToFileURL(join(FOLDER, 'node_modules/bittorrent-tracker/server.js'))
  const { default: TrackerServer } = (await import(module.href)) as {
    default: new (options: Record<string, boolean>) => Tracker
  }
  const tracker = new TrackerServer({ udp: false, http: false, ws: true, stats: false })
  tracker.listen(0, '127.0.0.1')
  await once(tracker.http, 'listening')
  stack.defer(() => {
    tracker.http.closeAllConnections()
    return new Promise<void>(resolve => tracker.close(resolve))
  })
  return `ws://127.0.0.1:${(tracker.http.address() as AddressInfo).port}`
}

function inRival<Name extends keyof RivalPage>(
  page: Page,
  name: Name,
  ...args: Parameters<RivalPage[Name]>
): Promise<Awaited<ReturnType<RivalPage[Name]>>> {
  return page.evaluate(
    async ([method, given]) => {
      const { rival } = globalThis as unknown as { rival: Record<string, (...values: unknown[]) => unknown> }
      return await rival[method]?.(...given)
    },
    [name, args] as [string, unknown[]]
  ) as Promise<Awaited<ReturnType<RivalPage[Name]>>>
}
