/** What WebRTC carries from page to page in this browser, on this machine, at best: see the page for how. */
import type { BrowserContext, Page } from 'playwright-core'
import { openPage } from './pages.ts'
import type { RtcLinkPage } from './rtc-link-page.ts'

interface WithLink {
  readonly rtcLink: RtcLinkPage
}

/** Sent first: a link is slow until SCTP has found out what it carries. */
const WARM_UP_BYTES = 20_000_000

/** @returns the page that sends; the one that receives stays open */
export async function openRtcLink(context: BrowserContext, url: string): Promise<Page> {
  const receiver = await openPage(context, url, 'rtcLink')
  const sender = await openPage(context, url, 'rtcLink')
  const offer = await sender.evaluate(() => (globalThis as unknown as WithLink).rtcLink.offer())
  const answer = await receiver.evaluate(
    given => (globalThis as unknown as WithLink).rtcLink.answer(given as RTCSessionDescriptionInit),
    offer
  )
  await sender.evaluate(
    given => (globalThis as unknown as WithLink).rtcLink.accept(given as RTCSessionDescriptionInit),
    answer
  )
  await sendOverLink(sender, WARM_UP_BYTES)
  return sender
}

/** @returns how long it took, in ms */
export function sendOverLink(sender: Page, bytes: number): Promise<number> {
  return sender.evaluate(count => (globalThis as unknown as WithLink).rtcLink.sendMs(count), bytes)
}
