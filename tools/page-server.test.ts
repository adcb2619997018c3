import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { startPageServer } from './page-server.ts'

const folder = mkdtempSync(join(tmpdir(), 'page-server-'))
mkdirSync(join(folder, 'site'))
writeFileSync(join(folder, 'site/index.html'), '<h1>site</h1>')
writeFileSync(join(folder, 'site/part.ts'), "export const part: string = 'of the bundle'")
writeFileSync(join(folder, 'site/entry.ts'), "import { part } from './part.ts'\nconsole.log(part)")
writeFileSync(join(folder, 'site/broken.ts'), "import './missing.ts'")
writeFileSync(join(folder, 'secret.txt'), 'secret')
afterAll(() => rmSync(folder, { recursive: true }))

const rootDir = join(folder, 'site')

/** The path goes out as given: fetch would fold its dots. */
function status(origin: string, path: string): Promise<number | undefined> {
  const { hostname, port } = new URL(origin)
  return new Promise((resolve, reject) => {
    request({ hostname, port, path }, response => resolve(response.resume().statusCode))
      .once('error', reject)
      .end()
  })
}

describe('startPageServer', () => {
  it('serves the folder, given files before its own, and nothing else', async () => {
    await using plain = await startPageServer({ rootDir })
    expect(await (await fetch(plain.origin)).text()).toBe('<h1>site</h1>')
    expect(await status(plain.origin, '/missing.html')).toBe(404)
    expect(await status(plain.origin, '/../secret.txt')).toBe(404)
    expect(await status(plain.origin, '/%2e%2e/secret.txt')).toBe(404)
    await using own = await startPageServer({ rootDir, files: { '/': '<h1>own</h1>', '/given.json': '[1]' } })
    expect(await (await fetch(own.origin)).text()).toBe('<h1>own</h1>')
    const given = await fetch(`${own.origin}/given.json`)
    expect(given.headers.get('content-type')).toBe('application/json')
    expect(await given.json()).toEqual([1])
  })

  it('bundles TypeScript on request, and turns a build error into a module that throws it', async () => {
    await using server = await startPageServer({ rootDir, bundle: true })
    expect(await (await fetch(`${server.origin}/entry.ts`)).text()).toContain('of the bundle')
    expect(await (await fetch(`${server.origin}/broken.ts`)).text()).toMatch(/^throw new Error\(".*missing\.ts/)
  })

  it('isolates pages only when asked to', async () => {
    await using server = await startPageServer({ rootDir, isolated: true })
    const { headers } = await fetch(server.origin)
    expect(headers.get('cross-origin-opener-policy')).toBe('same-origin')
    expect(headers.get('cross-origin-embedder-policy')).toBe('credentialless')
    await using open = await startPageServer({ rootDir })
    expect((await fetch(open.origin)).headers.get('cross-origin-opener-policy')).toBeNull()
  })

  it('frees its port when closed, twice if need be', async () => {
    const server = await startPageServer({ rootDir })
    await server.close()
    await server.close()
    await expect(fetch(server.origin)).rejects.toThrow()
  })
})
