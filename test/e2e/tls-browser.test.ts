/** The TLS client in a real Chromium, on its WebCrypto, against OpenSSL: every suite, group and kind of key. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { TlsOptions } from 'node:tls'
import { build } from 'esbuild'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { WebSocketServer } from 'ws'
import { browserBuildOptions } from '../../tools/esbuild-bundle-plugin.ts'
import { type Chromium, launchChromium } from '../../tools/launch-chromium.ts'
import { type PageServer, startPageServer } from '../../tools/page-server.ts'
import { type KeyType, makeLeaf, makeRoot, testKey } from '../kit/certificate-maker.ts'
import { startTlsServer, type TestTlsServer } from '../kit/tls-server.ts'
import type { TlsPage } from './tls-page.ts'

const root = makeRoot('Browser Root')
const PAGE = `<!doctype html><title>tls</title><script type="module">
  import { tlsPage } from '/test/e2e/tls-page.ts'
  globalThis.tls = tlsPage()
</script>`
const WORKER = '/tls-worker.js'
/** The same outcome from a page, a worker and a service worker. */
const PLACES = ['page', 'worker', 'service worker'] as const

const rootDir = join(import.meta.dirname, '../..')
let bridge: WebSocketServer
let server: PageServer
let chromium: Chromium
let page: Page
const targets: TestTlsServer[] = []

beforeAll(async () => {
  bridge = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  await once(bridge, 'listening')
  bridge.on('connection', (socket, request) => {
    const tcp = connect(Number(request.url?.slice(1)), '127.0.0.1')
    tcp.on('data', bytes => socket.send(bytes))
    tcp.on('end', () => socket.send(Buffer.alloc(0)))
    tcp.on('error', () => socket.close())
    socket.on('message', bytes => tcp.write(bytes as Buffer))
    socket.on('close', () => tcp.destroy())
  })
  const files = { '/': PAGE, [WORKER]: await bundledWorker() }
  server = await startPageServer({ rootDir, files, bundle: true })
  chromium = await launchChromium()
  page = await (await chromium.newContext(server.origin)).newPage()
  await page.goto(server.origin)
  await page.waitForFunction('globalThis.tls !== undefined')
})
afterEach(async () => {
  await Promise.all(targets.splice(0).map(target => target.close()))
})
afterAll(async () => {
  await chromium?.close()
  await server?.close()
  bridge?.close()
})

/** One file, as an application would ship it: service workers load nothing later. */
async function bundledWorker(): Promise<string> {
  const { outputFiles } = await build({
    ...browserBuildOptions(rootDir),
    entryPoints: [join(rootDir, 'test/e2e/tls-worker.ts')],
    write: false
  })
  return outputFiles[0]?.text ?? ''
}

interface Where {
  readonly name?: string
  /** Default: the test's own. `null`: Mozilla's. */
  readonly roots?: string[] | null
  readonly place?: (typeof PLACES)[number]
}

async function exchange(options: TlsOptions, type: KeyType = 'P-256', where: Where = {}) {
  const { name = 'localhost', roots = [root.pem], place = 'page' } = where
  const key = testKey(type, 'leaf')
  const cert = makeLeaf(root, { key }).pem
  const pem = key.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
  const target = await startTlsServer({ cert, key: pem, ...options }, socket => socket.pipe(socket))
  targets.push(target)
  const { port } = bridge.address() as AddressInfo
  return page.evaluate(
    async ([wanted, script, ...args]) => {
      if (wanted === 'page') return (globalThis as unknown as { tls: TlsPage }).tls.exchange(...given(args))
      const { port1, port2 } = new MessageChannel()
      const outcome = new Promise(resolve => {
        port1.onmessage = ({ data }) => resolve(data)
      })
      const worker = wanted === 'worker' ? new Worker(script, { type: 'module' }) : await serviceWorker()
      worker?.postMessage(given(args), [port2])
      return outcome

      function given([url, host, trusted, text]: [string, string, string[] | null, string]) {
        return [url, host, trusted ?? undefined, text] as const
      }
      async function serviceWorker() {
        await navigator.serviceWorker.register(script, { type: 'module' })
        return (await navigator.serviceWorker.ready).active
      }
    },
    [place, WORKER, `ws://127.0.0.1:${port}/${target.port}`, name, roots, 'there and back'] as [
      string,
      string,
      string,
      string,
      string[] | null,
      string
    ]
  )
}

describe('TLS in Chromium', () => {
  for (const cipherSuite of ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'])
    it(cipherSuite, async () => {
      expect(await exchange({ ciphers: cipherSuite })).toMatchObject({ text: 'there and back', info: { cipherSuite } })
    })

  for (const [ecdhCurve, group] of [
    ['X25519', 'x25519'],
    ['P-256', 'secp256r1'],
    ['P-384', 'secp384r1']
  ] as const)
    it(`group ${group}`, async () => {
      expect(await exchange({ ecdhCurve })).toMatchObject({ text: 'there and back', info: { group } })
    })

  it('the hybrid group where this Chromium has ML-KEM', async () => {
    const has = await page.evaluate(() => 'decapsulateBits' in crypto.subtle)
    const outcome = await exchange({ ecdhCurve: 'X25519MLKEM768:X25519' })
    expect(outcome).toMatchObject({ info: { group: has ? 'X25519MLKEM768' : 'x25519' } })
  })

  for (const type of ['rsa-2048', 'P-384', 'ed25519'] as const)
    it(`leaf with a key of ${type}`, async () => {
      expect(await exchange({}, type)).toMatchObject({ text: 'there and back' })
    })

  it('refuses another name and another root', async () => {
    expect(await exchange({}, 'P-256', { name: 'elsewhere' })).toEqual({ code: 'tls-certificate-name-mismatch' })
    expect(await exchange({}, 'P-256', { roots: [makeRoot('Stranger').pem] })).toEqual({
      code: 'tls-certificate-untrusted'
    })
  })

  for (const place of PLACES)
    it(`in a ${place}, with roots of its own and with the built-in ones`, async () => {
      expect(await exchange({}, 'P-256', { place })).toMatchObject({ text: 'there and back' })
      // Read, and none of them ours.
      expect(await exchange({}, 'P-256', { place, roots: null })).toEqual({ code: 'tls-certificate-untrusted' })
    })
})
