/**
 * Our client against servers of other people: OpenSSL's s_server, GnuTLS' gnutls-serv and nginx, each with every suite,
 * group and kind of key that both sides have. P-256 and P-384 are always reached through a HelloRetryRequest.
 * (X25519MLKEM768 needs OpenSSL 3.5: node:tls brings it, see tls-interop.test.ts.)
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ByteDuplex } from '../../sdk/net/http/index.ts'
import { connectTls, type TlsInfo, type TlsOptions } from '../../sdk/tls/index.ts'
import { type KeyType, makeRoot } from '../kit/certificate-maker.ts'
import { findProgram, freePorts, serverFiles, startForeignServer } from '../tls/foreign-server.ts'
import { rechunk } from '../tls/rechunk.ts'

const root = makeRoot('Interop Root')
const files = serverFiles(root)
afterAll(() => files[Symbol.dispose]())
const content = Buffer.from(new Uint8Array(300_000).map((_, at) => (at * 31) ^ (at >> 8)))
files.write('content', content)

const SUITES = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'] as const
const GROUPS = ['x25519', 'secp256r1', 'secp384r1'] as const
const LEAVES: readonly (readonly [KeyType, string])[] = [
  ['rsa-2048', 'rsa_pss_rsae_sha256'],
  ['rsa-3072', 'rsa_pss_rsae_sha256'],
  ['P-256', 'ecdsa_secp256r1_sha256'],
  ['P-384', 'ecdsa_secp384r1_sha384'],
  ['ed25519', 'ed25519']
]

/** What one server is told, and what then must hold. */
interface Case {
  readonly title: string
  readonly leaf: KeyType
  readonly suite?: (typeof SUITES)[number]
  readonly group?: (typeof GROUPS)[number]
  readonly expected: Partial<TlsInfo>
}

const CASES: readonly Case[] = [
  ...SUITES.map(suite => ({ title: suite, leaf: 'P-256' as const, suite, expected: { cipherSuite: suite } })),
  ...GROUPS.map(group => ({ title: group, leaf: 'P-256' as const, group, expected: { group } })),
  ...LEAVES.map(([leaf, scheme]) => ({ title: `leaf ${leaf}`, leaf, expected: { signatureScheme: scheme } }))
]

const options: TlsOptions = { serverName: 'localhost', roots: [root.pem], timeoutMs: 15_000 }
const text = (value: string) => new TextEncoder().encode(value)

async function readAll(readable: ReadableStream<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const piece of readable) pieces.push(piece)
  return Buffer.concat(pieces)
}

async function next(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<Uint8Array> {
  const { done, value } = await reader.read()
  if (done) throw new Error('the server ended early')
  return value
}

/** Get the file, compare all of it. */
async function download(transport: ByteDuplex, more: Partial<TlsOptions> = {}): Promise<TlsInfo> {
  const { readable, writable, info } = await connectTls(transport, { ...options, ...more })
  const writer = writable.getWriter()
  await writer.write(text('GET /content HTTP/1.0\r\nHost: localhost\r\n\r\n'))
  const answer = await readAll(readable)
  expect(Buffer.compare(answer.subarray(-content.length), content)).toBe(0)
  await writer.close().catch(() => {}) // the server is gone by now
  return info
}

const openssl = findProgram('openssl')
describe.skipIf(openssl === undefined)('OpenSSL s_server (Debian package openssl)', () => {
  const GROUP_NAMES = { x25519: 'X25519', secp256r1: 'P-256', secp384r1: 'P-384' }

  async function start(leaf: KeyType, ...more: string[]) {
    const [port = 0] = await freePorts(1)
    const { cert, key } = files.identity(leaf)
    const args = ['s_server', '-accept', `127.0.0.1:${port}`, '-cert', cert, '-key', key, ...more]
    return startForeignServer(openssl ?? '', args, port, files.folder)
  }

  for (const { title, leaf, suite, group, expected } of CASES)
    it(title, async () => {
      const chosen = [...(suite ? ['-ciphersuites', suite] : []), ...(group ? ['-groups', GROUP_NAMES[group]] : [])]
      await using server = await start(leaf, '-HTTP', ...chosen)
      expect(await download(await server.connect())).toMatchObject({ protocol: 'TLSv1.3', ...expected })
    })

  it('records and handshake messages in fragments of 512 bytes', async () => {
    await using server = await start('rsa-3072', '-HTTP', '-max_send_frag', '512')
    await download(await server.connect())
  })

  it('a transport that delivers seven bytes at a time', async () => {
    await using server = await start('P-256', '-HTTP')
    await download(rechunk(await server.connect(), 7))
  })

  it('a flood of tickets', async () => {
    await using server = await start('P-256', '-HTTP', '-num_tickets', '30', '-msg')
    await download(await server.connect())
    await server.printed(/>>> .*NewSessionTicket/g, 30)
  })

  it('ALPN, and its refusal', async () => {
    await using server = await start('P-256', '-HTTP', '-alpn', 'http/1.1,h2')
    expect((await download(await server.connect(), { alpn: ['h2', 'http/1.1'] })).alpn).toBe('http/1.1')
    await expect(connectTls(await server.connect(), { ...options, alpn: ['none'] })).rejects.toMatchObject({
      code: 'tls-handshake-failed',
      details: { alert: 'no_application_protocol', alertFrom: 'server' }
    })
  })

  it('a server that asks for a certificate', async () => {
    await using server = await start('P-256', '-HTTP', '-verify', '1')
    await download(await server.connect())
  })

  it('KeyUpdate by the server, with and without a request for ours, and by us', async () => {
    await using server = await start('P-256', '-msg')
    const { readable, writable } = await connectTls(await server.connect(), { ...options, recordsPerKey: 4 })
    const reader = readable.getReader()
    const writer = writable.getWriter()
    let heard = ''
    const commands = ['k', 'K', 'K', 'k', 'K']
    for (const [round, command] of commands.entries()) {
      // `k` sends a KeyUpdate, `K` one that requests ours.
      server.process.stdin.write(`${command}\n`)
      await server.printed(/>>> .*KeyUpdate/g, round + 1)
      server.process.stdin.write(`answer ${round}\n`)
      while (!heard.includes(`answer ${round}\n`)) heard += Buffer.from(await next(reader)).toString('latin1')
      for (let line = 0; line < 5; line++) await writer.write(text(`question ${round}.${line}\n`))
      await server.printed(new RegExp(`question ${round}\\.4`, 'g'), 1)
    }
    // Three were requested; the others came after four records each.
    await server.printed(/<<< .*KeyUpdate/g, 6)
    expect(heard).toBe(commands.map((_, round) => `answer ${round}\n`).join(''))
    await writer.abort()
  })
})

const gnutls = findProgram('gnutls-serv')
describe.skipIf(gnutls === undefined)('GnuTLS gnutls-serv (Debian package gnutls-bin)', () => {
  const CIPHERS = {
    TLS_AES_128_GCM_SHA256: 'AES-128-GCM',
    TLS_AES_256_GCM_SHA384: 'AES-256-GCM',
    TLS_CHACHA20_POLY1305_SHA256: 'CHACHA20-POLY1305'
  }

  /** It cannot be told an address to listen on. */
  async function start(leaf: KeyType, priority: string, ...more: string[]) {
    const [port = 0] = await freePorts(1)
    const { cert, key } = files.identity(leaf)
    const tls = ['--x509certfile', cert, '--x509keyfile', key, '--priority', `NORMAL:-VERS-ALL:+VERS-TLS1.3${priority}`]
    return startForeignServer(gnutls ?? '', ['--port', String(port), '--echo', ...tls, ...more], port)
  }

  async function echo(transport: ByteDuplex, more: Partial<TlsOptions> = {}): Promise<TlsInfo> {
    const { readable, writable, info } = await connectTls(transport, { ...options, ...more })
    const writer = writable.getWriter()
    const reader = readable.getReader()
    // It echoes text, a line at a time, and reads nothing while it writes.
    for (let at = 0; at < content.length; at += 6_000) {
      const line = Buffer.from(`${content.toString('hex', at, at + 6_000)}\n`)
      await writer.write(new Uint8Array(line))
      let back = Buffer.alloc(0)
      while (back.length < line.length) back = Buffer.concat([back, await next(reader)])
      expect(Buffer.compare(back, line)).toBe(0)
    }
    await writer.close()
    await reader.cancel()
    return info
  }

  for (const { title, leaf, suite, group, expected } of CASES)
    it(title, async () => {
      const priority = `${suite ? `:-CIPHER-ALL:+${CIPHERS[suite]}` : ''}${group ? `:-GROUP-ALL:+GROUP-${group.toUpperCase()}` : ''}`
      await using server = await start(leaf, priority, '--disable-client-cert')
      expect(await echo(await server.connect())).toMatchObject({ protocol: 'TLSv1.3', ...expected })
    })

  it('a server that asks for a certificate, ALPN, and a transport of eleven bytes at a time', async () => {
    await using server = await start('P-256', '', '--alpn', 'http/1.1')
    const { alpn } = await echo(rechunk(await server.connect(), 11), { alpn: ['h2', 'http/1.1'] })
    expect(alpn).toBe('http/1.1')
  })
})

const nginx = findProgram('nginx')
describe.skipIf(nginx === undefined)('nginx (Debian package nginx)', () => {
  let server: Awaited<ReturnType<typeof startForeignServer>> | undefined
  let ports: number[] = []

  beforeAll(async () => {
    ports = await freePorts(CASES.length)
    const blocks = CASES.map(({ leaf, suite, group }, index) => {
      const { cert, key } = files.identity(leaf)
      return `server {
        listen 127.0.0.1:${ports[index]} ssl;
        root ${files.folder};
        ssl_certificate ${cert};
        ssl_certificate_key ${key};
        ${suite ? `ssl_conf_command Ciphersuites ${suite};` : ''}
        ${group ? `ssl_ecdh_curve ${group === 'x25519' ? 'X25519' : group};` : ''}
      }`
    })
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      kind => `${kind}_temp_path ${files.folder}/${kind};`
    )
    const config = files.write(
      'nginx.conf',
      `daemon off; master_process off; pid ${files.folder}/nginx.pid; error_log stderr error;
      events {}
      http { access_log off; ssl_protocols TLSv1.3; ssl_buffer_size 1400; ${temporary.join(' ')} ${blocks.join('\n')} }`
    )
    server = await startForeignServer(nginx ?? '', ['-c', config, '-e', 'stderr'], ports[0] ?? 0)
  })
  afterAll(() => server?.[Symbol.asyncDispose]())

  for (const [index, { title, expected }] of CASES.entries())
    it(title, async () => {
      const transport = await server?.connect(ports[index])
      if (transport === undefined) throw new Error('nginx did not start')
      expect(await download(transport)).toMatchObject({ protocol: 'TLSv1.3', ...expected })
    })
})
