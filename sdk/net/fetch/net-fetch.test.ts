import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { localSite } from '../../../test/kit/local-site.ts'
import { loopbackNetwork } from '../../../test/kit/loopback-network.ts'
import { ScriptedTarget } from '../../../test/kit/scripted-target.ts'
import { systemClock } from '../../async/index.ts'
import { CraftecError } from '../../errors/index.ts'
import type { NetFetchInit } from './fetch-options.ts'
import { NetFetch } from './net-fetch.ts'
import type { OpenStream, OpenStreamRequest } from './open-stream.ts'

const PLAIN: NetFetchInit = { allowInsecure: true }

function client(openStream: OpenStream, tls?: ConstructorParameters<typeof NetFetch>[0]['tls']): NetFetch {
  return new NetFetch({ openStream, defaultHops: 3, clock: systemClock, tls })
}

/** A network of one scripted target a stream. */
function scripted(): {
  net: NetFetch
  targets: ScriptedTarget[]
  requests: OpenStreamRequest[]
  next: () => Promise<ScriptedTarget>
} {
  const targets: ScriptedTarget[] = []
  const requests: OpenStreamRequest[] = []
  let notify = (): void => {}
  let taken = 0
  const openStream: OpenStream = async request => {
    const target = new ScriptedTarget()
    targets.push(target)
    requests.push(request)
    notify()
    const trace = {
      circuitId: `c${targets.length}`,
      path: [],
      hopRoundTripsMs: [],
      buildMs: 5,
      directoryMs: 1,
      circuitMs: 2,
      retries: 0
    }
    return { duplex: target.client, opened: Promise.resolve(), trace }
  }
  const next = async (): Promise<ScriptedTarget> => {
    const index = taken++
    while (targets.length <= index) await new Promise<void>(resolve => (notify = resolve))
    const target = targets[index]
    if (!target) throw new Error('no stream was opened')
    return target
  }
  return { net: client(openStream), targets, requests, next }
}

async function codeOf(task: Promise<unknown>): Promise<string> {
  return task.then(
    () => 'no error',
    error => (error instanceof CraftecError ? error.code : `untyped: ${String(error)}`)
  )
}

describe('NetFetch against a real server', () => {
  it('gives a real Response', async () => {
    await using site = await localSite((_, response) => {
      response.writeHead(201, 'Made', { 'content-type': 'text/plain', 'x-a': '1' }).end('hello')
    })
    const net = client(loopbackNetwork().openStream)
    const response = await net.fetch(`${site.origin}/path?q=1#fragment`, PLAIN)
    expect(response).toBeInstanceOf(Response)
    expect([response.status, response.statusText, response.ok, response.redirected]).toEqual([201, 'Made', true, false])
    expect(response.url).toBe(`${site.origin}/path?q=1`)
    expect(response.headers.get('x-a')).toBe('1')
    const copy = response.clone()
    expect(await response.text()).toBe('hello')
    expect(await copy.text()).toBe('hello')
    expect(copy.url).toBe(response.url)
    expect(net.explain(copy)).toEqual(net.explain(response))
    expect(site.seen).toEqual(['GET /path?q=1'])
  })

  it('sends the same words from every machine, and nothing of this one', async () => {
    let raw: string[] = []
    await using site = await localSite((request, response) => {
      raw = request.rawHeaders
      response.end()
    })
    await client(loopbackNetwork().openStream).fetch(site.origin, PLAIN)
    expect(raw).toEqual([
      'Host',
      `127.0.0.1:${site.port}`,
      'user-agent',
      'Mozilla/5.0 (compatible; craftec-web)',
      'accept',
      '*/*',
      'accept-language',
      'en-US,en;q=0.5',
      'accept-encoding',
      'gzip, deflate'
    ])
  })

  it('streams 20 MB both ways without a change', async () => {
    const sent = new Uint8Array(20_000_000).map((_, index) => (index * 31) & 0xff)
    const hash = createHash('sha256').update(sent).digest('hex')
    await using site = await localSite((request, response) => {
      const received = createHash('sha256')
      request.on('data', chunk => received.update(chunk))
      request.on('end', () => response.writeHead(200, { 'x-hash': received.digest('hex') }).end(sent))
    })
    let at = 0
    const body = new ReadableStream<Uint8Array>({
      pull: controller => {
        if (at >= sent.length) return controller.close()
        controller.enqueue(sent.slice(at, at + 60_000))
        at += 60_000
      }
    })
    const net = client(loopbackNetwork().openStream)
    const response = await net.fetch(site.origin, { ...PLAIN, method: 'POST', body, duplex: 'half' })
    expect(response.headers.get('x-hash')).toBe(hash)
    const back = createHash('sha256')
    for await (const part of response.body ?? []) back.update(part)
    expect(back.digest('hex')).toBe(hash)
    expect(net.explain(response).bytes).toMatchObject({ body: sent.length })
    expect(net.explain(response).bytes.sent).toBeGreaterThan(sent.length)
  })

  it('undoes gzip and says nothing else than the server did', async () => {
    const text = 'compressed '.repeat(5000)
    await using site = await localSite((request, response) => {
      expect(request.headers['accept-encoding']).toBe('gzip, deflate')
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(text))
    })
    const response = await client(loopbackNetwork().openStream).fetch(site.origin, PLAIN)
    expect(await response.text()).toBe(text)
    expect(response.headers.get('content-encoding')).toBe('gzip')
  })

  it('a gzip body cut at the end is an error although HTTP is content', async () => {
    const data = gzipSync('compressed '.repeat(5000))
    await using site = await localSite((_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(data.subarray(0, data.length - 6))
    })
    const response = await client(loopbackNetwork().openStream).fetch(site.origin, PLAIN)
    expect(await codeOf(response.text())).toBe('body-truncated')
  })

  it('uses a connection again for the same origin and rules, and for nothing else', async () => {
    await using site = await localSite((_, response) => void response.end('x'))
    const network = loopbackNetwork()
    const net = client(network.openStream)
    const get = async (url: string, init: NetFetchInit = PLAIN): Promise<boolean> => {
      const response = await net.fetch(url, init)
      await response.text()
      return net.explain(response).reusedConnection
    }
    expect(await get(site.origin)).toBe(false)
    expect(await get(`${site.origin}/other`)).toBe(true)
    expect(await get(`http://a.test:${site.port}`)).toBe(false)
    expect(await get(site.origin, { ...PLAIN, hops: 1 })).toBe(false)
    expect(await get(site.origin, { ...PLAIN, exit: { country: 'DE' } })).toBe(false)
    expect(await get(site.origin, { ...PLAIN, method: 'POST', body: 'x' })).toBe(false)
    net.closeIdle()
    expect(await get(site.origin)).toBe(false)
    expect(network.requests.map(request => request.isolation)).toEqual([
      site.origin,
      `http://a.test:${site.port}`,
      site.origin,
      site.origin,
      site.origin,
      site.origin
    ])
  })

  it('HEAD, 204 and 304 have no body and keep the connection', async () => {
    await using site = await localSite((request, response) => {
      const status = Number(request.url?.slice(1))
      response.writeHead(status, status === 200 ? { 'content-length': '100' } : {}).end()
    })
    const network = loopbackNetwork()
    const net = client(network.openStream)
    for (const [method, path] of [
      ['HEAD', '/200'],
      ['GET', '/204'],
      ['GET', '/304']
    ] as const) {
      const response = await net.fetch(site.origin + path, { ...PLAIN, method })
      expect(response.body).toBeNull()
    }
    expect(network.requests.length).toBe(1)
  })

  it.each<[string, BodyInit, string | undefined, string]>([
    ['text', 'grüße', 'text/plain;charset=UTF-8', 'grüße'],
    ['a form', new URLSearchParams({ a: '1' }), 'application/x-www-form-urlencoded;charset=UTF-8', 'a=1'],
    ['a blob', new Blob(['abc'], { type: 'x/y' }), 'x/y', 'abc'],
    ['bytes', new Uint8Array([97, 98]), undefined, 'ab']
  ])('sends %s with its length and type', async (_, body, type, text) => {
    await using site = await localSite((request, response) => {
      request.setEncoding('utf8')
      let received = ''
      request.on('data', chunk => (received += chunk))
      request.on('end', () =>
        response.end(
          JSON.stringify({ received, type: request.headers['content-type'], length: request.headers['content-length'] })
        )
      )
    })
    const response = await client(loopbackNetwork().openStream).fetch(site.origin, { ...PLAIN, method: 'POST', body })
    expect(await response.json()).toEqual({
      received: text,
      type,
      length: String(new TextEncoder().encode(text).length)
    })
  })

  it('sends a form with a file as multipart', async () => {
    await using site = await localSite((request, response) => {
      let received = ''
      request.on('data', chunk => (received += chunk))
      request.on('end', () => response.end(`${request.headers['content-type']}\n${received}`))
    })
    const form = new FormData()
    form.set('file', new Blob(['inside']), 'name.txt')
    const text = await (
      await client(loopbackNetwork().openStream).fetch(site.origin, { ...PLAIN, method: 'POST', body: form })
    ).text()
    expect(text).toMatch(/^multipart\/form-data; boundary=/)
    expect(text).toContain('filename="name.txt"')
    expect(text).toContain('inside')
  })

  it('takes a Request', async () => {
    await using site = await localSite((request, response) => {
      request.on('data', chunk => response.end(`${request.method} ${request.headers['x-a']} ${chunk}`))
    })
    const request = new Request(site.origin, { method: 'PUT', headers: { 'x-a': '1' }, body: 'data' })
    expect(await (await client(loopbackNetwork().openStream).fetch(request, PLAIN)).text()).toBe('PUT 1 data')
  })
})

describe('NetFetch redirects', () => {
  it.each([
    [301, 'GET', 'GET'],
    [301, 'POST', 'GET'],
    [302, 'POST', 'GET'],
    [302, 'PUT', 'PUT'],
    [303, 'POST', 'GET'],
    [303, 'PUT', 'GET'],
    [303, 'HEAD', 'HEAD'],
    [307, 'POST', 'POST'],
    [308, 'PUT', 'PUT']
  ])('%i after %s is followed with %s', async (status, method, followed) => {
    let type: string | undefined
    await using site = await localSite((request, response) => {
      request.resume()
      type = request.headers['content-type']
      if (request.url === '/') response.writeHead(status, { location: '/next' }).end('moved')
      else response.end()
    })
    const body = method === 'POST' || method === 'PUT' ? { body: 'data' } : {}
    const response = await client(loopbackNetwork().openStream).fetch(`${site.origin}/`, { ...PLAIN, method, ...body })
    expect(site.seen).toEqual([`${method} /`, `${followed} /next`])
    expect([response.redirected, response.url]).toEqual([true, `${site.origin}/next`])
    expect(type === undefined).toBe(followed !== method || !('body' in body))
  })

  it('takes the secrets of one origin to no other, and another circuit for it', async () => {
    const headers: Record<string, string | undefined>[] = []
    await using other = await localSite((request, response) => {
      headers.push({
        authorization: request.headers.authorization,
        cookie: request.headers.cookie,
        keep: String(request.headers['x-keep'])
      })
      response.end()
    })
    await using site = await localSite((_, response) => void response.writeHead(302, { location: other.origin }).end())
    const network = loopbackNetwork()
    await client(network.openStream).fetch(site.origin, {
      ...PLAIN,
      headers: { authorization: 'Bearer x', cookie: 'a=b', 'x-keep': 'yes' }
    })
    expect(headers).toEqual([{ authorization: undefined, cookie: undefined, keep: 'yes' }])
    expect(network.requests.map(request => request.isolation)).toEqual([site.origin, other.origin])
  })

  it('ends after 20', async () => {
    await using site = await localSite((_, response) => void response.writeHead(302, { location: '/' }).end())
    expect(await codeOf(client(loopbackNetwork().openStream).fetch(site.origin, PLAIN))).toBe('redirect-failed')
    expect(site.seen.length).toBe(21)
  })

  it("gives the redirect itself with 'manual', and fails with 'error'", async () => {
    await using site = await localSite((_, response) => void response.writeHead(302, { location: '/x' }).end('see x'))
    const net = client(loopbackNetwork().openStream)
    const response = await net.fetch(site.origin, { ...PLAIN, redirect: 'manual' })
    expect([response.status, response.headers.get('location'), await response.text()]).toEqual([302, '/x', 'see x'])
    expect(await codeOf(net.fetch(site.origin, { ...PLAIN, redirect: 'error' }))).toBe('redirect-failed')
  })

  it.each(['ftp://a.test/', 'http://user:pass@a.test/', 'javascript:alert(1)', 'http://[::1'])(
    'refuses to go to %s',
    async location => {
      await using site = await localSite((_, response) => void response.writeHead(302, { location }).end())
      const network = loopbackNetwork()
      expect(await codeOf(client(network.openStream).fetch(site.origin, PLAIN))).toBe('redirect-failed')
      expect(network.requests.length).toBe(1)
    }
  )

  it('cannot send a stream twice', async () => {
    await using site = await localSite((request, response) => {
      request.resume()
      request.on('end', () => response.writeHead(307, { location: '/x' }).end())
    })
    const body = new Blob(['x']).stream()
    const net = client(loopbackNetwork().openStream)
    expect(await codeOf(net.fetch(site.origin, { ...PLAIN, method: 'POST', body, duplex: 'half' }))).toBe(
      'redirect-failed'
    )
  })
})

describe('NetFetch, when things go wrong', () => {
  it.each<[string, string, NetFetchInit, string]>([
    ['plain http', 'http://a.test/', {}, 'insecure-url'],
    ['a relative URL', '/path', PLAIN, 'invalid-argument'],
    ['another scheme', 'ftp://a.test/', PLAIN, 'invalid-argument'],
    ['a password in the URL', 'http://a:b@a.test/', PLAIN, 'invalid-argument'],
    ['an unknown option', 'http://a.test/', { ...PLAIN, hop: 2 } as NetFetchInit, 'unknown-option'],
    ['an unknown exit option', 'http://a.test/', { ...PLAIN, exit: { land: 'DE' } } as NetFetchInit, 'unknown-option'],
    ['too many hops', 'http://a.test/', { ...PLAIN, hops: 5 } as unknown as NetFetchInit, 'invalid-argument'],
    ['a country in words', 'http://a.test/', { ...PLAIN, exit: { country: 'Germany' } }, 'invalid-argument'],
    ['no time', 'http://a.test/', { ...PLAIN, timeoutMs: 0 }, 'invalid-argument'],
    ['a body with GET', 'http://a.test/', { ...PLAIN, body: 'x' }, 'invalid-argument'],
    ['CONNECT', 'http://a.test/', { ...PLAIN, method: 'CONNECT' }, 'invalid-argument'],
    ['a broken method', 'http://a.test/', { ...PLAIN, method: 'G T' }, 'invalid-argument'],
    [
      'a header of the connection',
      'http://a.test/',
      { ...PLAIN, headers: { 'transfer-encoding': 'chunked' } },
      'invalid-argument'
    ],
    ['a header with a line break', 'http://a.test/', { ...PLAIN, headers: { a: 'b\r\nc: d' } }, 'invalid-argument'],
    ['no-cors', 'http://a.test/', { ...PLAIN, mode: 'no-cors' }, 'unsupported'],
    ['cookies', 'http://a.test/', { ...PLAIN, credentials: 'include' }, 'unsupported'],
    ['a cache', 'http://a.test/', { ...PLAIN, cache: 'force-cache' }, 'unsupported'],
    ['integrity', 'http://a.test/', { ...PLAIN, integrity: 'sha256-x' }, 'unsupported'],
    ['keepalive', 'http://a.test/', { ...PLAIN, keepalive: true }, 'unsupported'],
    ['a referrer', 'http://a.test/', { ...PLAIN, referrer: 'http://me.test/' }, 'unsupported']
  ])('refuses %s before anything is opened', async (_, url, init, code) => {
    const { net, requests } = scripted()
    expect(await codeOf(net.fetch(url, init))).toBe(code)
    expect(requests).toEqual([])
  })

  it('never goes from https: to plain http: by redirect', async () => {
    const targets: ScriptedTarget[] = []
    const opened: OpenStreamRequest[] = []
    const openStream: OpenStream = async request => {
      const target = new ScriptedTarget()
      targets.push(target)
      opened.push(request)
      return {
        duplex: target.client,
        opened: Promise.resolve(),
        trace: { circuitId: 'c', path: [], hopRoundTripsMs: [], buildMs: 5, directoryMs: 0, circuitMs: 0, retries: 0 }
      }
    }
    // An engine that only passes bytes on, so that the test can speak; where TLS is needed is what is under test.
    const net = client(openStream, { connect: async transport => ({ ...transport, alpn: undefined }) })
    const fetching = codeOf(net.fetch('https://a.test/'))
    while (!targets[0]) await Promise.resolve()
    await targets[0].until('\r\n\r\n')
    await targets[0].send('HTTP/1.1 302 Found\r\nLocation: http://a.test/\r\nContent-Length: 0\r\n\r\n')
    expect(await fetching).toBe('insecure-url')
    expect(opened.map(request => request.target)).toEqual([{ host: 'a.test', port: 443 }])
  })

  it('rejects when the target says nothing, and lets the stream go', async () => {
    const { net, next } = scripted()
    const fetching = codeOf(net.fetch('http://a.test/', { ...PLAIN, timeoutMs: 50 }))
    expect(await fetching).toBe('timeout')
    expect(await (await next()).ended()).toBe('aborted')
  })

  it('rejects when no stream can be opened in time', async () => {
    const net = client(() => new Promise(() => {}))
    expect(await codeOf(net.fetch('http://a.test/', { ...PLAIN, timeoutMs: 50 }))).toBe('timeout')
  })

  it('a body that stalls is a timeout', async () => {
    const { net, next } = scripted()
    const fetching = net.fetch('http://a.test/', { ...PLAIN, idleTimeoutMs: 50 })
    const target = await next()
    await target.until('\r\n\r\n')
    await target.send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc')
    const response = await fetching
    expect(await codeOf(response.text())).toBe('timeout')
    expect(await target.ended()).toBe('aborted')
  })

  it('the signal ends a fetch that waits, one that reads, and one that nobody reads', async () => {
    const reason = new Error('the user left')
    const { net, next } = scripted()
    const waiting = new AbortController()
    const first = net.fetch('http://a.test/', { ...PLAIN, signal: waiting.signal })
    const firstTarget = await next()
    await firstTarget.until('\r\n\r\n')
    waiting.abort(reason)
    await expect(first).rejects.toMatchObject({ code: 'aborted', cause: reason })
    expect(await firstTarget.ended()).toBe('aborted')

    for (const read of [true, false]) {
      const later = new AbortController()
      const fetching = net.fetch('http://a.test/', { ...PLAIN, signal: later.signal })
      const target = await next()
      await target.until('\r\n\r\n')
      await target.send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc')
      const response = await fetching
      const text = read ? response.text() : undefined
      later.abort(reason)
      await expect(text ?? response.text()).rejects.toMatchObject({ code: 'aborted', cause: reason })
      expect(await target.ended()).toBe('aborted')
    }
    await expect(net.fetch('http://a.test/', { ...PLAIN, signal: AbortSignal.abort(reason) })).rejects.toMatchObject({
      code: 'aborted'
    })
  })

  it('the refusal of the exit is what the caller sees', async () => {
    const refusal = new CraftecError('exit-refused', 'the policy of the exit forbids this target')
    const openStream: OpenStream = async () => {
      const target = new ScriptedTarget()
      const opened = Promise.reject(refusal)
      opened.catch(() => {})
      return {
        duplex: target.client,
        opened,
        trace: { circuitId: '', path: [], hopRoundTripsMs: [], buildMs: 5, directoryMs: 0, circuitMs: 0, retries: 0 }
      }
    }
    await expect(client(openStream).fetch('http://a.test/', PLAIN)).rejects.toBe(refusal)
  })

  it('a circuit that dies before the answer costs an idempotent request nothing', async () => {
    const { net, next } = scripted()
    const fetching = net.fetch('http://a.test/', PLAIN)
    const first = await next()
    await first.until('\r\n\r\n')
    first.fail(new CraftecError('circuit-destroyed', 'a relay went away'))
    const second = await next()
    await second.until('\r\n\r\n')
    await second.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    const response = await fetching
    expect(await response.text()).toBe('ok')
    expect(net.explain(response).retries).toBe(1)
  })

  it('three dead circuits are enough', async () => {
    const { net, next, targets } = scripted()
    const fetching = codeOf(net.fetch('http://a.test/', PLAIN))
    for (let turn = 0; turn < 3; turn++) {
      const target = await next()
      await target.until('\r\n\r\n')
      target.fail(new CraftecError('circuit-destroyed', 'a relay went away'))
    }
    expect(await fetching).toBe('circuit-destroyed')
    expect(targets.length).toBe(3)
  })

  it('a POST whose circuit dies is never sent again', async () => {
    const { net, next, targets } = scripted()
    const fetching = codeOf(net.fetch('http://a.test/', { ...PLAIN, method: 'POST', body: 'buy' }))
    const first = await next()
    await first.until('buy')
    first.fail(new CraftecError('circuit-destroyed', 'a relay went away'))
    expect(await fetching).toBe('circuit-destroyed')
    expect(targets.length).toBe(1)
  })

  it('a kept connection that the target closes meanwhile is replaced', async () => {
    const { net, next } = scripted()
    const first = net.fetch('http://a.test/1', PLAIN)
    const old = await next()
    await old.until('\r\n\r\n')
    await old.send('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na')
    await (await first).text()
    const second = net.fetch('http://a.test/2', PLAIN)
    await old.until('GET /2')
    await old.end()
    const fresh = await next()
    await fresh.until('\r\n\r\n')
    await fresh.send('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb')
    expect(await (await second).text()).toBe('b')
  })

  it('a cut body and a broken answer are told apart from a whole one', async () => {
    for (const [answer, code] of [
      ['HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc', 'body-truncated'],
      ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n', 'body-truncated'],
      ['HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\nabc', 'http-malformed']
    ] as const) {
      const { net, next } = scripted()
      const fetching = net.fetch('http://a.test/', PLAIN).then(response => response.text())
      const target = await next()
      await target.until('\r\n\r\n')
      await target.send(answer)
      await target.end()
      expect(await codeOf(fetching)).toBe(code)
    }
  })

  it('explains only its own responses', () => {
    expect(() => scripted().net.explain(new Response())).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
  })
})
