/** `<craftec-storage>` in a real Chromium, under a policy without inline anything, against real storage peers. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import axe from 'axe-core'
import { build } from 'esbuild'
import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Devnet, startDevnet } from '../../relay-server/devnet/index.ts'
import { browserBuildOptions } from '../../tools/esbuild-bundle-plugin.ts'
import { type Chromium, launchChromium } from '../../tools/launch-chromium.ts'
import { type PageServer, startPageServer } from '../../tools/page-server.ts'

const root = join(import.meta.dirname, '../..')
const PAGE = `<!doctype html><html lang="en"><title>widget</title><meta name="viewport" content="width=device-width">
<main><h1>Files</h1></main><script type="module" src="/test/e2e/widget/page.ts"></script></html>`
/** What the widget needs, and nothing inline. */
const POLICY =
  "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self' ws: wss:; img-src 'self' blob:; media-src 'self' blob:"
/** One red pixel. */
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==',
  'base64'
)
interface Axe {
  run(): Promise<{ readonly violations: readonly { id: string; nodes: readonly { html: string }[] }[] }>
}

/** Of the recording that is played. */
const SECONDS = 20
/** For what a busy machine takes its time for; nothing here is about speed. */
const patience = { timeout: 60_000 }

let devnet: Devnet
let server: PageServer
let chromium: Chromium
const contexts: BrowserContext[] = []
const violations: string[] = []

beforeAll(async () => {
  ;[devnet, server, chromium] = await Promise.all([
    startDevnet({ relays: 1, exits: 0, storage: 3 }),
    serviceWorker().then(script =>
      startPageServer({
        rootDir: root,
        files: { '/': PAGE, '/service-worker.js': script },
        bundle: true,
        headers: { 'Content-Security-Policy': POLICY }
      })
    ),
    launchChromium()
  ])
}, 240_000)

afterAll(async () => {
  await chromium?.close()
  await server?.close()
  await devnet?.stop()
})

// also after a failure: a page that stays open would have the keyboard
afterEach(async () => {
  await Promise.all(contexts.splice(0).map(context => context.close()))
})

async function serviceWorker(): Promise<string> {
  const { outputFiles } = await build({
    ...browserBuildOptions(root),
    entryPoints: [join(root, 'examples/service-worker/src/service-worker.ts')],
    write: false
  })
  return outputFiles[0]?.text ?? ''
}

async function openPage(attributes: Readonly<Record<string, string>> = {}): Promise<Page> {
  const context = await chromium.newContext(server.origin)
  contexts.push(context)
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: server.origin })
  const page = await context.newPage()
  page.setDefaultTimeout(patience.timeout)
  page.on('pageerror', error => violations.push(error.message))
  page.on('console', message => {
    if (/Content Security Policy/.test(message.text())) violations.push(message.text())
  })
  const query = new URLSearchParams({ bootstrap: devnet.bootstrap.join(' '), ...attributes })
  await page.goto(`${server.origin}/?${query}`)
  await event(page, 'craftec-ready')
  return page
}

/** The detail of the first event of a type, once it has come. */
async function event(page: Page, type: string): Promise<Record<string, unknown>> {
  const found = await page.waitForFunction(
    wanted => {
      const { events } = (globalThis as unknown as { widgetPage: { events: { type: string; detail: unknown }[] } })
        .widgetPage
      return events.find(({ type }) => type === wanted)
    },
    type,
    patience
  )
  const { detail } = (await found.jsonValue()) as { detail: Record<string, unknown> | null }
  return detail ?? {}
}

async function storeFile(page: Page, name: string, mimeType: string, buffer: Buffer): Promise<string> {
  await page.locator('input[type=file]').setInputFiles({ name, mimeType, buffer })
  const { link } = await event(page, 'craftec-stored')
  return String(link)
}

/** A tone of 16-bit stereo PCM at 44.1 kHz: a recording that every browser plays, and whose length is known. */
function recording(seconds: number): Buffer {
  const rate = 44_100
  const bytes = Buffer.alloc(44 + seconds * rate * 4)
  bytes.write('RIFF', 0, 'latin1')
  bytes.writeUInt32LE(bytes.length - 8, 4)
  bytes.write('WAVEfmt ', 8, 'latin1')
  bytes.writeUInt32LE(16, 16)
  bytes.writeUInt16LE(1, 20)
  bytes.writeUInt16LE(2, 22)
  bytes.writeUInt32LE(rate, 24)
  bytes.writeUInt32LE(rate * 4, 28)
  bytes.writeUInt16LE(4, 32)
  bytes.writeUInt16LE(16, 34)
  bytes.write('data', 36, 'latin1')
  bytes.writeUInt32LE(bytes.length - 44, 40)
  for (let at = 44; at < bytes.length; at += 4) bytes.writeInt32LE(Math.imul(at, 2_654_435_761), at)
  return bytes
}

/** What is focused, shadow trees included. */
function focused(page: Page): Promise<string | null | undefined> {
  return page.evaluate(() => document.activeElement?.shadowRoot?.activeElement?.textContent)
}

/** In the page: what a film does there whose user drags the slider to the middle. */
async function playFromMiddle(url: string): Promise<{ duration: number; seekedTo: number; playedOn: boolean }> {
  const video = document.createElement('video')
  const next = (type: string): Promise<unknown> =>
    new Promise((resolve, reject) => {
      video.addEventListener(type, resolve, { once: true })
      video.addEventListener('error', () => reject(new Error(video.error?.message)), { once: true })
    })
  video.muted = true
  const loaded = next('loadedmetadata')
  video.src = url
  await loaded
  const { duration } = video
  const seeked = next('seeked')
  video.currentTime = duration / 2
  await seeked
  const seekedTo = video.currentTime
  await video.play()
  while (video.currentTime <= seekedTo) await next('timeupdate')
  video.pause()
  return { duration, seekedTo, playedOn: !video.error }
}

describe('<craftec-storage>', { timeout: 240_000 }, () => {
  it('stores a file, names its holders, and gives a link that another browser opens', async () => {
    const publisher = await openPage()
    const link = await storeFile(publisher, 'dot.png', 'image/png', PNG)
    expect(link).toMatch(/^craftec:[0-9a-f]{64}\?m=[0-9a-f]{64}#k=[\w-]{43}&n=dot\.png&t=image%2Fpng$/)
    await publisher.locator('.words', { hasText: 'Held by 3 storage peers' }).waitFor(patience)
    expect(await publisher.locator('.health-picture .peer').count()).toBe(3)
    await publisher.getByRole('button', { name: 'Copy link' }).click()
    await publisher.getByRole('button', { name: 'Copied' }).waitFor()
    expect(await publisher.evaluate(() => navigator.clipboard.readText())).toBe(link)
    await publisher.context().close()

    const reader = await openPage()
    await reader.getByLabel('Retrieve by link').fill(link)
    await reader.getByRole('button', { name: 'Retrieve' }).click()
    const image = reader.getByRole('img', { name: 'Preview of dot.png' })
    await image.waitFor(patience)
    expect(
      await image.evaluate(async img => {
        if (!(img instanceof HTMLImageElement)) return 'no image'
        await img.decode()
        return img.naturalWidth
      })
    ).toBe(1)
    const [download] = await Promise.all([
      reader.waitForEvent('download'),
      reader.getByRole('link', { name: 'Save' }).click()
    ])
    expect(download.suggestedFilename()).toBe('dot.png')
    expect((await readFile(await download.path())).equals(PNG)).toBe(true)
  })

  it('lists after a reload what was stored, has its holders prove it, and deletes it when asked twice', async () => {
    const page = await openPage({ public: '' })
    const link = await storeFile(page, 'notes.txt', 'text/plain', Buffer.from('kept'))
    await page.locator('.words', { hasText: 'Held by 3 storage peers' }).waitFor(patience)
    await page.reload()
    const row = page.locator('.row', { hasText: 'notes.txt' })
    await row.locator('.words', { hasText: 'Held by 3 storage peers' }).waitFor(patience)
    expect(await row.getByLabel('Link to notes.txt').inputValue()).toBe(link)
    await expect
      .poll(
        async () => {
          await row.getByRole('button', { name: 'Check holders' }).click()
          await row.getByRole('button', { name: 'Check holders' }).waitFor(patience)
          return [await row.locator('.peer.proven').count(), await row.locator('.words').textContent()]
        },
        { ...patience, interval: 1_000 }
      )
      .toEqual([3, expect.stringContaining('proved what they hold: 3')])
    await row.getByRole('button', { name: 'Retrieve' }).click()
    await page.getByRole('link', { name: 'Save' }).waitFor(patience)
    await row.last().getByRole('button', { name: 'Delete from this device' }).click()
    await row.last().getByRole('button', { name: 'Delete it now' }).click()
    await row.nth(1).waitFor({ state: 'detached' })
    await page.reload()
    await event(page, 'craftec-ready')
    await expect.poll(() => page.locator('.row').count()).toBe(0)
  })

  it('plays what arrives by range, where a service worker serves it, and shows it to nobody else', async () => {
    const bytes = recording(SECONDS)
    const publisher = await openPage()
    const link = await storeFile(publisher, 'tone.wav', 'audio/wav', bytes)
    await publisher.locator('.words', { hasText: 'Held by 3 storage peers' }).waitFor(patience)
    await publisher.context().close()

    const reader = await openPage({ worker: '', 'content-path': '/craftec/' })
    await reader.locator('html[data-served]').waitFor({ state: 'attached' })
    await reader.getByLabel('Retrieve by link').fill(link)
    await reader.getByLabel('Retrieve by link').press('Enter')
    const player = reader.locator('audio.preview')
    await player.waitFor(patience)
    const path = `/craftec/${link.slice('craftec:'.length, link.indexOf('?'))}`
    expect(await player.getAttribute('src')).toBe(path)
    const { duration, seekedTo, playedOn } = await reader.evaluate(playFromMiddle, path)
    expect(duration).toBeCloseTo(SECONDS, 1)
    expect(seekedTo).toBeCloseTo(SECONDS / 2, 1)
    expect(playedOn).toBe(true)
    const part = await reader.evaluate(async url => {
      const answer = await fetch(url, { headers: { range: 'bytes=1000000-1000003' } })
      return [answer.status, answer.headers.get('content-range'), ...new Uint8Array(await answer.arrayBuffer())]
    }, path)
    const range = `bytes 1000000-1000003/${bytes.length}`
    expect(part).toEqual([206, range, ...bytes.subarray(1_000_000, 1_000_004)])
    expect((await reader.goto(server.origin + path))?.status()).toBe(405)
  })

  it('is worked by keyboard alone, and says what is wrong with a link', async () => {
    const page = await openPage()
    // Whoever asks for choosers only when a key is pressed may be later than the key.
    page.on('filechooser', () => {})
    await page.bringToFront()
    await expect
      .poll(async () => {
        await page.keyboard.press('Tab')
        return focused(page)
      }, patience)
      .toBe('Choose files')
    const [chooser] = await Promise.all([page.waitForEvent('filechooser'), page.keyboard.press('Enter')])
    await chooser.setFiles({ name: 'a.txt', mimeType: 'text/plain', buffer: Buffer.from('a') })
    await event(page, 'craftec-stored')
    await page.keyboard.press('Tab')
    await page.keyboard.type('craftec:half')
    await page.keyboard.press('Enter')
    await page.getByRole('alert').filter({ hasText: 'not a complete craftec: link' }).waitFor()
    expect(await page.getByLabel('Retrieve by link').getAttribute('aria-invalid')).toBe('true')
    await page.getByRole('button', { name: 'Remove from list' }).focus()
    await page.keyboard.press('Enter')
    expect(await page.locator('.row').count()).toBe(0)
    expect(await focused(page)).toBe('Choose files')
  })

  it('pauses, goes on and cancels', async () => {
    const page = await openPage()
    await page.evaluate(() => {
      const storage = document.querySelector('craftec-storage')
      storage?.storeFiles([
        new File([new Uint8Array(5_000_000)], 'kept'),
        new File([new Uint8Array(5_000_000)], 'dropped')
      ])
      for (const row of storage?.shadowRoot?.querySelectorAll('.row') ?? []) row.querySelector('button')?.click()
    })
    const [dropped, kept] = [page.locator('.row').nth(0), page.locator('.row').nth(1)]
    await kept.getByText('Paused').waitFor()
    await dropped.getByRole('button', { name: 'Cancel' }).click()
    await dropped.getByText('Cancelled').waitFor()
    expect(await kept.getAttribute('data-status')).toBe('paused')
    await kept.getByRole('button', { name: 'Resume' }).click()
    expect(await event(page, 'craftec-stored')).toMatchObject({ name: 'kept', size: 5_000_000 })
    expect(await page.getByRole('button', { name: 'Copy link' }).count()).toBe(1)
  })

  it('broke no rule of the page it is in, and none of accessibility', async () => {
    for (const [theme, width] of [
      ['light', 1280],
      ['dark', 390]
    ] as const) {
      const page = await openPage({ theme })
      await page.setViewportSize({ width, height: 800 })
      await storeFile(page, `${'a name of many words '.repeat(5)}.txt`, 'text/plain', Buffer.from('text'))
      await page.reload()
      await page.locator('.row').getByRole('button', { name: 'Check holders' }).waitFor(patience)
      // by the debugger's hand: the policy would refuse a script element, and rightly
      await page.evaluate(axe.source)
      const broken = await page.evaluate(async () => {
        const { axe } = globalThis as unknown as { axe: Axe }
        const { violations } = await axe.run()
        return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
      })
      expect(broken).toEqual([])
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width)
      await page.context().close()
    }
    expect(violations).toEqual([])
  })
})
