/** What WebRTC carries from page to page: the measuring pages of the suite `links`, without their other transports. */
import type { BrowserContext, Page } from 'playwright-core'
import type { LinksPage, LinksParameters } from '../links/page.ts'
import { openPage } from './pages.ts'

interface WithLinks {
  readonly links: LinksPage
}

/** @returns the page that measures; the one that it calls stays open */
export async function openLink(context: BrowserContext, url: string, bootstrap: readonly string[]): Promise<Page> {
  const callee = await openPage(context, url, 'links')
  const caller = await openPage(context, url, 'links')
  const peer = await callee.evaluate(given => (globalThis as unknown as WithLinks).links.serve(given), [...bootstrap])
  const addresses = peer.addresses.filter(address => address.includes('/webrtc/'))
  const parameters: LinksParameters = {
    targets: { webrtc: { peer: { ...peer, addresses }, bootstrap } },
    webSocketUrl: ''
  }
  await caller.evaluate(given => (globalThis as unknown as WithLinks).links.configure(given), parameters)
  return caller
}

/** A libp2p stream, in MB/s. */
export function linkThroughput(caller: Page): Promise<number> {
  return caller.evaluate(() => (globalThis as unknown as WithLinks).links.rawThroughput('webrtc'))
}
