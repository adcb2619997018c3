import 'reflect-metadata' // @peculiar/x509 needs it loaded first
import { createHash, X509Certificate as NodeCertificate } from 'node:crypto'
import { SubjectAlternativeNameExtension, X509CertificateGenerator } from '@peculiar/x509'
import { CraftecError } from '../../../sdk/errors/index.ts'
import type { TlsCertificate } from './tls-certificate.ts'

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const SERIAL_BYTES = 16

/**
 * A new key and its certificate, in the only form that browsers pin: ECDSA P-256, valid at most 14 days
 * (WebTransport, "Custom certificate requirements"). The name in it is never checked when pinned.
 * @param notBefore milliseconds since the Unix epoch; certificates count whole seconds, so it is rounded down
 * @param validityMs at most 14 days
 */
export async function createSelfSignedCertificate(notBefore: number, validityMs: number): Promise<TlsCertificate> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
  const serial = crypto.getRandomValues(new Uint8Array(SERIAL_BYTES))
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40 // positive, and no leading zero (RFC 5280 §4.1.2.2)
  const start = Math.floor(notBefore / 1000) * 1000
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: Buffer.from(serial).toString('hex'),
      name: 'CN=libp2p',
      notBefore: new Date(start),
      notAfter: new Date(start + validityMs),
      signingAlgorithm: ALGORITHM,
      keys,
      extensions: [new SubjectAlternativeNameExtension([{ type: 'dns', value: 'localhost' }])]
    },
    crypto
  )
  const pkcs8 = await crypto.subtle.exportKey('pkcs8', keys.privateKey)
  return readTlsCertificate(certificate.toString('pem'), pem('PRIVATE KEY', new Uint8Array(pkcs8)))
}

/** @throws CraftecError `malformed` when the texts are not a certificate and its key */
export function readTlsCertificate(certificatePem: string, privateKeyPem: string): TlsCertificate {
  try {
    const parsed = new NodeCertificate(certificatePem)
    return {
      certificatePem,
      privateKeyPem,
      sha256: new Uint8Array(createHash('sha256').update(parsed.raw).digest()),
      notBefore: Date.parse(parsed.validFrom),
      notAfter: Date.parse(parsed.validTo)
    }
  } catch (cause) {
    throw new CraftecError('malformed', 'not a PEM certificate', { cause })
  }
}

function pem(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}
