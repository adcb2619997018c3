/** Our client against OpenSSL, through node:tls: every suite, group and kind of key that we claim. */
import { once } from 'node:events'
import type { TLSSocket } from 'node:tls'
import { afterEach, describe, expect, it } from 'vitest'
import { connectTls, type TlsOptions } from '../../sdk/tls/index.ts'
import { type KeyType, makeLeaf, testKey } from '../kit/certificate-maker.ts'
import { startTlsServer, type TestTlsServer } from '../kit/tls-server.ts'
import { describeInterop, options, readAll, root } from '../tls/interop.ts'

const leaf = makeLeaf(root)
const pemOf = (type: KeyType) => testKey(type, 'leaf').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
const identity = (type: KeyType = 'P-256') => ({
  cert: makeLeaf(root, { key: testKey(type, 'leaf') }).pem,
  key: pemOf(type)
})

const servers: TestTlsServer[] = []
afterEach(async () => {
  await Promise.all(servers.splice(0).map(server => server.close()))
})

async function serve(options: object, onSocket: (socket: TLSSocket) => void): Promise<TestTlsServer> {
  const server = await startTlsServer({ cert: leaf.pem, key: pemOf('P-256'), ...options }, onSocket)
  servers.push(server)
  return server
}

const echo = (socket: TLSSocket) => socket.pipe(socket)
async function exchange(server: TestTlsServer, more: Partial<TlsOptions> = {}, sizeBytes = 100_000) {
  return exchangeOver(await connectTls(await server.connect(), { ...options, ...more }), sizeBytes)
}

async function exchangeOver({ readable, writable, info }: Awaited<ReturnType<typeof connectTls>>, sizeBytes: number) {
  const sent = new Uint8Array(sizeBytes).map((_, at) => at * 31)
  const received = readAll(readable)
  const writer = writable.getWriter()
  await writer.write(sent)
  await writer.close()
  expect(Buffer.compare(await received, sent)).toBe(0)
  return info
}

const CURVES = { X25519MLKEM768: 'X25519MLKEM768', x25519: 'X25519', secp256r1: 'P-256', secp384r1: 'P-384' }

describeInterop('node:tls (OpenSSL 3.5)', process.execPath, async (setup, open) => {
  const { suite, group, alpn, asksForCertificate } = setup
  const server = await serve(
    {
      ...identity(setup.leaf),
      ...(suite && { ciphers: suite }),
      ...(group && { ecdhCurve: CURVES[group] }),
      ...(alpn && { ALPNProtocols: alpn }),
      ...(asksForCertificate && { requestCert: true, rejectUnauthorized: false })
    },
    echo
  )
  return exchangeOver(await open(await server.connect()), 100_000)
})

describe('OpenSSL, more', () => {
  for (const sigalgs of ['rsa_pss_rsae_sha384', 'rsa_pss_rsae_sha512'])
    it(`signature ${sigalgs}`, async () => {
      const info = await exchange(await serve({ ...identity('rsa-2048'), sigalgs }, echo))
      expect(info.signatureScheme).toBe(sigalgs)
    })

  it('ALPN: the protocol both know, or a refusal that says so', async () => {
    const server = await serve({ ALPNProtocols: ['h2', 'http/1.1'] }, echo)
    expect((await exchange(server, { alpn: ['http/1.1'] })).alpn).toBe('http/1.1')
    expect((await exchange(server)).alpn).toBeUndefined()
    await expect(connectTls(await server.connect(), { ...options, alpn: ['spdy/9'] })).rejects.toMatchObject({
      code: 'tls-handshake-failed',
      details: { alert: 'no_application_protocol', alertFrom: 'server' }
    })
  })

  it('sends the name for SNI, and none for an address', async () => {
    const names: unknown[] = []
    const server = await serve({}, socket => {
      names.push(socket.servername)
      echo(socket)
    })
    await exchange(server)
    await expect(connectTls(await server.connect(), { ...options, serverName: '127.0.0.1' })).rejects.toMatchObject({
      code: 'tls-certificate-name-mismatch'
    })
    expect(names[0]).toBe('localhost')
  })

  it('a server that insists on a certificate: its alert reaches the reader', async () => {
    const server = await serve({ requestCert: true, rejectUnauthorized: true, ca: [root.pem] }, echo)
    const { readable } = await connectTls(await server.connect(), options)
    await expect(readable.getReader().read()).rejects.toMatchObject({
      code: 'tls-handshake-failed',
      details: { alertFrom: 'server' }
    })
  })

  it('a server of TLS 1.2 only: the code says what it is', async () => {
    const server = await serve({ minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' }, echo)
    await expect(connectTls(await server.connect(), options)).rejects.toMatchObject({ code: 'tls-version-unsupported' })
  })

  it('a server without TLS', async () => {
    const { createServer } = await import('node:net')
    const plain = createServer(socket => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n').on('error', () => {}))
    plain.listen(0, '127.0.0.1')
    await once(plain, 'listening')
    const { connectTcp } = await import('../kit/tls-server.ts')
    const { port } = plain.address() as { port: number }
    await expect(connectTls(await connectTcp(port), options)).rejects.toMatchObject({ code: 'tls-protocol-violation' })
    plain.close()
  })
})

describe('the session', () => {
  it('updates its own key as it goes, and OpenSSL follows', async () => {
    await exchange(await serve({}, echo), { recordsPerKey: 2 }, 300_000)
  })

  it('sends data in the flight of its Finished: the server needs no second round', async () => {
    const server = await serve({}, socket => {
      socket.once('data', data => socket.end(data))
    })
    const tcp = await server.connect()
    const { readable, writable } = await connectTls(tcp, options)
    const writer = writable.getWriter()
    await writer.write(new TextEncoder().encode('first'))
    expect((await readAll(readable)).toString()).toBe('first')
  })

  it('close_notify ends cleanly, a cut without it does not', async () => {
    const server = await serve({}, socket => {
      socket.once('data', data => {
        if (data.toString() === 'close') socket.end('bye')
        else socket.write('bye', () => (socket as unknown as { _parent: { destroy(): void } })._parent?.destroy())
      })
    })
    for (const [how, code] of [
      ['close', undefined],
      ['cut', 'tls-truncated']
    ] as const) {
      const { readable, writable } = await connectTls(await server.connect(), options)
      await writable.getWriter().write(new TextEncoder().encode(how))
      if (code === undefined) expect((await readAll(readable)).toString()).toBe('bye')
      else await expect(readAll(readable)).rejects.toMatchObject({ code })
    }
  })

  it('a paused reader stops the server: at most 256 KiB are taken from the transport', async () => {
    let blocked = (): void => {}
    const serverBlocked = new Promise<void>(resolve => {
      blocked = resolve
    })
    const server = await serve({}, socket => {
      const chunk = Buffer.alloc(64 * 1024)
      for (let written = 0; written < 64e6; written += chunk.length) if (!socket.write(chunk)) blocked()
    })
    const tcp = await server.connect()
    const source = tcp.readable.getReader()
    let pulled = 0
    const readable = new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          const { done, value } = await source.read()
          if (done) return controller.close()
          pulled += value.length
          controller.enqueue(value)
        },
        cancel: reason => source.cancel(reason)
      },
      { highWaterMark: 0 }
    )
    const reader = (await connectTls({ readable, writable: tcp.writable }, options)).readable.getReader()
    let taken = (await reader.read()).value?.length ?? 0
    await serverBlocked
    expect(pulled - taken).toBeLessThan(256 * 1024)
    const pausedAt = pulled
    while (taken < pausedAt) taken += (await reader.read()).value?.length ?? 0
    expect(pulled - taken).toBeLessThan(256 * 1024)
    await reader.cancel()
  })

  it('honours the signal and the deadline while the server is silent', async () => {
    const { createServer } = await import('node:net')
    const silent = createServer(socket => socket.on('error', () => {}))
    silent.listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const { connectTcp } = await import('../kit/tls-server.ts')
    const { port } = silent.address() as { port: number }
    await expect(connectTls(await connectTcp(port), { ...options, timeoutMs: 50 })).rejects.toMatchObject({
      code: 'timeout'
    })
    const controller = new AbortController()
    const waiting = connectTls(await connectTcp(port), { ...options, signal: controller.signal })
    controller.abort()
    await expect(waiting).rejects.toMatchObject({ code: 'aborted' })
    silent.close()
  })
})
