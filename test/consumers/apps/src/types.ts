// Compiled, not run: the declarations as an application's compiler sees them.
import { CraftecError, createCraftec, type ErrorCode } from '@craftec/web'

export async function statusOf(url: string, bootstrap: readonly string[]): Promise<number | ErrorCode> {
  const craft = await createCraftec({ bootstrap, hops: 3 })
  try {
    const response: Response = await craft.net.fetch(url, { signal: AbortSignal.timeout(10_000) })
    return response.status
  } catch (error) {
    if (error instanceof CraftecError) return error.code
    throw error
  } finally {
    await craft.stop()
  }
}
