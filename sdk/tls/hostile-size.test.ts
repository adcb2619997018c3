/** Servers that try to make the client work, or hold, far more than they send: all bounded, all refused in our own words. */
import { describe, expect, it } from 'vitest'
import {
  basicConstraints,
  directoryName,
  dnsName,
  keyUsage,
  makeCertificate,
  makeLeaf,
  makeRoot,
  name,
  nameConstraints,
  subjectAltName,
  testKey
} from '../../test/kit/certificate-maker.ts'
import { CraftecError } from '../errors/index.ts'
import { concat } from './concat.ts'
import { HandshakeReader } from './handshake-reader.ts'
import { frameHandshake } from './presentation.ts'
import { HANDSHAKE_TYPE } from './protocol-numbers.ts'
import { parseServerName } from './x509/server-name.ts'
import { readTrustAnchors } from './x509/trust-anchor.ts'
import { validateChain } from './x509/validate-chain.ts'

/** A frozen tab is what this is about; a busy machine must not fail the test. */
const MAX_MS = 3_000

const root = makeRoot('Size Root')
const rules = {
  serverName: parseServerName('localhost'),
  now: Date.now(),
  anchors: readTrustAnchors([root.der])
}

async function refusalOf(chain: readonly Uint8Array[]): Promise<{ code: string; elapsedMs: number }> {
  const started = performance.now()
  const error: unknown = await validateChain(chain, rules).catch((reason: unknown) => reason)
  if (!(error instanceof CraftecError)) throw new Error('not refused in our own words', { cause: error })
  return { code: error.code, elapsedMs: performance.now() - started }
}

describe('a message sent byte by byte', () => {
  it('of the largest size is put together, and needs no list of its bytes', () => {
    const message = frameHandshake(HANDSHAKE_TYPE.certificate, new Uint8Array(128 * 1024).fill(7))
    const reader = new HandshakeReader()
    for (let at = 0; at < message.length; at++) {
      if (reader.next() !== undefined) expect.fail(`a message after ${at} bytes`)
      // As decryption leaves it: a byte of content in a buffer of its own.
      reader.push(Uint8Array.of(message[at] ?? 0, 22).subarray(0, 1))
    }
    const { bytes } = reader.next() ?? {}
    expect(bytes && Buffer.compare(bytes, message)).toBe(0)
    expect(reader.atBoundary).toBe(true)
  })
})

it('messages in one fragment come out one by one, a cut one when it is whole', () => {
  const [first, second] = [1, 2].map(type => frameHandshake(type, new Uint8Array(5_000).fill(type)))
  if (!first || !second) throw new Error('two messages')
  const reader = new HandshakeReader()
  reader.push(concat(first, second.subarray(0, 10)))
  expect(reader.next()?.bytes).toEqual(first)
  expect(reader.next()).toBeUndefined()
  expect(reader.atBoundary).toBe(false)
  reader.push(concat(second.subarray(10), first, second))
  for (const message of [second, first, second]) expect(reader.next()?.bytes).toEqual(message)
  expect(reader.next()).toBeUndefined()
  expect(reader.atBoundary).toBe(true)
})

describe('certificates that want to keep us busy', () => {
  it('a DNS name of a hundred kilobytes', async () => {
    const leaf = makeLeaf(root, { extensions: [subjectAltName(dnsName('a'.repeat(120_000)))] })
    expect((await refusalOf([leaf.der])).code).toBe('tls-certificate-invalid')
  })

  // Each pair of names and constraints is looked at; many CAs of one name and many signatures multiply that.
  for (const [kind, make] of [
    ['DNS', (at: number) => dnsName(`${at.toString(36)}.t`)],
    ['directory', (at: number) => directoryName(name(at.toString(36)))]
  ] as const)
    it(`${kind} names times constraints times paths`, async () => {
      const list = (count: number, from: number) => Array.from({ length: count }, (_, at) => make(from + at))
      const key = testKey('P-256', 'cross')
      const extensions = [basicConstraints(true), keyUsage(5), nameConstraints([], list(250, 0))]
      // Certificates for four keys of one name, each by each of the others: paths without number, and none to a root.
      const keys = Array.from({ length: 4 }, (_, at) => testKey('P-256', `cross ${at}`))
      const authorities = keys.flatMap(own =>
        keys
          .filter(other => other !== own)
          .map(other =>
            makeCertificate({ key: own, subject: 'Cross', issuer: { name: name('Cross'), key: other }, extensions })
          )
      )
      const issuer = { der: Buffer.alloc(0), pem: '', key: testKey('P-256', 'cross 0'), name: name('Cross') }
      const leaf = makeLeaf(issuer, { key, extensions: [subjectAltName(...list(990, 1000))] })
      const { code, elapsedMs } = await refusalOf([leaf.der, ...authorities.map(({ der }) => der)])
      expect(code).toMatch(/^tls-certificate-/)
      expect(elapsedMs).toBeLessThan(MAX_MS)
    })
})
