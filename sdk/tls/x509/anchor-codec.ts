/** The short form of a trust anchor in the built-in list: name, times, and of the key only what is not the same everywhere. */
import type { ByteReader, ByteWriter } from '../../codec/index.ts'
import { decodeHex } from '../../codec/index.ts'
import { concat } from '../concat.ts'
import { sameBytes } from './certificate.ts'
import type { TrustAnchor } from './trust-anchor.ts'

interface KeyForm {
  readonly before: string
  readonly keyBytes: number
  readonly after: string
}

/** What surrounds the key in SubjectPublicKeyInfo; DER makes it a constant for each kind and size. */
const FORMS: readonly KeyForm[] = [
  {
    before: '30820122300d06092a864886f70d01010105000382010f003082010a0282010100',
    keyBytes: 256, // RSA 2048
    after: '0203010001'
  },
  {
    before: '30820222300d06092a864886f70d01010105000382020f003082020a0282020100',
    keyBytes: 512, // RSA 4096
    after: '0203010001'
  },
  { before: '3059301306072a8648ce3d020106082a8648ce3d03010703420004', keyBytes: 64, after: '' }, // P-256
  { before: '3076301006072a8648ce3d020106052b8104002203620004', keyBytes: 96, after: '' } // P-384
]
/** Written instead of a form's number: the whole SubjectPublicKeyInfo follows. */
const WHOLE = 0xff

export function encodeAnchor(writer: ByteWriter, anchor: TrustAnchor): void {
  const { subject, spki } = anchor
  writer
    .bytes16(subject)
    .u32(anchor.notBefore / 1000)
    .u32(anchor.notAfter / 1000)
  for (const [number, form] of FORMS.entries()) {
    const start = form.before.length / 2
    const key = spki.subarray(start, start + form.keyBytes)
    if (!sameBytes(spki, rebuild(form, key))) continue
    writer.u8(number).bytes(key)
    return
  }
  writer.u8(WHOLE).bytes16(spki)
}

/** @throws CraftecError `malformed` */
export function decodeAnchor(reader: ByteReader): TrustAnchor {
  const subject = reader.bytes16()
  const notBefore = reader.u32() * 1000
  const notAfter = reader.u32() * 1000
  const number = reader.u8()
  if (number === WHOLE) return { subject, notBefore, notAfter, spki: reader.bytes16() }
  const form = FORMS[number]
  if (form === undefined) throw reader.malformed(`key form ${number}`)
  return { subject, notBefore, notAfter, spki: rebuild(form, reader.bytes(form.keyBytes)) }
}

function rebuild(form: KeyForm, key: Uint8Array): Uint8Array {
  return concat(decodeHex(form.before), key, decodeHex(form.after))
}
