/** SubjectPublicKeyInfo of RFC 5280 §4.1.2.7, for the kinds of key this client knows (RFC 3279, 5480, 8410). */
import { invalidCertificate } from './certificate-error.ts'
import { bitStringBytes, derWhole, oidText, TAG, unsignedInteger } from './der.ts'
import { type Curve, FIELD_BYTES } from './ecdsa-signature.ts'

export type PublicKey =
  | { readonly kind: 'rsa'; readonly bits: number; readonly spki: Uint8Array }
  | { readonly kind: 'ec'; readonly curve: Curve; readonly spki: Uint8Array }
  | { readonly kind: 'ed25519'; readonly bytes: Uint8Array; readonly spki: Uint8Array }

const OID_RSA = '1.2.840.113549.1.1.1'
const OID_EC = '1.2.840.10045.2.1'
const OID_ED25519 = '1.3.101.112'
const CURVES: ReadonlyMap<string, Curve> = /* @__PURE__ */ new Map([
  ['1.2.840.10045.3.1.7', 'P-256'],
  ['1.3.132.0.34', 'P-384']
])

/** CA/Browser Forum baseline requirements §6.1.5. */
const MIN_RSA_BITS = 2048
/** Larger ones cost the verifier time and nobody else anything. */
const MAX_RSA_BITS = 8192

/** @throws CraftecError `tls-certificate-invalid` for a malformed key, and for a kind that is not supported */
export function parsePublicKey(spki: Uint8Array): PublicKey {
  const outer = derWhole(spki, TAG.sequence)
  const algorithm = outer.inner(TAG.sequence)
  const oid = oidText(algorithm.value(TAG.oid))
  const key = bitStringBytes(outer.value(TAG.bitString))
  outer.end()
  if (oid === OID_RSA) {
    if (algorithm.value(TAG.null).content.length !== 0) throw invalidCertificate('RSA parameters that are not NULL')
    algorithm.end()
    return { kind: 'rsa', bits: rsaBits(key), spki }
  }
  if (oid === OID_EC) {
    const curve = CURVES.get(oidText(algorithm.value(TAG.oid)))
    algorithm.end()
    if (curve === undefined) throw invalidCertificate('a curve other than P-256 and P-384', 'unsupported_certificate')
    if (key.length !== 1 + 2 * FIELD_BYTES[curve] || key[0] !== 4)
      throw invalidCertificate('an elliptic curve point that is not in the uncompressed form')
    return { kind: 'ec', curve, spki }
  }
  if (oid === OID_ED25519) {
    algorithm.end()
    if (key.length !== 32) throw invalidCertificate('an Ed25519 key that is not 32 bytes long')
    return { kind: 'ed25519', bytes: key, spki }
  }
  throw invalidCertificate('a key that is neither RSA, ECDSA nor Ed25519', 'unsupported_certificate')
}

function rsaBits(key: Uint8Array): number {
  const numbers = derWhole(key, TAG.sequence)
  const modulus = unsignedInteger(numbers.value(TAG.integer))
  const exponent = unsignedInteger(numbers.value(TAG.integer))
  numbers.end()
  const lowest = exponent.at(-1) ?? 0
  if (lowest % 2 === 0 || (exponent.length === 1 && lowest < 3) || exponent.length > 4)
    throw invalidCertificate('an RSA exponent that is even, one, or over 32 bits')
  return modulus.length * 8 - Math.clz32(modulus[0] ?? 0) + 24
}

/** @throws CraftecError `tls-certificate-invalid` for an RSA key outside 2048 to 8192 bits */
export function requireStrength(key: PublicKey): void {
  if (key.kind === 'rsa' && (key.bits < MIN_RSA_BITS || key.bits > MAX_RSA_BITS))
    throw invalidCertificate(`an RSA key of ${key.bits} bits, allowed ${MIN_RSA_BITS}..${MAX_RSA_BITS}`)
}
