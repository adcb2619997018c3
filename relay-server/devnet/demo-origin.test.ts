import { once } from 'node:events'
import { connect } from 'node:tls'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { demoBytes } from './demo-bytes.ts'
import { type DemoOrigin, startDemoOrigin } from './demo-origin.ts'

describe('demo origin', () => {
  let origin: DemoOrigin
  beforeEach(async () => {
    origin = await startDemoOrigin()
  })
  afterEach(() => origin.stop())

  const bytesOf = async (path: string, init?: RequestInit): Promise<Uint8Array> =>
    new Uint8Array(await (await fetch(`${origin.url}${path}`, init)).arrayBuffer())

  it('serves the same bytes whole, chunked and compressed, at any size', async () => {
    for (const size of [0, 1, 65_520, 65_521, 200_000]) {
      const expected = demoBytes(0, size)
      expect(await bytesOf(`/bytes?n=${size}`)).toEqual(expected)
      expect(await bytesOf(`/bytes?n=${size}&chunked=1`)).toEqual(expected)
      for (const encoding of ['gzip', 'deflate', 'br']) {
        expect(await bytesOf(`/compressed?encoding=${encoding}&n=${size}`)).toEqual(expected)
      }
    }
  })

  it('has no two equal windows near each other', () => {
    const window = (from: number): string => Buffer.from(demoBytes(from, 64)).toString('hex')
    const seen = new Set(Array.from({ length: 4096 }, (_, index) => window(index * 1024)))
    expect(seen.size).toBe(4096)
    expect(demoBytes(1_000_000, 10)).toEqual(demoBytes(999_990, 20).slice(10))
  })

  it('echoes bodies, shows what it saw, redirects and answers with any status', async () => {
    expect(await bytesOf('/echo', { method: 'POST', body: demoBytes(0, 100_000) })).toEqual(demoBytes(0, 100_000))
    const seen = await (await fetch(`${origin.url}/redirect?n=3`)).json()
    expect(seen).toMatchObject({ method: 'GET', url: '/seen', remoteAddress: '127.0.0.1' })
    expect((await fetch(`${origin.url}/status?code=418`)).status).toBe(418)
    expect((await fetch(`${origin.url}/nothing`)).status).toBe(404)
    expect(await (await fetch(`${origin.url}/slow?ms=1&n=3`)).text()).toBe('line 1\nline 2\nline 3\n')
  })

  it('cuts the connection in the middle of a promised body', async () => {
    await expect(bytesOf('/truncated?n=1000')).rejects.toThrow()
  })

  it('counts requests and remembers their connections', async () => {
    await bytesOf('/')
    await bytesOf('/bytes?n=1')
    expect(origin.requestCount).toBe(2)
    expect(origin.requests).toMatchObject([
      { method: 'GET', path: '/' },
      { method: 'GET', path: '/bytes' }
    ])
    expect(origin.requests.every(({ remotePort }) => remotePort > 0)).toBe(true)
  })

  it('serves the same site behind TLS 1.3, vouched for by its own authority and by no other', async () => {
    const { port, rootPem } = origin.secure
    const socket = connect({ port, host: '127.0.0.1', ca: [rootPem] })
    await once(socket, 'secureConnect')
    expect(socket.getProtocol()).toBe('TLSv1.3')
    socket.write('GET /seen HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n')
    expect(Buffer.concat(await socket.toArray()).toString()).toMatch(/^HTTP\/1.1 200 OK\r\n/)
    expect(origin.requests).toMatchObject([{ path: '/seen', secure: true }])
    const stranger = connect({ port, host: '127.0.0.1' })
    const [error] = await once(stranger, 'error')
    expect(error).toMatchObject({ code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' })
  })

  it('escapes what a client sends before showing it', async () => {
    const page = await (await fetch(origin.url, { headers: { 'x-evil': '<script>alert(1)</script>' } })).text()
    expect(page).not.toContain('<script>')
    expect(page).toContain('&#60;script&#62;')
  })
})
