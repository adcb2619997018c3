/** A local chain with the program, and a page that subscribes on it. For the smoke run. */
import { settlementProgram, startChain } from '../../chain/index.ts'
import { encodeBase58 } from '../../sdk/codec/index.ts'
import type { Chromium } from '../../tools/launch-chromium.ts'
import type { LocalChain, Subscribed, WalletPage } from './wallet-page.ts'

export interface SubscribeOptions {
  readonly chromium: Chromium
  /** Where {@link WALLET_PAGE} is served. */
  readonly url: string
}

export const WALLET_PAGE = `<!doctype html><title>wallet</title><script type="module">
  import { walletPage } from '/test/smoke/wallet-page.ts'
  globalThis.wallet = walletPage()
</script>`

export async function subscribe({ chromium, url }: SubscribeOptions): Promise<Subscribed> {
  const program = await settlementProgram()
  const chain = await startChain({ programs: [program] })
  try {
    const context = await chromium.newContext(new URL(url).origin)
    const page = await context.newPage()
    page.on('pageerror', error => console.error(`the wallet's page: ${error.message}`))
    await page.goto(url)
    await page.waitForFunction('globalThis.wallet !== undefined')
    const given: LocalChain = {
      rpc: chain.url,
      program: program.address,
      walletSeed: encodeBase58(chain.wallet.secretKey)
    }
    const subscribed = await page.evaluate(
      local => (globalThis as unknown as { wallet: WalletPage }).wallet.subscribe(local),
      given
    )
    await context.close()
    return subscribed
  } finally {
    await chain.stop()
  }
}
