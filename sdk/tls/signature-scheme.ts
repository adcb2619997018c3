/** Signature schemes of RFC 8446 §4.2.3, checked by WebCrypto, Ed25519 by the SDK's strict engine. */
import { cryptoEngine } from '../crypto/index.ts'
import { unshared } from './concat.ts'
import { ecdsaSignatureToRaw } from './x509/ecdsa-signature.ts'
import type { PublicKey } from './x509/public-key.ts'

type Hash = 'SHA-256' | 'SHA-384' | 'SHA-512'

export type SignatureRule =
  | { readonly kind: 'rsa-pss'; readonly hash: Hash }
  | { readonly kind: 'rsa-pkcs1'; readonly hash: Hash }
  | { readonly kind: 'ecdsa'; readonly hash: Hash }
  | { readonly kind: 'ed25519' }

export interface SignatureScheme {
  readonly id: number
  readonly name: string
  readonly rule: SignatureRule
  /** TLS 1.3 binds each ECDSA scheme to its curve. */
  readonly curve?: 'P-256' | 'P-384'
}

const HASH_BYTES: Record<Hash, number> = { 'SHA-256': 32, 'SHA-384': 48, 'SHA-512': 64 }

/** For CertificateVerify. The rsa_pss_pss schemes are not offered: WebCrypto cannot import their keys. */
export const HANDSHAKE_SCHEMES: readonly SignatureScheme[] = [
  { id: 0x0403, name: 'ecdsa_secp256r1_sha256', rule: { kind: 'ecdsa', hash: 'SHA-256' }, curve: 'P-256' },
  { id: 0x0503, name: 'ecdsa_secp384r1_sha384', rule: { kind: 'ecdsa', hash: 'SHA-384' }, curve: 'P-384' },
  { id: 0x0807, name: 'ed25519', rule: { kind: 'ed25519' } },
  { id: 0x0804, name: 'rsa_pss_rsae_sha256', rule: { kind: 'rsa-pss', hash: 'SHA-256' } },
  { id: 0x0805, name: 'rsa_pss_rsae_sha384', rule: { kind: 'rsa-pss', hash: 'SHA-384' } },
  { id: 0x0806, name: 'rsa_pss_rsae_sha512', rule: { kind: 'rsa-pss', hash: 'SHA-512' } }
]

/** Offered after those above, and good for signatures inside certificates only (§4.2.3): rsa_pkcs1_sha256, 384, 512. */
export const CERTIFICATE_ONLY_SCHEMES: readonly number[] = [0x0401, 0x0501, 0x0601]

/** The scheme may be used with this key. */
export function schemeFits(scheme: SignatureScheme, key: PublicKey): boolean {
  if (scheme.rule.kind === 'ecdsa') return key.kind === 'ec' && key.curve === scheme.curve
  if (scheme.rule.kind === 'ed25519') return key.kind === 'ed25519'
  return key.kind === 'rsa'
}

/** @returns false for anything that is not a valid signature, malformed ones and keys of another kind included */
export async function verifySignature(
  rule: SignatureRule,
  key: PublicKey,
  data: Uint8Array,
  signature: Uint8Array
): Promise<boolean> {
  if (rule.kind === 'ed25519') return key.kind === 'ed25519' && cryptoEngine().ed25519Verify(key.bytes, data, signature)
  if (rule.kind === 'ecdsa') {
    if (key.kind !== 'ec') return false
    const raw = ecdsaSignatureToRaw(signature, key.curve)
    return raw !== undefined && verify(key, { name: 'ECDSA', namedCurve: key.curve }, rule, data, raw)
  }
  if (key.kind !== 'rsa') return false
  if (signature.length !== Math.ceil(key.bits / 8)) return false // RFC 8017 §8.1.2, step 1
  const name = rule.kind === 'rsa-pss' ? 'RSA-PSS' : 'RSASSA-PKCS1-v1_5'
  return verify(key, { name, hash: rule.hash }, rule, data, signature)
}

async function verify(
  key: PublicKey,
  algorithm: EcKeyImportParams | RsaHashedImportParams,
  rule: Exclude<SignatureRule, { kind: 'ed25519' }>,
  data: Uint8Array,
  signature: Uint8Array
): Promise<boolean> {
  let imported: CryptoKey
  try {
    imported = await crypto.subtle.importKey('spki', unshared(key.spki), algorithm, false, ['verify'])
  } catch {
    return false // a point off the curve, a modulus WebCrypto will not have
  }
  // §4.2.3: the salt of RSASSA-PSS is as long as the hash.
  const parameters = { name: algorithm.name, hash: rule.hash, saltLength: HASH_BYTES[rule.hash] }
  return crypto.subtle.verify(parameters, imported, unshared(signature), unshared(data))
}
