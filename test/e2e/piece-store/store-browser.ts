import { join } from 'node:path'
import type { BrowserContext, CDPSession, Page } from 'playwright-core'
import { type PageServer, startPageServer } from '../../../tools/page-server.ts'
import { launchPersistentChromium } from '../../../tools/persistent-chromium.ts'
import type { Visit } from './page.ts'
import { TabSilent, withinSeconds } from './within-seconds.ts'

declare const visit: Visit

const MAX_BIRTHS = 5
const BIRTH_SECONDS = 5
const CLOSE_SECONDS = 2
const KILL_SECONDS = 5
/** For one thing that a tab is asked to do: the slowest takes a second on a busy machine. */
const ANSWER_SECONDS = 30
const ALIVE_SECONDS = 10

/** A browser with a profile on the disk, whose tabs open the same piece store. */
export interface StoreBrowser extends AsyncDisposable {
  readonly origin: string
  /** A tab that has not opened the store yet. */
  tab(): Promise<Page>
  /** SIGKILL for all tabs that there are: no handler runs, nothing is flushed. */
  killTabs(): Promise<void>
  /** What the origin may store, until the tab closes; undefined: as usual. */
  limitQuota(tab: Page, bytes: number | undefined): Promise<void>
  /** Segments whose puts were acknowledged, by content. */
  readonly acknowledged: ReadonlyMap<number, ReadonlySet<number>>
  /** Resolves when so many more segments of a content were acknowledged. */
  acknowledgements(number: number, count: number): Promise<void>
}

export async function startStoreBrowser(): Promise<StoreBrowser> {
  const html = '<!doctype html><script type="module" src="/test/e2e/piece-store/page.ts"></script>'
  const server: PageServer = await startPageServer({
    rootDir: join(import.meta.dirname, '../../..'),
    files: { '/': html },
    bundle: true
  })
  const chromium = await launchPersistentChromium()
  const { context } = chromium
  const acknowledged = new Map<number, Set<number>>()
  const listeners = new Set<() => void>()
  await context.exposeFunction('acknowledged', (number: number, segment: number) => {
    const segments = acknowledged.get(number) ?? new Set()
    acknowledged.set(number, segments.add(segment))
    for (const listener of listeners) listener()
  })
  let session: CDPSession | undefined
  const countOf = (number: number): number => acknowledged.get(number)?.size ?? 0

  return {
    origin: server.origin,
    acknowledged,
    tab: async () => {
      for (let attempt = 1; ; attempt++) {
        const page = await livePage(context)
        try {
          await withinSeconds(BIRTH_SECONDS, page.goto(server.origin))
          await withinSeconds(
            BIRTH_SECONDS,
            page.waitForFunction(() => 'visit' in globalThis)
          )
          return page
        } catch (error) {
          if (attempt === MAX_BIRTHS || !isOfDeadTab(error)) throw error
        }
      }
    },
    killTabs: async () => {
      const browser = context.browser()
      session ??= await browser?.newBrowserCDPSession()
      const answer = await session?.send('SystemInfo.getProcessInfo')
      const crashed = context.pages().map(page => new Promise(resolve => page.once('crash', resolve)))
      for (const { type, id } of answer?.processInfo ?? []) if (type === 'renderer') process.kill(id, 'SIGKILL')
      // The processes are gone in any case; the browser forgets at times to say so.
      await withinSeconds(KILL_SECONDS, Promise.race(crashed)).catch(() => {})
      // A browser without pages ends.
      const dead = context.pages()
      await livePage(context)
      // Some of them never answer again.
      await Promise.all(dead.map(page => withinSeconds(CLOSE_SECONDS, page.close()).catch(() => {})))
    },
    limitQuota: async (tab, bytes) => {
      const cdp = await context.newCDPSession(tab)
      const quota = bytes === undefined ? {} : { quotaSize: bytes }
      await cdp.send('Storage.overrideQuotaForOrigin', { origin: server.origin, ...quota })
    },
    acknowledgements: (number, count) =>
      new Promise(resolve => {
        const goal = countOf(number) + count
        const listener = (): void => {
          if (countOf(number) < goal) return
          listeners.delete(listener)
          resolve()
        }
        listeners.add(listener)
      }),
    [Symbol.asyncDispose]: async () => {
      await chromium[Symbol.asyncDispose]()
      await server.close()
    }
  }
}

/** The browser keeps renderers in reserve, and a kill of all takes them, too: a page may be born in one that is dead. */
async function livePage(context: BrowserContext): Promise<Page> {
  for (let attempt = 1; ; attempt++)
    try {
      return await withinSeconds(BIRTH_SECONDS, context.newPage())
    } catch (error) {
      if (attempt === MAX_BIRTHS || !isOfDeadTab(error)) throw error
    }
}

function isOfDeadTab(error: unknown): boolean {
  return error instanceof TabSilent || String(error).includes('crashed')
}

/**
 * What a tab answers, within half a minute.
 * @throws Error that says whether the tab itself is alive, who holds the store's locks, and who waits for them
 */
async function answerOf<T>(browser: StoreBrowser, tab: Page, what: string, answer: Promise<T>): Promise<T> {
  try {
    return await withinSeconds(ANSWER_SECONDS, answer)
  } catch (error) {
    if (!(error instanceof TabSilent)) throw error
    const alive = tab.evaluate(() => document.visibilityState)
    const state = await withinSeconds(ALIVE_SECONDS, alive).catch(cause => `dead (${cause.message})`)
    const other = await browser.tab()
    const locks = await withinSeconds(
      ALIVE_SECONDS,
      other.evaluate(() => navigator.locks.query())
    ).catch(cause => cause.message)
    throw new Error(`${what}: ${error.message}; the tab is ${state}; locks: ${JSON.stringify(locks)}`, { cause: error })
  }
}

/** What came of a put that a kill interrupted, looked at by the next visit. */
export interface Aftermath {
  readonly openMs: number
  readonly complete: readonly number[]
  readonly lost: number
}

/** Open the store in a fresh tab and look at one content; throws when something is half there, or no answer comes. */
export async function lookAfterKill(browser: StoreBrowser, number: number, segments: number): Promise<Aftermath> {
  const page = await browser.tab()
  const ask = <T>(what: string, answer: Promise<T>): Promise<T> => answerOf(browser, page, what, answer)
  const openMs = await ask(
    'opening the store',
    page.evaluate(() => visit.open())
  )
  const complete = await ask(
    'reading the content',
    page.evaluate(([content, count]) => visit.completeSegments(content, count), [number, segments] as const)
  )
  // One content at a time is in the store: verifying all of it is verifying this one.
  const lost = await ask(
    'verifying the store',
    page.evaluate(() => visit.lostPieces())
  )
  await ask(
    'removing the content',
    page.evaluate(content => visit.remove(content), number)
  )
  await ask(
    'closing the store',
    page.evaluate(() => visit.close())
  )
  await ask('closing the tab', page.close())
  return { openMs, complete, lost }
}

/** Put into a fresh tab until it is killed: after some acknowledgements, and a time that the caller draws. */
export async function putUntilKilled(
  browser: StoreBrowser,
  {
    number,
    segments,
    afterSegments,
    afterMs
  }: { number: number; segments: number; afterSegments: number; afterMs: number }
): Promise<void> {
  const page = await browser.tab()
  const opened = page.evaluate(() => visit.open())
  await answerOf(browser, page, 'opening the store to put', opened)
  const enough = browser.acknowledgements(number, afterSegments)
  const put = page.evaluate(([content, count]) => visit.put(content, count, 3), [number, segments] as const)
  if (afterSegments > 0) await answerOf(browser, page, 'putting', Promise.race([enough, put]))
  // From here on its end is the kill.
  const ended = put.catch(() => {})
  await new Promise(resolve => setTimeout(resolve, afterMs))
  await browser.killTabs()
  await withinSeconds(KILL_SECONDS, ended).catch(() => {})
}
