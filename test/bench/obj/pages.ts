/** How the suite's Node half works with its pages. */
import type { BrowserContext, Page } from 'playwright-core'
import type { UnwatchedPage } from '../../../tools/unwatched-chromium.ts'
import type { ObjBenchPage } from './obj-page.ts'

/** Runs measurements of the suite `obj-store` in a worker, where sync handles are. */
export const STORE_PAGE = `<!doctype html><script type="module">
  const worker = new Worker('/test/bench/obj/store-worker.ts', { type: 'module' })
  globalThis.measureStore = id => new Promise((resolve, reject) => {
    worker.onerror = event => reject(new Error('the worker failed: ' + event.message))
    worker.onmessage = ({ data }) => data.error === undefined ? resolve(data.figure) : reject(new Error(data.error))
    worker.postMessage({ id })
  })
</script>`

/** @param ready name of what the page's script puts on globalThis when it can be asked */
export async function openPage(context: BrowserContext, url: string, ready: string): Promise<Page> {
  const page = await context.newPage()
  page.on('pageerror', error => console.error(`the page: ${error.message}`))
  await page.goto(url)
  await page.waitForFunction(name => name in globalThis, ready)
  return page
}

export function inPage<Name extends keyof ObjBenchPage>(
  page: UnwatchedPage,
  name: Name,
  ...args: Parameters<ObjBenchPage[Name]>
): Promise<Awaited<ReturnType<ObjBenchPage[Name]>>> {
  return page.evaluate(
    async ([method, given]) => {
      const { objBench } = globalThis as unknown as { objBench: Record<string, (...values: unknown[]) => unknown> }
      return await objBench[method]?.(...given)
    },
    [name, args] as [string, unknown[]]
  ) as Promise<Awaited<ReturnType<ObjBenchPage[Name]>>>
}

/** One measurement of `obj-store`, in a page of {@link STORE_PAGE}. */
export function measureStore(page: Page, id: string): Promise<unknown> {
  return page.evaluate(
    asked => (globalThis as unknown as { measureStore: (id: string) => Promise<unknown> }).measureStore(asked),
    id
  )
}
