import type { Page } from 'playwright-core'
import type { NetPage } from './page.ts'

/** Call a method of the object that the page put into `globalThis.net`. */
export function inPage<Name extends keyof NetPage>(
  page: Page,
  name: Name,
  ...args: Parameters<NetPage[Name]>
): Promise<Awaited<ReturnType<NetPage[Name]>>> {
  type Call = (...given: unknown[]) => unknown
  return page.evaluate(
    async ([method, given]) => {
      const { net } = globalThis as unknown as { net: Record<string, Call> }
      return await net[method]?.(...given)
    },
    [name, args] as [string, unknown[]]
  ) as Promise<Awaited<ReturnType<NetPage[Name]>>>
}
