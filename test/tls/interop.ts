/**
 * What must work with every TLS server that has it, whoever wrote it. The table in docs/tls.md is made from this file, and a
 * test holds it to that; the tests `tls-interop-*.test.ts` run all of it.
 */
import { describe, expect, it } from 'vitest'
import type { ByteDuplex } from '../../sdk/net/http/index.ts'
import { connectTls, type TlsInfo, type TlsOptions } from '../../sdk/tls/index.ts'
import { type KeyType, makeRoot } from '../kit/certificate-maker.ts'
import { rechunk } from './rechunk.ts'

export const root = makeRoot('Interop Root')
export const options: TlsOptions = { serverName: 'localhost', roots: [root.pem], timeoutMs: 15_000 }
/** What is carried, in one direction or both; nothing in it repeats. */
export const content: Buffer = Buffer.from(new Uint8Array(300_000).map((_, at) => (at * 31) ^ (at >> 8) ^ (at >> 16)))

export type Suite = 'TLS_AES_128_GCM_SHA256' | 'TLS_AES_256_GCM_SHA384' | 'TLS_CHACHA20_POLY1305_SHA256'
export type Group = 'X25519MLKEM768' | 'x25519' | 'secp256r1' | 'secp384r1'

/** What a server is told to do; everything else is as it likes. */
export interface ServerSetup {
  readonly leaf: KeyType
  readonly suite?: Suite
  readonly group?: Group
  /** Records no longer than 512 bytes. */
  readonly shortRecords?: true
  readonly tickets?: number
  /** Fill records up to a multiple of so many bytes. */
  readonly padding?: number
  /** In its order. */
  readonly alpn?: readonly string[]
  readonly asksForCertificate?: true
}

export interface Feature {
  readonly title: string
  readonly setup: ServerSetup
  readonly client?: Partial<TlsOptions>
  /** The transport delivers so many bytes at a time. */
  readonly chunkBytes?: number
  /** The flight from EncryptedExtensions to Finished must come in fewer records than messages. */
  readonly coalesced?: true
  readonly expected?: Partial<TlsInfo>
}

const LEAF = 'P-256'
const suite = (name: Suite): Feature => ({
  title: name,
  setup: { leaf: LEAF, suite: name },
  expected: { cipherSuite: name }
})
const group = (name: Group, more = ''): Feature => ({
  title: `group ${name}${more}`,
  setup: { leaf: LEAF, group: name },
  expected: { group: name }
})
const leaf = (type: KeyType, scheme: string): Feature => ({
  title: `leaf ${type}, ${scheme}`,
  setup: { leaf: type },
  expected: { signatureScheme: scheme }
})

export const FEATURES: readonly Feature[] = [
  suite('TLS_AES_128_GCM_SHA256'),
  suite('TLS_AES_256_GCM_SHA384'),
  suite('TLS_CHACHA20_POLY1305_SHA256'),
  group('X25519MLKEM768'),
  group('x25519'),
  group('secp256r1', ', by HelloRetryRequest'),
  group('secp384r1', ', by HelloRetryRequest'),
  leaf('rsa-2048', 'rsa_pss_rsae_sha256'),
  leaf('rsa-3072', 'rsa_pss_rsae_sha256'),
  leaf('P-256', 'ecdsa_secp256r1_sha256'),
  leaf('P-384', 'ecdsa_secp384r1_sha384'),
  leaf('ed25519', 'ed25519'),
  { title: 'our KeyUpdate, every two records', setup: { leaf: LEAF }, client: { recordsPerKey: 2 } },
  { title: 'seven bytes at a time', setup: { leaf: LEAF }, chunkBytes: 7 },
  { title: 'several messages in one record', setup: { leaf: LEAF }, coalesced: true },
  { title: 'messages in fragments of 512 bytes', setup: { leaf: 'rsa-3072', shortRecords: true } },
  { title: 'padded records', setup: { leaf: LEAF, padding: 4096 } },
  { title: 'a flood of 30 tickets', setup: { leaf: LEAF, tickets: 30 } },
  {
    title: 'ALPN',
    setup: { leaf: LEAF, alpn: ['http/1.1', 'h2'] },
    client: { alpn: ['http/1.1'] },
    expected: { alpn: 'http/1.1' }
  },
  { title: 'a certificate asked for', setup: { leaf: LEAF, asksForCertificate: true } }
]

/** What a server does not have, or cannot be told to do, and so is not tested with it. */
export const SERVERS = {
  'node:tls (OpenSSL 3.5)': [
    'several messages in one record',
    'messages in fragments of 512 bytes',
    'padded records',
    'a flood of 30 tickets'
  ],
  'OpenSSL 3.0 s_server': ['group X25519MLKEM768', 'several messages in one record'],
  'GnuTLS 3.7 gnutls-serv': [
    'group X25519MLKEM768',
    'several messages in one record',
    'messages in fragments of 512 bytes',
    'padded records',
    'a flood of 30 tickets'
  ],
  'NSS 3.87 selfserv': [
    'group X25519MLKEM768',
    'leaf ed25519, ed25519',
    'messages in fragments of 512 bytes',
    'padded records',
    'a flood of 30 tickets'
  ],
  'nginx 1.22': ['group X25519MLKEM768', 'several messages in one record', 'messages in fragments of 512 bytes', 'ALPN']
} as const satisfies Record<string, readonly string[]>

export type ServerName = keyof typeof SERVERS

export function featuresOf(server: ServerName): readonly Feature[] {
  const lacking: readonly string[] = SERVERS[server]
  return FEATURES.filter(({ title }) => !lacking.includes(title))
}

/** As it stands in docs/tls.md. */
export function interopTable(): string {
  const servers = Object.keys(SERVERS) as ServerName[]
  const rows = FEATURES.map(feature => [
    feature.title,
    ...servers.map(server => (featuresOf(server).includes(feature) ? '✓' : '–'))
  ])
  return [['', ...servers], ['---', ...servers.map(() => '---')], ...rows]
    .map(cells => `| ${cells.join(' | ')} |`)
    .join('\n')
}

/**
 * Tests of everything that `server` has.
 * @param program where it is; without it the tests are skipped
 * @param exchange starts it with this setup, connects over `open`, compares all bytes
 */
export function describeInterop(
  server: ServerName,
  program: string | undefined,
  exchange: (setup: ServerSetup, open: (transport: ByteDuplex) => ReturnType<typeof connectTls>) => Promise<TlsInfo>
): void {
  describe.skipIf(program === undefined)(server, () => {
    for (const { title, setup, client, chunkBytes, coalesced, expected } of featuresOf(server))
      it(title, async () => {
        const info = await exchange(setup, async transport => {
          const chunked = chunkBytes === undefined ? transport : rechunk(transport, chunkBytes)
          const { duplex, records } = countingRecords(chunked)
          const stream = await connectTls(duplex, { ...options, ...client })
          if (coalesced) expect(records()).toBeLessThan(FLIGHT_MESSAGES)
          return stream
        })
        expect(info).toMatchObject({ protocol: 'TLSv1.3', ...expected })
      })
  })
}

/** EncryptedExtensions, Certificate, CertificateVerify, Finished. */
const FLIGHT_MESSAGES = 4
const RECORD_HEADER_BYTES = 5
const APPLICATION_DATA = 23

/** The same bytes, with the protected records in them counted. */
function countingRecords({ readable, writable }: ByteDuplex): { duplex: ByteDuplex; records(): number } {
  let count = 0
  let header: number[] = []
  let bodyLeft = 0
  const counter = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      for (let at = 0; at < chunk.length; ) {
        if (bodyLeft > 0) {
          const skipped = Math.min(bodyLeft, chunk.length - at)
          bodyLeft -= skipped
          at += skipped
          continue
        }
        header.push(chunk[at++] ?? 0)
        if (header.length < RECORD_HEADER_BYTES) continue
        const [type, , , high = 0, low = 0] = header
        if (type === APPLICATION_DATA) count++
        bodyLeft = high * 0x100 + low
        header = []
      }
      controller.enqueue(chunk)
    }
  })
  return { duplex: { readable: readable.pipeThrough(counter), writable }, records: () => count }
}

/** Ask for {@link content} by HTTP, and compare. */
export async function download({ readable, writable, info }: Awaited<ReturnType<typeof connectTls>>): Promise<TlsInfo> {
  const writer = writable.getWriter()
  for (const line of ['GET /content HTTP/1.0\r\n', 'Host: localhost\r\n', '\r\n'])
    await writer.write(new TextEncoder().encode(line))
  const answer = await readAll(readable)
  expect(Buffer.compare(answer.subarray(-content.length), content)).toBe(0)
  await writer.close().catch(() => {}) // the server is gone by now
  return info
}

export async function readAll(readable: ReadableStream<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const piece of readable) pieces.push(piece)
  return Buffer.concat(pieces)
}

export async function next(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<Uint8Array> {
  const { done, value } = await reader.read()
  if (done) throw new Error('the server ended early')
  return value
}
