/** Signatures inside certificates: RFC 3279, 4055, 5758, 8410. SHA-1 and MD5 are not among them. */
import { encodeHex } from '../../codec/index.ts'
import { type SignatureRule, verifySignature } from '../signature-scheme.ts'
import type { Certificate } from './certificate.ts'
import { invalidCertificate } from './certificate-error.ts'
import type { PublicKey } from './public-key.ts'

/** RSASSA-PSS-params in the one form that is in use: one hash for everything, a salt as long as it (CA/B §7.1.3.2.1). */
const pss = (hashArc: string, saltHex: string): string =>
  `304106092a864886f70d01010a3034a00f300d06096086480165030402${hashArc}0500` +
  `a11c301a06092a864886f70d010108300d06096086480165030402${hashArc}0500a2030201${saltHex}`

const RSA = '06092a864886f70d0101'
const ECDSA = '06082a8648ce3d0403'

/** AlgorithmIdentifier in DER, all of it: what is not in this table to the byte is not accepted. */
const ALGORITHMS: ReadonlyMap<string, SignatureRule> = /* @__PURE__ */ new Map<string, SignatureRule>([
  [`300d${RSA}0b0500`, { kind: 'rsa-pkcs1', hash: 'SHA-256' }],
  [`300d${RSA}0c0500`, { kind: 'rsa-pkcs1', hash: 'SHA-384' }],
  [`300d${RSA}0d0500`, { kind: 'rsa-pkcs1', hash: 'SHA-512' }],
  // RFC 4055 §5: parameters may be absent.
  [`300b${RSA}0b`, { kind: 'rsa-pkcs1', hash: 'SHA-256' }],
  [`300b${RSA}0c`, { kind: 'rsa-pkcs1', hash: 'SHA-384' }],
  [`300b${RSA}0d`, { kind: 'rsa-pkcs1', hash: 'SHA-512' }],
  [/* @__PURE__ */ pss('01', '20'), { kind: 'rsa-pss', hash: 'SHA-256' }],
  [/* @__PURE__ */ pss('02', '30'), { kind: 'rsa-pss', hash: 'SHA-384' }],
  [/* @__PURE__ */ pss('03', '40'), { kind: 'rsa-pss', hash: 'SHA-512' }],
  [`300a${ECDSA}02`, { kind: 'ecdsa', hash: 'SHA-256' }],
  [`300a${ECDSA}03`, { kind: 'ecdsa', hash: 'SHA-384' }],
  [`300a${ECDSA}04`, { kind: 'ecdsa', hash: 'SHA-512' }],
  ['300506032b6570', { kind: 'ed25519' }]
])

/** @throws CraftecError `tls-certificate-invalid` for SHA-1, MD5 and everything unknown */
export function signatureRule(certificate: Certificate): SignatureRule {
  const rule = ALGORITHMS.get(encodeHex(certificate.signatureAlgorithm))
  if (rule === undefined)
    throw invalidCertificate('a signature algorithm that is too weak or unknown', 'unsupported_certificate')
  return rule
}

export function isSignedBy(certificate: Certificate, rule: SignatureRule, issuerKey: PublicKey): Promise<boolean> {
  return verifySignature(rule, issuerKey, certificate.tbs, certificate.signature)
}
