/** libcurl.js as an engine: what it accepts and refuses, and that its faults do not reach the caller. */
import '../kit/pretend-page.ts'
import { readFileSync } from 'node:fs'
import type { TLSSocket, TlsOptions } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { CraftecError, createCraftec, type TlsConnection } from '../../sdk/index.ts'
import { type ByteDuplex, serveDirectory } from '../../sdk/net/index.ts'
import { libcurlTls } from '../../sdk/tls-libcurl/index.ts'
import {
  basicConstraints,
  type CertificateInput,
  CLIENT_AUTH,
  dnsName,
  extendedKeyUsage,
  ipName,
  keyUsage,
  type MadeCertificate,
  makeCertificate,
  makeLeaf,
  makeRoot,
  SERVER_AUTH,
  subjectAltName,
  testKey
} from '../kit/certificate-maker.ts'
import { startLoopbackOnionNetwork } from '../kit/loopback-onion-network.ts'
import { startTlsServer, type TestTlsServer } from '../kit/tls-server.ts'
import { findProgram, freePorts, serverFiles, startForeignServer } from '../tls/foreign-server.ts'

const root = makeRoot('libcurl Root')
const wasm = readFileSync(fileURLToPath(import.meta.resolve('libcurl.js/libcurl.wasm')))
// Node's fetch reads no files.
const wasmUrl = `data:application/wasm;base64,${wasm.toString('base64')}`
const engine = libcurlTls({ wasmUrl, roots: [root.pem] })
const TLS12: TlsOptions = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' }
const DAY_MS = 86_400_000
const openssl = findProgram('openssl')

const servers: TestTlsServer[] = []
afterEach(async () => {
  await Promise.all(servers.splice(0).map(server => server.close()))
})

async function serve(
  options: TlsOptions,
  leaf: MadeCertificate | readonly MadeCertificate[] = makeLeaf(root),
  onSocket: (socket: TLSSocket) => void = socket => void socket.pipe(socket)
): Promise<TestTlsServer> {
  const chain = [leaf].flat()
  const key = chain[0]?.key.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
  const server = await startTlsServer({ cert: chain.map(({ pem }) => pem).join(''), key, ...options }, onSocket)
  servers.push(server)
  return server
}

function connect(
  transport: ByteDuplex,
  host = 'localhost',
  signal = new AbortController().signal
): Promise<TlsConnection> {
  return engine.connect(transport, { host, alpn: ['http/1.1'], signal })
}

async function echo(connection: TlsConnection, sent: Uint8Array): Promise<Uint8Array> {
  const writer = connection.writable.getWriter()
  const reader = connection.readable.getReader()
  const writing = writer.write(sent)
  const received = new Uint8Array(sent.length)
  for (let at = 0; at < sent.length; ) {
    const { value, done } = await reader.read()
    if (done) throw new Error(`ended after ${at} bytes`)
    received.set(value, at)
    at += value.length
  }
  await writing
  await writer.close()
  return received
}

describe('what it is for', () => {
  it.skipIf(openssl === undefined)(
    'reaches a site that speaks TLS 1.2 only, through three relays and an exit; without it that is refused',
    async () => {
      using files = serverFiles(root)
      const leaf = makeLeaf(root, { extensions: [subjectAltName(ipName(127, 0, 0, 1))] })
      const cert = files.write('site.crt', leaf.pem)
      const key = files.write('site.key', leaf.key.privateKey.export({ type: 'pkcs8', format: 'pem' }))
      const [port = 0] = await freePorts(1)
      const args = ['s_server', '-accept', String(port), '-tls1_2', '-www', '-cert', cert, '-key', key]
      await using _site = await startForeignServer(openssl ?? '', args, port, files.folder)
      const network = await startLoopbackOnionNetwork(6)
      try {
        const [entry] = network.relays
        if (!entry) throw new Error('no relay')
        serveDirectory(entry.node, network.directory)
        const bootstrap = entry.node.addresses()
        const url = `https://127.0.0.1:${port}/`
        await using without = await createCraftec({ bootstrap, net: { tlsRoots: [root.pem] } })
        await expect(without.net.fetch(url)).rejects.toMatchObject({ code: 'tls-version-unsupported' })
        await using craft = await createCraftec({ bootstrap, net: { tls: engine } })
        const response = await craft.net.fetch(url)
        expect(craft.net.explain(response).path).toHaveLength(4)
        expect(await response.text()).toContain('Protocol  : TLSv1.2')
      } finally {
        await network.stop()
      }
    }
  )

  const suites: [string, TlsOptions, MadeCertificate][] = [
    ['ECDSA, AES-128-GCM', { ...TLS12, ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' }, makeLeaf(root)],
    ['ECDSA, ChaCha20', { ...TLS12, ciphers: 'ECDHE-ECDSA-CHACHA20-POLY1305' }, makeLeaf(root)],
    [
      'RSA, AES-256-GCM',
      { ...TLS12, ciphers: 'ECDHE-RSA-AES256-GCM-SHA384' },
      makeLeaf(root, { key: testKey('rsa-2048', 'leaf') })
    ],
    ['P-384 key and group', { ...TLS12, ecdhCurve: 'P-384' }, makeLeaf(root, { key: testKey('P-384', 'leaf') })],
    ['TLS 1.3', { minVersion: 'TLSv1.3' }, makeLeaf(root)]
  ]
  it.each(suites)('%s: bytes of several records, unchanged both ways', async (_, options, leaf) => {
    const server = await serve(options, leaf)
    const bytes = new Uint8Array(300_000).map((_, at) => at * 7)
    expect(await echo(await connect(await server.connect()), bytes)).toEqual(bytes)
  })

  it('an address that the certificate names, and several sessions at once that do not mix', async () => {
    const server = await serve(
      TLS12,
      makeLeaf(root, { extensions: [subjectAltName(ipName(127, 0, 0, 1), dnsName('localhost'))] })
    )
    const connections = await Promise.all(
      ['127.0.0.1', 'localhost', 'LOCALHOST'].map(async host => connect(await server.connect(), host))
    )
    const echoed = await Promise.all(
      connections.map((connection, index) => echo(connection, new Uint8Array(100_000).fill(index + 1)))
    )
    expect(echoed.map(bytes => new Set(bytes))).toEqual([new Set([1]), new Set([2]), new Set([3])])
  })

  it('does not resume: a server cannot tell by it that two visits are one', async () => {
    const resumed: boolean[] = []
    const server = await serve(TLS12, makeLeaf(root), socket => {
      resumed.push(socket.isSessionReused())
      socket.pipe(socket)
    })
    for (let count = 0; count < 3; count++) await echo(await connect(await server.connect()), Uint8Array.of(1))
    expect(resumed).toEqual([false, false, false])
  })
})

describe('who it believes', () => {
  const other = makeRoot('Somebody')
  const middle = (input: Partial<CertificateInput>): MadeCertificate =>
    makeCertificate({
      key: testKey('P-256', 'middle'),
      subject: 'Middle',
      issuer: root,
      extensions: [basicConstraints(true), keyUsage(5)],
      ...input
    })
  const usages = (use: string) => [subjectAltName(dnsName('localhost')), keyUsage(0), extendedKeyUsage(use)]
  const good = middle({})
  const noAuthority = middle({ extensions: [basicConstraints(false), keyUsage(0)] })

  it('a chain over an intermediate', async () => {
    const server = await serve(TLS12, [makeLeaf(good), good])
    expect(await echo(await connect(await server.connect()), Uint8Array.of(1, 2))).toEqual(Uint8Array.of(1, 2))
  })

  it.each<[string, MadeCertificate | MadeCertificate[], string?, number?]>([
    ['another name', makeLeaf(root), 'elsewhere.test'],
    ['an address that it does not name', makeLeaf(root), '127.0.0.1'],
    ['an unknown authority', makeLeaf(other)],
    ['a self-made certificate', makeLeaf(makeRoot('Self'), {})],
    [
      "an authority with the root's name",
      makeLeaf(
        makeCertificate({
          key: testKey('P-256', 'fake'),
          subject: 'libcurl Root',
          extensions: [basicConstraints(true), keyUsage(5)]
        })
      )
    ],
    [
      'an expired one',
      makeLeaf(root, { notBefore: new Date(Date.now() - 9 * DAY_MS), notAfter: new Date(Date.now() - DAY_MS) })
    ],
    ['one that is not valid yet', makeLeaf(root, { notBefore: new Date(Date.now() + DAY_MS) })],
    ['a leaf that signs as an authority', [makeLeaf(noAuthority), noAuthority]],
    ['one for clients only', makeLeaf(root, { extensions: usages(CLIENT_AUTH) }), 'localhost', 35],
    ['a wildcard for the name itself', makeLeaf(root, { extensions: [subjectAltName(dnsName('*.localhost'))] })],
    [
      'a wildcard two labels up',
      makeLeaf(root, { extensions: [subjectAltName(dnsName('*.wild.test'))] }),
      'a.b.wild.test'
    ]
  ])('not %s', async (_, leaf, host, curlCode = 60) => {
    const server = await serve(TLS12, leaf)
    await expect(connect(await server.connect(), host)).rejects.toMatchObject({
      code: curlCode === 60 ? 'tls-failed' : 'tls-handshake-failed',
      details: { curlCode }
    })
  })

  it('one that says it is for servers, which shows that the table above fails for its own reasons', async () => {
    const server = await serve(TLS12, makeLeaf(root, { extensions: usages(SERVER_AUTH) }))
    expect(await echo(await connect(await server.connect()), Uint8Array.of(3))).toEqual(Uint8Array.of(3))
  })

  it('the same roots for all engines of a page: others are refused, not ignored', async () => {
    const second = libcurlTls({ wasmUrl, roots: [other.pem] })
    const server = await serve(TLS12, makeLeaf(other))
    await echo(await connect(await (await serve(TLS12)).connect()), Uint8Array.of(1))
    const attempt = second.connect(await server.connect(), {
      host: 'localhost',
      alpn: [],
      signal: AbortSignal.timeout(9_000)
    })
    await expect(attempt).rejects.toMatchObject({ code: 'unsupported' })
  })

  it('no roots, and what is none, is a mistake', () => {
    for (const roots of [[], ['no certificate'], [Uint8Array.of(0x30, 0x03, 2, 1, 1)]])
      expect(() => libcurlTls({ wasmUrl, roots })).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
  })
})

describe('its faults do not reach the caller', () => {
  it('a cut is told from an end, wherever it falls', async () => {
    const whole = await serve(TLS12, makeLeaf(root), socket => void socket.end('all of it'))
    expect(await new Response((await connect(await whole.connect())).readable).text()).toBe('all of it')
    const cut = await serve(TLS12, makeLeaf(root), socket => {
      socket.write('all of it')
    })
    const transport = await cut.connect()
    const reader = (await connect(transport)).readable.getReader()
    expect(new TextDecoder().decode((await reader.read()).value)).toBe('all of it')
    const next = reader.read()
    transport.socket.destroy()
    await expect(next).rejects.toBeInstanceOf(CraftecError)
  })

  it.each([0.1, 0.5, 0.9])(
    'a transport that ends in the middle of the data, after %s of it, is an error',
    async part => {
      const server = await serve(TLS12, makeLeaf(root), socket => void socket.end(Buffer.alloc(100_000)))
      const { readable, writable } = await server.connect()
      const { readable: cut } = endingAfter(readable, Math.floor(100_000 * part))
      const connection = await connect({ readable: cut, writable })
      await expect(new Response(connection.readable).bytes()).rejects.toMatchObject({ code: 'tls-truncated' })
    }
  )

  it('a transport that ends during the handshake is an error at once', async () => {
    const server = await serve(TLS12)
    const { readable, writable } = await server.connect()
    await expect(connect({ readable: endingAfter(readable, 100).readable, writable })).rejects.toMatchObject({
      code: 'tls-truncated'
    })
  })

  it('takes no byte of the server before the reader wants it', async () => {
    const server = await serve(TLS12, makeLeaf(root), socket => void socket.end(Buffer.alloc(3_000_000, 1)))
    const { readable, writable } = await server.connect()
    const counted = endingAfter(readable, Number.POSITIVE_INFINITY)
    const connection = await connect({ readable: counted.readable, writable })
    const reader = connection.readable.getReader()
    let received = 0
    while (received < 500_000) received += (await reader.read()).value?.length ?? 0
    // Many turns of its timers, which would read on if they still ran.
    for (let turn = 0; turn < 50; turn++) await new Promise(resolve => setImmediate(resolve))
    expect(counted.taken() - received).toBeLessThan(100_000)
    for (let part = await reader.read(); !part.done; part = await reader.read()) received += part.value.length
    expect(received).toBe(3_000_000)
  })

  it.skipIf(openssl === undefined)('a key update is an error, not data and not a hang', async () => {
    using files = serverFiles(root)
    const { cert, key } = files.identity('P-256')
    const [port = 0] = await freePorts(1)
    const args = ['s_server', '-accept', String(port), '-tls1_3', '-cert', cert, '-key', key]
    await using server = await startForeignServer(openssl ?? '', args, port, files.folder)
    const { readable } = await connect(await server.connect())
    const reader = readable.getReader()
    server.process.stdin.write('before\n')
    expect(new TextDecoder().decode((await reader.read()).value)).toBe('before\n')
    server.process.stdin.write('k\n')
    server.process.stdin.write('after\n')
    await expect(reader.read()).rejects.toMatchObject({ code: 'tls-failed', details: { curlCode: 56 } })
  })

  it('a server that talks without end before the handshake is over is refused, and not read without end', async () => {
    const controller = new AbortController()
    const flood = new ReadableStream<Uint8Array>({
      // A handshake message of 16 MB, of which there is never enough.
      pull: stream => stream.enqueue(Uint8Array.of(22, 3, 3, 0, 4, 2, 0xff, 0xff, 0xff))
    })
    const { readable, taken } = endingAfter(flood, Number.POSITIVE_INFINITY)
    const attempt = connect({ readable, writable: new WritableStream() }, 'localhost', controller.signal)
    await expect(attempt).rejects.toMatchObject({ code: 'tls-handshake-failed' })
    expect(taken()).toBeLessThan(150_000)
  })

  it.each([
    ['says nothing', new WritableStream<Uint8Array>()],
    ['takes nothing', new WritableStream<Uint8Array>({ write: () => new Promise(() => {}) })]
  ])('ends with the signal in a handshake with a server that %s, and lets go of the transport', async (_, writable) => {
    const cancelled = Promise.withResolvers<unknown>()
    const readable = new ReadableStream<Uint8Array>({ cancel: cancelled.resolve })
    const controller = new AbortController()
    const attempt = connect({ readable, writable }, 'localhost', controller.signal)
    // It has begun when it reads.
    await vi.waitFor(() => expect(readable.locked).toBe(true))
    controller.abort(new CraftecError('aborted', 'enough'))
    await expect(attempt).rejects.toMatchObject({ code: 'aborted' })
    expect(await cancelled.promise).toMatchObject({ code: 'aborted' })
  })

  it('no timer of it outlives a session: not of one that was aborted, refused, cut, closed or cancelled', async () => {
    const running = new Set<unknown>()
    const [set, clear] = [globalThis.setInterval, globalThis.clearInterval]
    vi.spyOn(globalThis, 'setInterval').mockImplementation((task, ms) => {
      const timer = set(task, ms)
      running.add(timer)
      return timer
    })
    vi.spyOn(globalThis, 'clearInterval').mockImplementation(timer => {
      running.delete(timer)
      clear(timer)
    })
    try {
      const refusing = await serve(TLS12, makeLeaf(makeRoot('Nobody')))
      const good = await serve(TLS12)
      const mute: ByteDuplex = { readable: new ReadableStream(), writable: new WritableStream() }
      await connect(mute, 'localhost', AbortSignal.timeout(50)).catch(() => {})
      await connect(await refusing.connect()).catch(() => {})
      const { readable, writable } = await good.connect()
      await connect({ readable: endingAfter(readable, 100).readable, writable }).catch(() => {})
      await echo(await connect(await good.connect()), Uint8Array.of(1))
      await (await connect(await good.connect())).readable.cancel()
      expect(vi.mocked(globalThis.setInterval).mock.calls.length).toBeGreaterThan(5)
      await expect.poll(() => running.size).toBe(0)
    } finally {
      vi.restoreAllMocks()
    }
  })

  it('closing says goodbye to the server, and afterwards nothing more is read as if it were whole', async () => {
    const heard = Promise.withResolvers<string>()
    const server = await serve(TLS12, makeLeaf(root), socket => {
      socket.write('unread')
      socket.once('end', () => heard.resolve('close_notify'))
      socket.once('error', error => heard.resolve(error.message))
      socket.resume()
    })
    const { readable, writable } = await connect(await server.connect())
    await writable.getWriter().close()
    expect(await heard.promise).toBe('close_notify')
    await expect(readable.getReader().read()).rejects.toMatchObject({ code: 'link-closed' })
  })

  it('prints nothing, least of all who was visited', async () => {
    const printed: unknown[] = []
    const { log, warn, error } = console
    const keep = (...words: unknown[]): void => void printed.push(words)
    Object.assign(console, { log: keep, warn: keep, error: keep })
    try {
      const server = await serve(TLS12, makeLeaf(makeRoot('Nobody')))
      await connect(await server.connect()).catch(() => {})
    } finally {
      Object.assign(console, { log, warn, error })
    }
    expect(printed).toEqual([])
  })
})

/** The same bytes, taken only when asked for, with an end after so many. */
function endingAfter(
  source: ReadableStream<Uint8Array>,
  limit: number
): { readable: ReadableStream<Uint8Array>; taken: () => number } {
  const reader = source.getReader()
  let taken = 0
  const readable = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await reader.read()
        const part = value?.subarray(0, limit - taken)
        taken += part?.length ?? 0
        if (part && part.length > 0) controller.enqueue(part)
        if (done || taken >= limit) controller.close()
      },
      cancel: reason => reader.cancel(reason)
    },
    { highWaterMark: 0 }
  )
  return { readable, taken: () => taken }
}
