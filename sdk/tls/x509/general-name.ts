import { invalidCertificate } from './certificate-error.ts'
import { contextConstructed, contextPrimitive, type DerReader, derWhole, TAG } from './der.ts'

/** GeneralName of RFC 5280 §4.2.1.6; forms that prove nothing to a TLS client keep their number only. */
export type GeneralName =
  | { readonly kind: 'dns'; readonly name: string }
  | { readonly kind: 'ip'; readonly address: Uint8Array }
  | { readonly kind: 'directory'; readonly name: Uint8Array }
  | { readonly kind: 'other'; readonly form: number }

/** RFC 1035 §3.1, and what a constraint may put before it. */
const MAX_DNS_BYTES = 255

const DNS = contextPrimitive(2)
const DIRECTORY = contextConstructed(4)
const IP = contextPrimitive(7)

/** @throws CraftecError `tls-certificate-invalid` */
export function readGeneralName(reader: DerReader): GeneralName {
  const { tag, content } = reader.any()
  if ((tag & 0xc0) !== 0x80) throw invalidCertificate('a GeneralName with a foreign tag')
  if (tag === DNS) {
    // IA5String. What else may stand in a host name is the matcher's business: it compares, it does not repair.
    if (content.some(byte => byte > 0x7f)) throw invalidCertificate('a DNS name that is not ASCII')
    if (content.length > MAX_DNS_BYTES) throw invalidCertificate(`a DNS name of ${content.length} bytes`)
    return { kind: 'dns', name: String.fromCharCode(...content) }
  }
  if (tag === IP) return { kind: 'ip', address: content }
  if (tag === DIRECTORY) {
    return { kind: 'directory', name: directoryName(content) }
  }
  return { kind: 'other', form: tag & 0x1f }
}

/** Name is a CHOICE, so its tag is explicit. */
function directoryName(content: Uint8Array): Uint8Array {
  derWhole(content, TAG.sequence)
  return content
}

/** SubjectAltName. @throws CraftecError `tls-certificate-invalid`, also for an address that is neither IPv4 nor IPv6 */
export function readSubjectAltName(value: Uint8Array): readonly GeneralName[] {
  const list = derWhole(value, TAG.sequence)
  const names: GeneralName[] = []
  while (!list.done) {
    const name = readGeneralName(list)
    if (name.kind === 'ip' && name.address.length !== 4 && name.address.length !== 16)
      throw invalidCertificate('an address that is neither IPv4 nor IPv6')
    names.push(name)
  }
  if (names.length === 0) throw invalidCertificate('an empty subjectAltName')
  return names
}
