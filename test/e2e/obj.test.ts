/** `craft.obj` in a real Chromium, against real storage peers: processes of their own, reached over WebSocket. */
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Devnet, startDevnet } from '../../relay-server/devnet/index.ts'
import { type Chromium, launchChromium } from '../../tools/launch-chromium.ts'
import { type PageServer, startPageServer } from '../../tools/page-server.ts'
import { inObjPage, OBJ_PAGE, openObjPage, storeAndRetrieve } from '../smoke/store-and-retrieve.ts'

const root = join(import.meta.dirname, '../..')
const MIB = 1024 * 1024

let devnet: Devnet
let server: PageServer
let chromium: Chromium

beforeAll(async () => {
  ;[devnet, server, chromium] = await Promise.all([
    startDevnet({ relays: 1, exits: 0, storage: 3 }),
    startPageServer({ rootDir: root, files: { '/': OBJ_PAGE }, bundle: true }),
    launchChromium()
  ])
})

afterAll(async () => {
  await chromium?.close()
  await server?.close()
  await devnet?.stop()
})

describe('content of a page', () => {
  it('is there for another browser after the page is closed', async () => {
    const options = { chromium, url: server.origin, bootstrap: devnet.bootstrap, bytes: 10 * MIB }
    const { store, retrieve } = await storeAndRetrieve(options)
    expect(store).toMatchObject({ status: 'done', peers: 3 })
    expect(retrieve).toMatchObject({ bytesEqual: true, faults: [] })
  })

  it('can be read by range, without workers and without encryption too', async () => {
    const publisher = await openObjPage({ chromium, url: server.origin })
    await inObjPage(publisher, 'open', devnet.bootstrap, 'plain')
    const { link } = await inObjPage(publisher, 'store', 3 * MIB + 5, false, 30_000)
    await publisher.context().close()
    const reader = await openObjPage({ chromium, url: server.origin })
    await inObjPage(reader, 'open', devnet.bootstrap, 'plain')
    expect(await inObjPage(reader, 'range', link, 2 * MIB, 2 * MIB + 10)).toEqual({
      status: 206,
      contentRange: `bytes ${2 * MIB}-${2 * MIB + 9}/${3 * MIB + 5}`,
      right: true
    })
    await reader.context().close()
  })

  it('is served by its own page while that lives, if the page shares', async () => {
    const publisher = await openObjPage({ chromium, url: server.origin })
    await inObjPage(publisher, 'open', devnet.bootstrap, 'worker', true)
    const { link, status } = await inObjPage(publisher, 'store', 3 * MIB, true, 30_000, 0)
    expect(status).toBe('local')
    const reader = await openObjPage({ chromium, url: server.origin })
    await inObjPage(reader, 'open', devnet.bootstrap, 'worker')
    expect(await inObjPage(reader, 'retrieve', link, 3 * MIB)).toMatchObject({ bytesEqual: true, faults: [] })
    await reader.context().close()
    await publisher.context().close()
    const late = await openObjPage({ chromium, url: server.origin })
    await inObjPage(late, 'open', devnet.bootstrap, 'worker')
    expect(await inObjPage(late, 'fails', link, 3_000)).toBe('content-unavailable')
    await late.context().close()
  })

  it('survives the loss of a storage peer, and fails with a code when too many are gone', async () => {
    const publisher = await openObjPage({ chromium, url: server.origin })
    await inObjPage(publisher, 'open', devnet.bootstrap, 'worker')
    const { link } = await inObjPage(publisher, 'store', 2 * MIB, true, 30_000)
    await publisher.context().close()
    const storage = [...devnet.nodes.entries()].filter(([, { roles }]) => roles.includes('storage'))
    for (const [index] of storage.slice(0, 1)) await devnet.kill(index)
    const reader = await openObjPage({ chromium, url: server.origin })
    await inObjPage(reader, 'open', devnet.bootstrap, 'worker')
    expect(await inObjPage(reader, 'retrieve', link, 2 * MIB)).toMatchObject({ bytesEqual: true, faults: [] })
    for (const [index] of storage.slice(1)) await devnet.kill(index)
    const late = await openObjPage({ chromium, url: server.origin })
    await inObjPage(late, 'open', devnet.bootstrap, 'worker')
    expect(await inObjPage(late, 'fails', link, 3_000)).toBe('content-unavailable')
  })
})
