/** One page stores, spreads and is closed; a page of another browser profile retrieves. For the smoke run and its test. */
import type { Page } from 'playwright-core'
import type { Chromium } from '../../tools/launch-chromium.ts'
import type { ObjPage, RetrieveFigures, StoreFigures } from './obj-page.ts'

export interface StoreAndRetrieve {
  readonly store: Omit<StoreFigures, 'link'>
  readonly retrieve: RetrieveFigures
}

export interface StoreAndRetrieveOptions {
  readonly chromium: Chromium
  /** Where {@link OBJ_PAGE} is served. */
  readonly url: string
  readonly bootstrap: readonly string[]
  readonly bytes: number
}

export const OBJ_PAGE = `<!doctype html><title>obj</title><script type="module">
  import { objPage } from '/test/smoke/obj-page.ts'
  globalThis.obj = objPage()
</script>`

const SPREAD_TIMEOUT_MS = 30_000

export async function storeAndRetrieve(options: StoreAndRetrieveOptions): Promise<StoreAndRetrieve> {
  const { bootstrap, bytes } = options
  const publisher = await openObjPage(options)
  await inObjPage(publisher, 'open', bootstrap, 'worker')
  const { link, ...store } = await inObjPage(publisher, 'store', bytes, true, SPREAD_TIMEOUT_MS)
  await publisher.context().close()
  const reader = await openObjPage(options)
  await inObjPage(reader, 'open', bootstrap, 'worker')
  const retrieve = await inObjPage(reader, 'retrieve', link, bytes)
  await reader.context().close()
  return { store, retrieve }
}

/** A page in a profile of its own. */
export async function openObjPage({ chromium, url }: Pick<StoreAndRetrieveOptions, 'chromium' | 'url'>): Promise<Page> {
  const page = await (await chromium.newContext(new URL(url).origin)).newPage()
  page.on('pageerror', error => console.error(`the page: ${error.message}`))
  await page.goto(url)
  await page.waitForFunction('globalThis.obj !== undefined')
  return page
}

export function inObjPage<Name extends keyof ObjPage>(
  page: Page,
  name: Name,
  ...args: Parameters<ObjPage[Name]>
): Promise<Awaited<ReturnType<ObjPage[Name]>>> {
  return page.evaluate(
    async ([method, given]) => {
      const { obj } = globalThis as unknown as { obj: Record<string, (...values: unknown[]) => unknown> }
      return await obj[method]?.(...given)
    },
    [name, args] as [string, unknown[]]
  ) as Promise<Awaited<ReturnType<ObjPage[Name]>>>
}
