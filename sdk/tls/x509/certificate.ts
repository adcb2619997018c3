/** The outer shape of a certificate, RFC 5280 §4.1. What extensions and keys mean is decided when a path needs them. */
import { invalidCertificate } from './certificate-error.ts'
import {
  bitStringBytes,
  booleanValue,
  contextConstructed,
  contextPrimitive,
  DerReader,
  derWhole,
  oidText,
  smallInteger,
  TAG,
  timeValue
} from './der.ts'

export interface Extension {
  readonly critical: boolean
  readonly value: Uint8Array
}

export interface Certificate {
  readonly der: Uint8Array
  /** What the issuer signed. */
  readonly tbs: Uint8Array
  readonly version: 1 | 2 | 3
  /** Names as DER: they are compared byte by byte. */
  readonly issuer: Uint8Array
  readonly subject: Uint8Array
  /** Milliseconds since the Unix epoch, both ends included. */
  readonly notBefore: number
  readonly notAfter: number
  readonly spki: Uint8Array
  /** AlgorithmIdentifier as DER. */
  readonly signatureAlgorithm: Uint8Array
  readonly signature: Uint8Array
  /** By dotted object identifier. */
  readonly extensions: ReadonlyMap<string, Extension>
}

/** RFC 5280 §4.1.2.2. */
const MAX_SERIAL_BYTES = 21

/** @throws CraftecError `tls-certificate-invalid` for anything that is not strict DER of RFC 5280 */
export function parseCertificate(der: Uint8Array): Certificate {
  const outer = derWhole(der, TAG.sequence)
  const tbs = outer.value(TAG.sequence)
  const signatureAlgorithm = outer.value(TAG.sequence).bytes
  const signature = bitStringBytes(outer.value(TAG.bitString))
  outer.end()

  const fields = new DerReader(tbs.content)
  const version = readVersion(fields)
  const serial = fields.value(TAG.integer).content
  if (serial.length === 0 || serial.length > MAX_SERIAL_BYTES) throw invalidCertificate('a serial number of odd length')
  // The same algorithm stands inside and outside the signature (§4.1.1.2), else one of them is a lie.
  if (!sameBytes(fields.value(TAG.sequence).bytes, signatureAlgorithm))
    throw invalidCertificate('two different signature algorithms')
  const issuer = fields.value(TAG.sequence).bytes
  const validity = fields.inner(TAG.sequence)
  const notBefore = timeValue(validity.any())
  const notAfter = timeValue(validity.any())
  validity.end()
  const subject = fields.value(TAG.sequence).bytes
  const spki = fields.value(TAG.sequence).bytes
  for (const id of [1, 2])
    if (fields.optional(contextPrimitive(id)) !== undefined && version < 2)
      throw invalidCertificate('a unique identifier in version 1')
  const extensions = readExtensions(fields, version)
  fields.end()
  return {
    der,
    tbs: tbs.bytes,
    version,
    issuer,
    subject,
    notBefore,
    notAfter,
    spki,
    signatureAlgorithm,
    signature,
    extensions
  }
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at])
}

function readVersion(fields: DerReader): 1 | 2 | 3 {
  const tagged = fields.optional(contextConstructed(0))
  if (tagged === undefined) return 1
  const reader = new DerReader(tagged.content)
  const version = smallInteger(reader.value(TAG.integer), 2)
  reader.end()
  if (version === 0) throw invalidCertificate('a default that is written out')
  return version === 1 ? 2 : 3
}

function readExtensions(fields: DerReader, version: number): ReadonlyMap<string, Extension> {
  const extensions = new Map<string, Extension>()
  const tagged = fields.optional(contextConstructed(3))
  if (tagged === undefined) return extensions
  if (version !== 3) throw invalidCertificate('extensions in a certificate before version 3')
  const list = derWhole(tagged.content, TAG.sequence)
  if (list.done) throw invalidCertificate('an empty list of extensions')
  while (!list.done) {
    const extension = list.inner(TAG.sequence)
    const oid = oidText(extension.value(TAG.oid))
    // DER omits FALSE, but certificates in the field write it out, and nothing hangs on it.
    const critical = extension.optional(TAG.boolean)
    const value = extension.value(TAG.octetString).content
    extension.end()
    if (extensions.has(oid)) throw invalidCertificate(`extension ${oid} comes twice`)
    extensions.set(oid, { critical: critical !== undefined && booleanValue(critical), value })
  }
  return extensions
}
