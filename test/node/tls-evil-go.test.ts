/** Go's crypto/tls, correct in everything but one thing a case: refused with the right alert, and no data seen. */
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connectTls } from '../../sdk/tls/index.ts'
import { makeLeaf, makeRoot, testKey } from '../kit/certificate-maker.ts'
import { buildEvilGoServer, type EvilGoServer, startEvilGoServer } from '../tls/evil-go-server.ts'
import { findProgram, serverFiles } from '../tls/foreign-server.ts'

const root = makeRoot('Go Root')
const files = serverFiles(root)
const go = findProgram('go')
const BUILD_TIMEOUT_MS = 180_000

const HELLO = 2
const EXTENSIONS = 8
const CERTIFICATE = 11
const VERIFY = 15
const FINISHED = 20
const NAMES: Record<number, string> = {
  [HELLO]: 'ServerHello',
  [EXTENSIONS]: 'EncryptedExtensions',
  [CERTIFICATE]: 'Certificate',
  [VERIFY]: 'CertificateVerify',
  [FINISHED]: 'Finished'
}
const DATA = Buffer.from('secret').toString('hex')
const otherCertificate = makeLeaf(makeRoot('Elsewhere'), { key: testKey('P-256', 'leaf') }).der
const vector = (bytes: number, content: Buffer): Buffer => {
  const length = Buffer.alloc(bytes)
  length.writeUIntBE(content.length, 0, bytes)
  return Buffer.concat([length, content])
}
const certificateList = (...certificates: Buffer[]): string => {
  const entries = certificates.map(der => Buffer.concat([vector(3, der), Buffer.alloc(2)]))
  return Buffer.concat([Buffer.alloc(1), vector(3, Buffer.concat(entries))]).toString('hex')
}

type Case = readonly [alert: string | undefined, request: string, code?: string]
const UNEXPECTED = 'unexpected_message'

/** What may not stand before a message, whichever it is. */
const intrusions: Case[] = [HELLO, EXTENSIONS, CERTIFICATE, VERIFY, FINISHED].flatMap((message): Case[] => [
  [UNEXPECTED, `${message} data ${DATA}`],
  [UNEXPECTED, `${message} before 18000000`], // KeyUpdate without content, out of place
  [UNEXPECTED, `${message} before 00000000`], // HelloRequest
  [
    message === HELLO ? 'handshake_failure' : 'internal_error',
    `${message} alert ${message === HELLO ? '0228' : '0250'}`,
    'tls-handshake-failed'
  ],
  [undefined, `${message} alert 0100`, 'tls-truncated'],
  ['decode_error', `${message} alert 02`],
  [UNEXPECTED, `${message} ccs 02`],
  [UNEXPECTED, `${message} type 99`],
  // Half a header of Finished in the same record: what follows CertificateVerify is then read as a Finished, a wrong one.
  [message === VERIFY ? 'decrypt_error' : UNEXPECTED, `${message} with 140000`]
])

const cases: readonly Case[] = [
  ...intrusions,
  [UNEXPECTED, `${HELLO} drop`],
  [UNEXPECTED, `${EXTENSIONS} drop`],
  [UNEXPECTED, `${CERTIFICATE} drop`],
  [UNEXPECTED, `${VERIFY} drop`],
  [UNEXPECTED, `${HELLO} twice`],
  [UNEXPECTED, `${EXTENSIONS} twice`],
  [UNEXPECTED, `${CERTIFICATE} twice`],
  [UNEXPECTED, `${VERIFY} twice`],
  ['bad_record_mac', `${FINISHED} twice`],
  // A transcript that is not what was sent.
  ['decrypt_error', `${EXTENSIONS} silent`],
  ['decrypt_error', `${CERTIFICATE} silent`],
  ['decrypt_error', `${VERIFY} silent`],
  ['bad_record_mac', `${HELLO} silent`],
  // ServerHello
  ['illegal_parameter', `${HELLO} flip 0`],
  ['illegal_parameter', `${HELLO} flip 35`], // session id
  ['illegal_parameter', `${HELLO} flip 67`], // suite
  ['illegal_parameter', `${HELLO} flip 69`], // compression
  ['bad_record_mac', `${HELLO} flip -1`], // key share
  ['decode_error', `${HELLO} append 00`],
  ['decode_error', `${HELLO} cut 1`],
  ['decode_error', `${HELLO} replace 0303`],
  ['unsupported_extension', `${HELLO} extension 00290002000a`], // pre_shared_key
  ['unsupported_extension', `${HELLO} extension ff01000100`], // renegotiation_info
  ['illegal_parameter', `${HELLO} extension 002b00020304`], // supported_versions twice
  ['illegal_parameter', `${HELLO} length 16777215`],
  // EncryptedExtensions
  ['unsupported_extension', `${EXTENSIONS} extension 00100005000302683200`.slice(0, -2)],
  ['unsupported_extension', `${EXTENSIONS} extension 002a0000`],
  ['illegal_parameter', `${EXTENSIONS} extension 002b00020304`],
  ['illegal_parameter', `${EXTENSIONS} extension 0000000000000000`],
  ['decode_error', `${EXTENSIONS} append 00`],
  ['decode_error', `${EXTENSIONS} replace 00`],
  // Certificate
  ['decode_error', `${CERTIFICATE} replace ${certificateList()}`, 'tls-certificate-invalid'],
  ['unknown_ca', `${CERTIFICATE} replace ${certificateList(otherCertificate)}`, 'tls-certificate-untrusted'],
  ['bad_certificate', `${CERTIFICATE} replace ${certificateList(Buffer.alloc(64, 0x30))}`, 'tls-certificate-invalid'],
  ['decode_error', `${CERTIFICATE} append 00`],
  ['decode_error', `${CERTIFICATE} cut 1`],
  ['illegal_parameter', `${CERTIFICATE} length 16777215`],
  // CertificateVerify
  ['decrypt_error', `${VERIFY} flip -1`],
  ['illegal_parameter', `${VERIFY} flip 1`], // the scheme
  ['illegal_parameter', `${VERIFY} replace 0203000101`], // SHA-1
  ['decrypt_error', `${VERIFY} replace 04030000`],
  ['decode_error', `${VERIFY} cut 1`],
  ['decode_error', `${VERIFY} append 00`],
  // Finished
  ['decrypt_error', `${FINISHED} flip 0`],
  ['decrypt_error', `${FINISHED} flip -1`],
  ['decrypt_error', `${FINISHED} cut 1`],
  ['decrypt_error', `${FINISHED} append 00`],
  ['decrypt_error', `${FINISHED} replace`],
  ['illegal_parameter', `${FINISHED} length 70000`],
  // Afterwards
  [UNEXPECTED, 'after-handshake 00000000'],
  [UNEXPECTED, 'after-handshake 0200000100'],
  [UNEXPECTED, 'after-handshake 1400000100'],
  ['illegal_parameter', 'after-handshake 1800000102'],
  ['bad_record_mac', 'after-handshake 1800000100'], // and goes on under the old key
  ['decode_error', 'after-handshake 040000020000'],
  ['illegal_parameter', 'after-handshake 04ffffff'],
  ['internal_error', 'after-alert 0250', 'tls-handshake-failed'],
  [UNEXPECTED, 'after-plain 15030300020100'],
  [UNEXPECTED, 'after-plain 140303000101'],
  ['record_overflow', 'after-plain 170303ffff'],
  ['bad_record_mac', `after-plain 1703030020${'00'.repeat(32)}`],
  [undefined, 'cut', 'tls-truncated'],
  ['protocol_version', 'tls12', 'tls-version-unsupported']
]

describe.skipIf(go === undefined)("Go's crypto/tls, misbehaving (Debian package golang-go)", () => {
  let server: EvilGoServer

  beforeAll(async () => {
    const program = buildEvilGoServer(go ?? '', join(import.meta.dirname, '../../.cache/evil-go'))
    const { cert, key } = files.identity('P-256')
    server = await startEvilGoServer(program, cert, key)
  }, BUILD_TIMEOUT_MS)
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]()
    files[Symbol.dispose]()
  })

  async function meet(request: string, timeoutMs = 10_000): Promise<{ data: string; code?: string; alert?: unknown }> {
    let data = ''
    try {
      const transport = await server.connect(request)
      const { readable, writable } = await connectTls(transport, {
        serverName: 'localhost',
        roots: [root.pem],
        timeoutMs
      })
      for await (const piece of readable) data += Buffer.from(piece).toString('latin1')
      await writable.abort()
      return { data }
    } catch (error) {
      const { code, details } = error as { code: string; details: Record<string, unknown> }
      return { data, code, alert: details.alert }
    }
  }

  for (const request of [
    'honest',
    `${CERTIFICATE} bytes`,
    `${FINISHED} bytes`,
    `${HELLO} bytes`,
    `${CERTIFICATE} ccs 01`.replace('11', '2')
  ])
    it(`accepted, for it is allowed: ${request}`, async () => {
      expect(await meet(request)).toEqual({ data: 'secret' })
    })

  it('has at least sixty ways', () => expect(new Set(cases.map(([, request]) => request)).size).toBeGreaterThan(60))

  it('timeout: the server keeps its Finished to itself', async () => {
    expect(await meet(`${FINISHED} drop`, 500)).toEqual({ data: '', code: 'timeout', alert: undefined })
  })

  for (const [alert, request, code = 'tls-protocol-violation'] of cases)
    it(`${code} ${alert ?? ''}: ${describeRequest(request)}`, async () => {
      expect(await meet(request)).toEqual({ data: '', code, alert })
    })
})

function describeRequest(request: string): string {
  const [first = '', ...rest] = request.split(' ')
  return [NAMES[Number(first)] ?? first, ...rest].join(' ').slice(0, 60)
}
