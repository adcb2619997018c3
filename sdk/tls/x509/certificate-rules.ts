/** What a certificate may be used for: the extensions of RFC 5280 §4.2.1 that a TLS client must heed. */
import type { Certificate } from './certificate.ts'
import { expiredCertificate, invalidCertificate } from './certificate-error.ts'
import { bitStringFlags, booleanValue, DerReader, derWhole, oidText, smallInteger, TAG } from './der.ts'
import { type GeneralName, readSubjectAltName } from './general-name.ts'

export const OID = {
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  certificatePolicies: '2.5.29.32',
  extendedKeyUsage: '2.5.29.37'
} as const

const SERVER_AUTH = '1.3.6.1.5.5.7.3.1'
const DIGITAL_SIGNATURE = 0
const KEY_CERT_SIGN = 5

/**
 * Understood when marked critical. Policies are: with no policy asked for, any will do (§6.1.1 c). policyConstraints and
 * inhibitAnyPolicy are not, and certificates that make them critical are refused.
 */
const UNDERSTOOD: ReadonlySet<string> = /* @__PURE__ */ new Set(Object.values(OID))

/** §4.1.2.5, both ends included. @throws CraftecError `tls-certificate-expired` */
export function checkValidity(certificate: { notBefore: number; notAfter: number }, now: number, what: string): void {
  if (now < certificate.notBefore) throw expiredCertificate(`${what} is not valid yet; is this device's clock right?`)
  // The last second counts whole.
  if (now >= certificate.notAfter + 1000) throw expiredCertificate(`${what} has expired`)
}

/** The server's own certificate. @throws CraftecError `tls-certificate-invalid` */
export function checkLeaf(certificate: Certificate): void {
  checkCritical(certificate)
  readBasicConstraints(certificate) // a CA may serve, but not with a malformed claim
  checkServerAuth(certificate)
  const usage = readKeyUsage(certificate)
  // In TLS 1.3 servers sign; keyEncipherment alone was for RSA key exchange (RFC 8446 §4.4.2.2).
  if (usage && !usage.has(DIGITAL_SIGNATURE)) throw invalidCertificate('keyUsage does not allow signatures')
}

/**
 * A certificate that vouches for others.
 * @param below how many CA certificates stand between it and the leaf, self-issued ones aside
 * @throws CraftecError `tls-certificate-invalid`
 */
export function checkAuthority(certificate: Certificate, below: number): void {
  checkCritical(certificate)
  const constraints = readBasicConstraints(certificate)
  if (!constraints?.ca) throw invalidCertificate('an issuer that is not a certification authority')
  if (constraints.pathLength !== undefined && below > constraints.pathLength)
    throw invalidCertificate('a chain longer than pathLenConstraint allows')
  const usage = readKeyUsage(certificate)
  if (usage && !usage.has(KEY_CERT_SIGN)) throw invalidCertificate('an issuer whose keyUsage forbids certificates')
  // Not in RFC 5280, but every browser: an EKU on a CA binds what it issues.
  checkServerAuth(certificate)
}

export function alternativeNames(certificate: Certificate): readonly GeneralName[] {
  const extension = certificate.extensions.get(OID.subjectAltName)
  return extension ? readSubjectAltName(extension.value) : []
}

function checkCritical(certificate: Certificate): void {
  for (const [oid, { critical }] of certificate.extensions)
    if (critical && !UNDERSTOOD.has(oid))
      throw invalidCertificate(`critical extension ${oid} is not understood`, 'unsupported_certificate')
}

function readBasicConstraints(certificate: Certificate): { ca: boolean; pathLength: number | undefined } | undefined {
  const extension = certificate.extensions.get(OID.basicConstraints)
  if (extension === undefined) return undefined
  const fields = derWhole(extension.value, TAG.sequence)
  const flag = fields.optional(TAG.boolean)
  const ca = flag !== undefined && booleanValue(flag)
  const length = fields.optional(TAG.integer)
  fields.end()
  if (length !== undefined && !ca) throw invalidCertificate('a pathLenConstraint without cA')
  return { ca, pathLength: length && smallInteger(length, 0xffff) }
}

function readKeyUsage(certificate: Certificate): ReadonlySet<number> | undefined {
  const extension = certificate.extensions.get(OID.keyUsage)
  if (extension === undefined) return undefined
  const reader = new DerReader(extension.value)
  const flags = bitStringFlags(reader.value(TAG.bitString))
  reader.end()
  if (flags.size === 0) throw invalidCertificate('a keyUsage without any use')
  return flags
}

/** anyExtendedKeyUsage does not count: the baseline requirements forbid it, and OpenSSL does not take it either. */
function checkServerAuth(certificate: Certificate): void {
  const extension = certificate.extensions.get(OID.extendedKeyUsage)
  if (extension === undefined) return
  const list = derWhole(extension.value, TAG.sequence)
  const uses: string[] = []
  while (!list.done) uses.push(oidText(list.value(TAG.oid)))
  if (!uses.includes(SERVER_AUTH)) throw invalidCertificate('extendedKeyUsage without serverAuth')
}
