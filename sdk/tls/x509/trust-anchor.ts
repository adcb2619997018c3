import { CraftecError } from '../../errors/index.ts'
import { decodeBase64 } from './base64.ts'
import { type Certificate, parseCertificate } from './certificate.ts'

/** Who is believed without proof (RFC 5280 §6.1.1 d). */
export interface TrustAnchor {
  /** Name as DER. */
  readonly subject: Uint8Array
  readonly spki: Uint8Array
  readonly notBefore: number
  readonly notAfter: number
  /** Present when the caller brought a certificate: then what it says of itself binds too. */
  readonly certificate?: Certificate
}

const PEM = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/g

/** @throws CraftecError `invalid-argument` when there is no certificate, or one that cannot be read */
export function readTrustAnchors(roots: readonly (Uint8Array | string)[]): readonly TrustAnchor[] {
  try {
    const anchors = roots.flatMap(root => (typeof root === 'string' ? pemBlocks(root) : [root])).map(anchorOf)
    if (anchors.length > 0) return anchors
  } catch (cause) {
    throw new CraftecError('invalid-argument', 'roots: a certificate cannot be read', { cause })
  }
  throw new CraftecError('invalid-argument', 'roots: expected certificates in DER or PEM, found none')
}

function pemBlocks(text: string): Uint8Array[] {
  return [...text.matchAll(PEM)].map(([, base64 = '']) => decodeBase64(base64))
}

function anchorOf(der: Uint8Array): TrustAnchor {
  const certificate = parseCertificate(der.slice())
  const { subject, spki, notBefore, notAfter } = certificate
  return { subject, spki, notBefore, notAfter, certificate }
}
