import { derWhole, TAG, unsignedInteger } from './der.ts'

export type Curve = 'P-256' | 'P-384'

export const FIELD_BYTES: Readonly<Record<Curve, number>> = { 'P-256': 32, 'P-384': 48 }

/** ECDSA-Sig-Value (RFC 3279 §2.2.3) as WebCrypto wants it: r ‖ s, each as wide as the field. `undefined` when malformed. */
export function ecdsaSignatureToRaw(signature: Uint8Array, curve: Curve): Uint8Array | undefined {
  const width = FIELD_BYTES[curve]
  try {
    const sequence = derWhole(signature, TAG.sequence)
    const r = unsignedInteger(sequence.value(TAG.integer))
    const s = unsignedInteger(sequence.value(TAG.integer))
    sequence.end()
    if (r.length > width || s.length > width) return undefined
    const raw = new Uint8Array(2 * width)
    raw.set(r, width - r.length)
    raw.set(s, 2 * width - s.length)
    return raw
  } catch {
    return undefined
  }
}
