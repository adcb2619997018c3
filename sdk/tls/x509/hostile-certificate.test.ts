/** Bytes that a server may send for a certificate: parsed or refused with the right code, never anything else. */

import { X509Certificate } from 'node:crypto'
import { rootCertificates } from 'node:tls'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  basicConstraints,
  directoryName,
  dnsName,
  emailName,
  extendedKeyUsage,
  ipName,
  keyUsage,
  makeCertificate,
  makeLeaf,
  makeRoot,
  name,
  nameConstraints,
  SERVER_AUTH,
  subjectAltName,
  testKey,
  uriName
} from '../../../test/kit/certificate-maker.ts'
import { CraftecError } from '../../errors/index.ts'
import { parseCertificate } from './certificate.ts'
import { alternativeNames, checkAuthority, checkLeaf } from './certificate-rules.ts'
import { bitStringFlags, booleanValue, DerReader, oidText, timeValue, unsignedInteger } from './der.ts'
import { mozillaAnchors } from './mozilla-anchors.ts'
import { checkNames, comparisonBudget, readNameConstraints } from './name-constraints.ts'
import { parsePublicKey } from './public-key.ts'
import { readTrustAnchors } from './trust-anchor.ts'

/** Everything that reads bytes of a certificate. */
function readAll(der: Uint8Array): void {
  const certificate = parseCertificate(der)
  parsePublicKey(certificate.spki)
  alternativeNames(certificate)
  checkLeaf(certificate)
  checkAuthority(certificate, 0)
  const constraints = readNameConstraints(certificate)
  if (constraints) checkNames(certificate, constraints, comparisonBudget())
}

/** Every extension by itself: what one refuses must not keep the others from being read. */
function readExtensionsOf(der: Uint8Array): void {
  const certificate = parseCertificate(der)
  alternativeNames(certificate)
  const constraints = readNameConstraints(certificate)
  for (const extension of constraints ? [...constraints.permitted, ...constraints.excluded] : [])
    expect(extension.kind).toBeTypeOf('string')
}

function refusal(der: Uint8Array): string | undefined {
  try {
    readAll(der)
    return undefined
  } catch (error) {
    return error instanceof CraftecError ? error.code : `not ours: ${error}`
  }
}

const good = new Uint8Array(makeLeaf(makeRoot('Hostile')).der)
/** Everything that has a form of its own to be read. */
const rich = new Uint8Array(
  makeCertificate({
    key: testKey('P-384', 'rich'),
    subject: name('Rich', 'A name in BMP', 30),
    issuer: { name: name('Hostile'), key: testKey('rsa-2048', 'hostile') },
    hash: 'sha384',
    pss: true,
    extensions: [
      basicConstraints(true, 3),
      keyUsage(0, 5),
      extendedKeyUsage(SERVER_AUTH),
      subjectAltName(
        dnsName('*.rich.example'),
        ipName(192, 0, 2, 1),
        ipName(...new Array(16).fill(1)),
        directoryName(name('Rich', 'Org')),
        uriName('https://rich.example/'),
        emailName('a@rich.example')
      ),
      nameConstraints(
        [dnsName('rich.example'), directoryName(name('Rich')), ipName(192, 0, 2, 0, 255, 255, 255, 0)],
        [dnsName('.evil.rich.example'), ipName(...new Array(32).fill(0)), uriName('evil.example')]
      )
    ]
  }).der
)

describe('what BER allows and DER does not (X.690 §10)', () => {
  const read = (hex: string) => new DerReader(Buffer.from(hex, 'hex'))
  const cases: readonly [string, () => unknown][] = [
    ['a length that is not the shortest', () => read('3081020500').any()],
    ['an indefinite length', () => read('308005000000').any()],
    ['BOOLEAN 01', () => booleanValue(read('010101').any())],
    ['INTEGER with a zero in front', () => unsignedInteger(read('02020001').any())],
    ['INTEGER without bytes', () => unsignedInteger(read('0200').any())],
    ['OBJECT IDENTIFIER with an 80 in front', () => oidText(read('0603508001').any())],
    ['a time without seconds', () => timeValue(read('170b323031303130313030305a').any())],
    ['BIT STRING with unused bits set', () => bitStringFlags(read('03020101').any())]
  ]
  for (const [title, decode] of cases)
    it(title, () => {
      expect(decode).toThrow(expect.objectContaining({ code: 'tls-certificate-invalid' }))
    })
})

describe('a certificate from a stranger', () => {
  it('random bytes are invalid', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), bytes => refusal(bytes) === 'tls-certificate-invalid'))
  })

  for (const [kind, original] of Object.entries({ good, rich }))
    it(`one altered byte of a ${kind} one gives a certificate or a refusal, and no other error`, () => {
      expect(() => readExtensionsOf(original)).not.toThrow()
      for (let at = 0; at < original.length; at++)
        for (const mask of [0x01, 0x20, 0x80, 0xff]) {
          const copy = original.slice()
          copy[at] = (copy[at] ?? 0) ^ mask
          expect([undefined, 'tls-certificate-invalid']).toContain(refusal(copy))
        }
    })

  it('cut anywhere or with bytes behind it, it is invalid', () => {
    for (let at = 0; at < good.length; at++) expect(() => parseCertificate(good.subarray(0, at))).toThrow(CraftecError)
    expect(() => parseCertificate(Uint8Array.of(...good, 0))).toThrow(/trailing/)
  })

  it('lengths in a form that is not the shortest are refused', () => {
    const long = Uint8Array.of(0x30, 0x83, 0, ...good.subarray(2))
    expect(() => parseCertificate(long)).toThrow(/shortest/)
    expect(() => parseCertificate(Uint8Array.of(0x30, 0x80, ...good.subarray(4), 0, 0))).toThrow(/indefinite/)
  })
})

describe("Mozilla's roots", () => {
  it('are read by our parser as by OpenSSL', () => {
    for (const pem of rootCertificates) {
      const theirs = new X509Certificate(pem)
      const [ours] = readTrustAnchors([pem])
      expect(ours?.notAfter).toBe(Date.parse(theirs.validTo))
      expect(ours?.notBefore).toBe(Date.parse(theirs.validFrom))
      expect(Buffer.from(ours?.spki ?? [])).toEqual(theirs.publicKey.export({ type: 'spki', format: 'der' }))
    }
  })

  it('are built in as they are: same names, keys and last days, and nothing that this Node does not know', async () => {
    const built = await mozillaAnchors()
    const known = new Map(
      readTrustAnchors(rootCertificates).map(anchor => [Buffer.from(anchor.spki).toString('hex'), anchor])
    )
    expect(built.length).toBeGreaterThan(100)
    const found = built.filter(anchor => known.has(Buffer.from(anchor.spki).toString('hex')))
    // Lists drift apart by a few roots a year; more than that is a mistake in one of them.
    expect(found.length).toBeGreaterThan(built.length - 20)
    const day = (time: number) => new Date(time).toISOString().slice(0, 10)
    for (const { spki, subject, notAfter } of found) {
      const original = known.get(Buffer.from(spki).toString('hex'))
      expect(original).toMatchObject({ spki, subject })
      expect(day(notAfter)).toBe(day(original?.notAfter ?? 0))
    }
  })
})
