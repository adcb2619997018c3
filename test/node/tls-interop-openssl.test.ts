import { afterAll, describe, expect, it } from 'vitest'
import { connectTls } from '../../sdk/tls/index.ts'
import { findProgram, freePorts, serverFiles, startForeignServer } from '../tls/foreign-server.ts'
import { content, describeInterop, download, next, options, root, type ServerSetup } from '../tls/interop.ts'

const openssl = findProgram('openssl')
const files = serverFiles(root)
afterAll(() => files[Symbol.dispose]())
files.write('content', content)

const GROUPS = { X25519MLKEM768: 'X25519MLKEM768', x25519: 'X25519', secp256r1: 'P-256', secp384r1: 'P-384' }

async function start(setup: ServerSetup, ...more: readonly string[]) {
  const [port = 0] = await freePorts(1)
  const { cert, key } = files.identity(setup.leaf)
  const args = ['s_server', '-accept', `127.0.0.1:${port}`, '-cert', cert, '-key', key, ...argumentsFor(setup), ...more]
  return startForeignServer(openssl ?? '', args, port, files.folder)
}

function argumentsFor(setup: ServerSetup): string[] {
  return [
    ...(setup.suite ? ['-ciphersuites', setup.suite] : []),
    ...(setup.group ? ['-groups', GROUPS[setup.group]] : []),
    ...(setup.shortRecords ? ['-max_send_frag', '512'] : []),
    ...(setup.tickets ? ['-num_tickets', String(setup.tickets)] : []),
    ...(setup.padding ? ['-record_padding', String(setup.padding)] : []),
    ...(setup.alpn ? ['-alpn', setup.alpn.join()] : []),
    ...(setup.asksForCertificate ? ['-verify', '1'] : [])
  ]
}

describeInterop('OpenSSL 3.0 s_server', openssl, async (setup, open) => {
  await using server = await start(setup, '-HTTP', '-msg')
  const info = await download(await open(await server.connect()))
  // That it did what it was told, not only that it worked.
  if (setup.tickets) await server.printed(/>>> .*NewSessionTicket/g, setup.tickets)
  if (setup.asksForCertificate) await server.printed(/>>> .*CertificateRequest/g, 1)
  return info
})

describe.skipIf(openssl === undefined)('OpenSSL s_server on command', () => {
  it('refuses ALPN without a common protocol', async () => {
    await using server = await start({ leaf: 'P-256', alpn: ['h2'] }, '-HTTP')
    await expect(connectTls(await server.connect(), { ...options, alpn: ['none'] })).rejects.toMatchObject({
      code: 'tls-handshake-failed',
      details: { alert: 'no_application_protocol', alertFrom: 'server' }
    })
  })

  it('updates its key, with and without a request for ours, while we update ours', async () => {
    await using server = await start({ leaf: 'P-256' }, '-msg')
    const { readable, writable } = await connectTls(await server.connect(), { ...options, recordsPerKey: 4 })
    const reader = readable.getReader()
    const writer = writable.getWriter()
    const text = (value: string) => new TextEncoder().encode(value)
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
