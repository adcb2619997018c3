import { type Browser, type BrowserContext, chromium } from 'playwright-core'
import { CHROMIUM_ADVICE, CHROMIUM_ARGS, findChromium, PEER_PERMISSIONS } from './chromium.mjs'

export interface ChromiumOptions {
  /** Where Chromium writes its own record of every request and socket (`--log-net-log`), complete once it is closed. */
  readonly netLog?: string
  readonly args?: readonly string[]
}

export interface Chromium extends AsyncDisposable {
  readonly browser: Browser
  /** A fresh profile whose pages, if they come from `origin`, can use WebRTC on loopback. */
  newContext(origin: string): Promise<BrowserContext>
  close(): Promise<void>
}

/**
 * Start the Chromium that tests, benchmarks and the smoke run share.
 * @throws Error with advice when the machine has none
 */
export async function launchChromium(options: ChromiumOptions = {}): Promise<Chromium> {
  const executablePath = findChromium()
  if (executablePath === undefined) throw new Error(CHROMIUM_ADVICE)
  const netLog =
    options.netLog === undefined ? [] : [`--log-net-log=${options.netLog}`, '--net-log-capture-mode=Everything']
  const browser = await chromium.launch({
    executablePath,
    headless: true,
    args: [...CHROMIUM_ARGS, ...netLog, ...(options.args ?? [])]
  })
  const close = (): Promise<void> => browser.close()
  return {
    browser,
    newContext: async origin => {
      const context = await browser.newContext()
      await context.grantPermissions(PEER_PERMISSIONS, { origin })
      return context
    },
    close,
    [Symbol.asyncDispose]: close
  }
}
