/**
 * The short form of a trust anchor in the built-in list: name, last day, and of the key only what is not the same everywhere.
 * Keys stand apart from the rest, because compression that meets random bytes between names does badly at both.
 */
import { type ByteReader, type ByteWriter, decodeHex } from '../../codec/index.ts'
import { concat } from '../concat.ts'
import { sameBytes } from './certificate.ts'
import type { Curve } from './ecdsa-signature.ts'
import { decompressPoint } from './point-decompression.ts'
import type { TrustAnchor } from './trust-anchor.ts'

interface KeyForm {
  /** What stands before the key in SubjectPublicKeyInfo, and behind it; DER makes it a constant for each kind and size. */
  readonly before: string
  readonly after: string
  /** Of the modulus, or of one coordinate. */
  readonly bytes: number
  /** A point, of which x is kept. */
  readonly curve?: Curve
}

const FORMS: readonly KeyForm[] = [
  { before: '30820122300d06092a864886f70d01010105000382010f003082010a0282010100', bytes: 256, after: '0203010001' },
  { before: '30820222300d06092a864886f70d01010105000382020f003082020a0282020100', bytes: 512, after: '0203010001' },
  { before: '3059301306072a8648ce3d020106082a8648ce3d03010703420004', bytes: 32, after: '', curve: 'P-256' },
  { before: '3076301006072a8648ce3d020106052b8104002203620004', bytes: 48, after: '', curve: 'P-384' }
]
/** Written instead of a form's number: the whole SubjectPublicKeyInfo follows. */
const WHOLE = 0x7f
/** Set in the number of a form: the y coordinate is odd. */
const ODD = 0x80

const DAY_MS = 86_400_000

/** @param about gets what can be compressed @param keys gets the rest */
export function encodeAnchor(about: ByteWriter, keys: ByteWriter, anchor: TrustAnchor): void {
  const { subject, spki } = anchor
  about.bytes16(subject).u16(Math.floor(anchor.notAfter / DAY_MS))
  const odd = ((spki.at(-1) ?? 0) & 1) === 1
  for (const [number, form] of FORMS.entries()) {
    const start = form.before.length / 2
    const key = spki.subarray(start, start + form.bytes)
    if (spki.length !== wholeBytes(form) || !sameBytes(spki, rebuild(form, key, odd))) continue
    about.u8(number | (form.curve && odd ? ODD : 0))
    keys.bytes(key)
    return
  }
  about.u8(WHOLE)
  keys.bytes16(spki)
}

/**
 * The anchor ends with the last day of its certificate, at most a day too late; when it began is not kept.
 * @throws CraftecError `malformed`
 */
export function decodeAnchor(about: ByteReader, keys: ByteReader): TrustAnchor {
  const subject = about.bytes16()
  const notBefore = 0
  const notAfter = (about.u16() + 1) * DAY_MS - 1000
  const tag = about.u8()
  if (tag === WHOLE) return { subject, notBefore, notAfter, spki: keys.bytes16() }
  const form = FORMS[tag & ~ODD]
  if (form === undefined) throw about.malformed(`key form ${tag}`)
  const key = keys.bytes(form.bytes)
  return {
    subject,
    notBefore,
    notAfter,
    // A square root costs a millisecond; a connection needs one key of all these.
    get spki() {
      return rebuild(form, key, (tag & ODD) !== 0)
    }
  }
}

function wholeBytes({ before, after, bytes, curve }: KeyForm): number {
  return (before.length + after.length) / 2 + (curve ? 2 * bytes : bytes)
}

function rebuild(form: KeyForm, key: Uint8Array, odd: boolean): Uint8Array {
  const whole = form.curve ? decompressPoint(form.curve, key, odd) : key
  return concat(decodeHex(form.before), whole, decodeHex(form.after))
}
