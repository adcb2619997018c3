import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { connectTls } from '../../sdk/tls/index.ts'
import type { KeyType } from '../kit/certificate-maker.ts'
import { findProgram, freePorts, serverFiles, startForeignServer } from '../tls/foreign-server.ts'
import { content, describeInterop, options, readAll, root, type ServerSetup } from '../tls/interop.ts'

const [certutil, pk12util, openssl] = ['certutil', 'pk12util', 'openssl'].map(findProgram)
const selfserv = certutil && pk12util && openssl ? findProgram('selfserv') : undefined
const files = serverFiles(root)
afterAll(() => files[Symbol.dispose]())

const CIPHERS = {
  TLS_AES_128_GCM_SHA256: ':1301',
  TLS_AES_256_GCM_SHA384: ':1302',
  TLS_CHACHA20_POLY1305_SHA256: ':1303'
}
const GROUPS = { X25519MLKEM768: '', x25519: 'x25519', secp256r1: 'P256', secp384r1: 'P384' }
/** Of each block that it sends for `-g`. */
const BLOCK_BYTES = 16 * 1024

const databases = new Map<KeyType, string>()

/** A database of NSS with the leaf and its key under the name "leaf". */
function databaseFor(type: KeyType): string {
  const made = databases.get(type)
  if (made !== undefined) return made
  const { cert, key } = files.identity(type)
  const folder = join(files.folder, `nss-${type}`)
  const bundle = join(files.folder, `${type}.p12`)
  mkdirSync(folder)
  execFileSync(certutil ?? '', ['-N', '-d', `sql:${folder}`, '--empty-password'])
  const inputs = ['-in', cert, '-inkey', key, '-name', 'leaf']
  execFileSync(openssl ?? '', ['pkcs12', '-export', ...inputs, '-passout', 'pass:', '-out', bundle])
  execFileSync(pk12util ?? '', ['-i', bundle, '-d', `sql:${folder}`, '-W', '', '-K', ''], { stdio: 'pipe' })
  databases.set(type, folder)
  return folder
}

async function start({ leaf, suite, group, alpn, asksForCertificate }: ServerSetup, ...more: readonly string[]) {
  const [port = 0] = await freePorts(1)
  const name = leaf.startsWith('rsa') ? '-n' : '-e'
  const args = ['-d', `sql:${databaseFor(leaf)}`, name, 'leaf', '-p', String(port), '-V', 'tls1.3:tls1.3', '-v']
  if (suite) args.push('-c', CIPHERS[suite])
  if (group) args.push('-I', GROUPS[group])
  if (alpn) args.push('-Q')
  if (asksForCertificate) args.push('-r')
  return startForeignServer(selfserv ?? '', [...args, ...more], port)
}

describeInterop('NSS 3.87 selfserv', selfserv, async (setup, open) => {
  await using server = await start(setup)
  const { readable, writable, info } = await open(await server.connect())
  // It repeats the head of a request, if that is not too long.
  const lines = Array.from({ length: 40 }, (_, at) => `x-${at}: ${content.toString('hex', at * 50, at * 50 + 50)}\r\n`)
  const writer = writable.getWriter()
  const request = ['GET / HTTP/1.0\r\n', ...lines, '\r\n']
  for (const line of request) await writer.write(new TextEncoder().encode(line))
  expect((await readAll(readable)).toString('latin1')).toContain(request.join(''))
  await writer.close().catch(() => {}) // the server is gone by now
  return info
})

describe.skipIf(selfserv === undefined)('NSS selfserv in bulk', () => {
  it('a megabyte, to the byte', async () => {
    const blocks = 64
    await using server = await start({ leaf: 'P-256' }, '-g', String(blocks))
    const { readable, writable } = await connectTls(await server.connect(), options)
    const request = 'GET / HTTP/1.0\r\n\r\n'
    await writable.getWriter().write(new TextEncoder().encode(request))
    const received = await readAll(readable)
    const body = received.subarray(received.indexOf(request) + request.length)
    expect(body.length).toBeGreaterThanOrEqual(blocks * BLOCK_BYTES)
    expect(
      Buffer.compare(
        body,
        new Uint8Array(body.length).map((_, at) => at)
      )
    ).toBe(0)
  })
})
