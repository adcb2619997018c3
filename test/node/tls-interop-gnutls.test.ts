import { afterAll, expect } from 'vitest'
import { findProgram, freePorts, serverFiles, startForeignServer } from '../tls/foreign-server.ts'
import { content, describeInterop, next, root, type ServerSetup } from '../tls/interop.ts'

const gnutls = findProgram('gnutls-serv')
const files = serverFiles(root)
afterAll(() => files[Symbol.dispose]())

/** It echoes text, a line at a time, and reads nothing while it writes. */
const LINE_BYTES = 6_000
/** It takes eight KeyUpdates a second, and one comes with every second line. */
const LINES = 14
const CIPHERS = {
  TLS_AES_128_GCM_SHA256: 'AES-128-GCM',
  TLS_AES_256_GCM_SHA384: 'AES-256-GCM',
  TLS_CHACHA20_POLY1305_SHA256: 'CHACHA20-POLY1305'
}

/** It cannot be told an address to listen on. */
async function start({ leaf, suite, group, alpn = [], asksForCertificate }: ServerSetup) {
  const [port = 0] = await freePorts(1)
  const { cert, key } = files.identity(leaf)
  const priority = [
    'NORMAL:-VERS-ALL:+VERS-TLS1.3',
    ...(suite ? [`-CIPHER-ALL:+${CIPHERS[suite]}`] : []),
    ...(group ? [`-GROUP-ALL:+GROUP-${group.toUpperCase()}`] : [])
  ].join(':')
  const protocols = alpn.flatMap(name => ['--alpn', name])
  const identity = ['--x509certfile', cert, '--x509keyfile', key, '--priority', priority]
  const args = ['--port', String(port), '--echo', ...identity, ...protocols]
  if (!asksForCertificate) args.push('--disable-client-cert')
  return startForeignServer(gnutls ?? '', args, port)
}

describeInterop('GnuTLS 3.7 gnutls-serv', gnutls, async (setup, open) => {
  await using server = await start(setup)
  const { readable, writable, info } = await open(await server.connect())
  const writer = writable.getWriter()
  const reader = readable.getReader()
  for (let at = 0; at < LINES * LINE_BYTES; at += LINE_BYTES) {
    const line = Buffer.from(`${content.toString('hex', at, at + LINE_BYTES)}\n`)
    await writer.write(new Uint8Array(line))
    let back = Buffer.alloc(0)
    while (back.length < line.length) back = Buffer.concat([back, await next(reader)])
    expect(Buffer.compare(back, line)).toBe(0)
  }
  await writer.close()
  await reader.cancel()
  return info
})
