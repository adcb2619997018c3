/**
 * The network and the browsers of the suite: a relay and a storage node as processes of their own, pages that store, hold and retrieve,
 * pages that do the same with what others made, and a control port that runs one measurement.
 */
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { type Devnet, startDevnet } from '../../relay-server/devnet/index.ts'
import { startPageServer } from '../../tools/page-server.ts'
import { launchPersistentChromium, type PersistentChromium } from '../../tools/persistent-chromium.ts'
import { launchUnwatchedChromium } from '../../tools/unwatched-chromium.ts'
import { serveControl } from './control/serve-control.ts'
import type { Exchange, Keep } from './obj/exchange.ts'
import { inPage, measureStore, openPage, STORE_PAGE } from './obj/pages.ts'
import { peakRendererMiB } from './obj/renderer-memory.ts'
import { measureRepair, type RepairCost } from './obj/repair-bandwidth.ts'
import { openRtcLink, sendOverLink } from './obj/rtc-link.ts'
import { CONTENT_BYTES, HOLDER_PAGES, LARGE_BYTES, RANGE_BYTES, RANGE_FROM, WARM_UP_BYTES } from './obj/sizes.ts'
import { startWebSocketSource } from './obj/web-socket-source.ts'
import { startRivals } from './rivals/start-rivals.ts'

const ROOT = join(import.meta.dirname, '../..')

export interface ObjControl {
  readonly url: string
}

export async function serve(): Promise<{ parameters: ObjControl; close(): Promise<void> }> {
  const stack = new AsyncDisposableStack()
  try {
    const devnet = await startDevnet({ relays: 1, exits: 0, storage: 1 })
    stack.defer(() => devnet.stop())
    const measurements = await startMeasurements(stack, devnet)
    const control = stack.use(
      await serveControl(async (call, kind) => {
        const measure = measurements[call]
        if (measure === undefined) throw new Error(`no measurement ${call}`)
        return measure(kind)
      })
    )
    return { parameters: { url: control.url }, close: () => stack.disposeAsync() }
  } catch (error) {
    await stack.disposeAsync()
    throw error
  }
}

async function startMeasurements(
  stack: AsyncDisposableStack,
  { bootstrap }: Devnet
): Promise<Record<string, (kind: string) => Promise<unknown>>> {
  const script = (path: string): string => `<!doctype html><script type="module" src="/test/bench/${path}"></script>`
  const files = { '/obj': script('obj/obj-page.ts'), '/rtc-link': script('obj/rtc-link-page.ts'), '/store': STORE_PAGE }
  const server = stack.use(await startPageServer({ rootDir: ROOT, bundle: true, files }))
  const browser = async (): Promise<PersistentChromium> => stack.use(await launchPersistentChromium(server.origin))
  const main = await browser()
  const open = async (chromium: PersistentChromium, share: boolean, keep: Keep = 'disk'): Promise<Page> => {
    const page = await openPage(chromium.context, `${server.origin}/obj`, 'objBench')
    await inPage(page, 'open', bootstrap, share, keep)
    return page
  }
  const webSocketUrl = await startWebSocketSource(stack)
  const reader = await open(main, false)
  /** Where the network is not watched: that would cost more than what is measured. */
  const downloader = once(async () => {
    const chromium = stack.use(await launchUnwatchedChromium())
    const page = await chromium.open(`${server.origin}/obj`, 'objBench')
    await inPage(page, 'open', bootstrap, false)
    return page
  })
  const megabytesPerSecond = (bytes: number, ms: number): number => bytes / 1_000 / ms

  const storedOnNode = once(async () => {
    const publisher = await open(main, false)
    const link = await inPage(publisher, 'publish', CONTENT_BYTES, true)
    await publisher.close()
    return link
  })
  const heldByPages = once(async () => {
    const first = await open(main, true)
    const link = await inPage(first, 'publish', CONTENT_BYTES, false)
    // one after another: later ones fetch from all before them
    for (let index = 1; index < HOLDER_PAGES; index++) await inPage(await open(main, true), 'hold', link)
    return link
  })
  const putter = once(() => open(main, false))
  const store = once(() => openPage(main.context, `${server.origin}/store`, 'measureStore'))
  const rtcLink = once(() => openRtcLink(main.context, `${server.origin}/rtc-link`))
  /** Both figures of the largest content come from its only journey. */
  const large = once(async () => {
    const chromium = await launchPersistentChromium(server.origin)
    try {
      const page = await open(chromium, false)
      let link = ''
      const putMiB = await peakRendererMiB(chromium.profile, async () => {
        link = await inPage(page, 'publish', LARGE_BYTES, true)
      })
      return { link, putMiB }
    } finally {
      await chromium[Symbol.asyncDispose]()
    }
  })
  const range = paired(async () => inPage(reader, 'get', (await large()).link, RANGE_FROM, RANGE_FROM + RANGE_BYTES))
  const exchangeOnce = async (from: Page, to: Page, bytes: number): Promise<Exchange> => {
    const { link, ms: putMs } = await inPage(from, 'offer', bytes)
    const { ms, firstByteMs } = await inPage(to, 'get', link)
    return { megabytesPerSecond: megabytesPerSecond(bytes, ms), putToFirstByteMs: putMs + firstByteMs }
  }
  // as the others do it: a new pair of pages each time, which have exchanged a little before
  const exchange = async (keep: Keep): Promise<Exchange> => {
    const [from, to] = [await open(main, true, keep), await open(main, false, keep)]
    try {
      await exchangeOnce(from, to, WARM_UP_BYTES)
      return await exchangeOnce(from, to, CONTENT_BYTES)
    } finally {
      await Promise.all([from.close(), to.close()])
    }
  }
  const [onDisk, inMemory] = [paired(() => exchange('disk')), paired(() => exchange('memory'))]
  const repair = once(measureRepair)
  const rivals = once(() => startRivals(stack, { chromium: main, relay: bootstrap[0] ?? '' }))
  const webTorrent = paired(async () => (await rivals()).webTorrent(CONTENT_BYTES))
  const helia = paired(async () => (await rivals()).helia(CONTENT_BYTES))

  return {
    put: async () => megabytesPerSecond(CONTENT_BYTES, await inPage(await putter(), 'putMs', CONTENT_BYTES)),
    barePut: async () => megabytesPerSecond(CONTENT_BYTES, await inPage(await putter(), 'barePutMs', CONTENT_BYTES)),
    writeFromPage: async () =>
      megabytesPerSecond(CONTENT_BYTES, await inPage(await putter(), 'writeFromPageMs', CONTENT_BYTES)),
    putFile: async () => megabytesPerSecond(CONTENT_BYTES, await inPage(await putter(), 'putMs', CONTENT_BYTES, true)),
    store: async id => measureStore(await store(), id),
    webSocket: async () =>
      megabytesPerSecond(CONTENT_BYTES, await inPage(await downloader(), 'webSocketMs', webSocketUrl, CONTENT_BYTES)),
    bareDownload: async () =>
      megabytesPerSecond(
        CONTENT_BYTES,
        await inPage(await downloader(), 'bareDownloadMs', webSocketUrl, CONTENT_BYTES)
      ),
    getFromNode: async () => {
      const link = await storedOnNode()
      return megabytesPerSecond(CONTENT_BYTES, (await inPage(await downloader(), 'get', link)).ms)
    },
    getFromPages: async () => {
      const link = await heldByPages()
      const { ms, peers } = await inPage(reader, 'get', link)
      if (peers !== HOLDER_PAGES) throw new Error(`pieces came from ${peers} pages instead of ${HOLDER_PAGES}`)
      return megabytesPerSecond(CONTENT_BYTES, ms)
    },
    webRtcLink: async () => megabytesPerSecond(CONTENT_BYTES, await sendOverLink(await rtcLink(), CONTENT_BYTES)),
    rangeFirstByteMs: async () => (await range()).firstByteMs,
    rangeFetchedMiB: async () => (await range()).fetchedBytes / 2 ** 20,
    putLargeMiB: async () => (await large()).putMiB,
    getLargeMiB: async () => {
      const { link } = await large()
      const chromium = await launchPersistentChromium(server.origin)
      try {
        const page = await open(chromium, false)
        return await peakRendererMiB(chromium.profile, () => inPage(page, 'get', link))
      } finally {
        await chromium[Symbol.asyncDispose]()
      }
    },
    repair: async figure => (await repair())[figure as keyof RepairCost],
    exchange: async figure => (await onDisk())[figure as keyof Exchange],
    exchangeInMemory: async figure => (await inMemory())[figure as keyof Exchange],
    webTorrent: async figure => (await webTorrent())[figure as keyof Exchange],
    helia: async figure => (await helia())[figure as keyof Exchange]
  } satisfies Record<string, (kind: string) => Promise<unknown>>
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => {
    made ??= make()
    return made
  }
}

/** Every second call gets what the one before it got: two figures of one run. */
function paired<T>(run: () => Promise<T>): () => Promise<T> {
  let waiting: Promise<T> | undefined
  return () => {
    const result = waiting ?? run()
    waiting = waiting === undefined ? result : undefined
    return result
  }
}
