/** The encrypted messages of the server's flight and after it, RFC 8446 §4.3 to §4.6: bytes to values. */
import { ByteReader } from '../codec/index.ts'
import { tlsError } from './alert.ts'
import type { ClientOffer } from './client-offer.ts'
import { decodeWhole, readExtensions, readVector } from './presentation.ts'
import { EXTENSION_TYPE } from './protocol-numbers.ts'

/** More than any server needs; path building looks at all of them. */
const MAX_CERTIFICATES = 64
const MAX_U24 = 0xffffff
const WEEK_SECONDS = 604_800

/** @returns the protocol that ALPN agreed on, if any @throws CraftecError `tls-protocol-violation` */
export function decodeEncryptedExtensions(body: Uint8Array, offer: ClientOffer): string | undefined {
  const extensions = decodeWhole(body, 'EncryptedExtensions', reader => readExtensions(reader))
  for (const type of extensions.keys())
    if (!offer.extensions.has(type) || NOT_IN_ENCRYPTED_EXTENSIONS.has(type))
      throw tlsError(
        offer.extensions.has(type) ? 'illegal_parameter' : 'unsupported_extension',
        `extension ${type} in EncryptedExtensions`
      )
  const name = extensions.get(EXTENSION_TYPE.serverName)
  if (name !== undefined && name.length !== 0) throw tlsError('decode_error', 'server_name is not empty')
  const alpn = extensions.get(EXTENSION_TYPE.applicationLayerProtocolNegotiation)
  return alpn && decodeAlpn(alpn, offer)
}

/** §4.2: where an extension may stand. Of what we offer, these belong into other messages. */
const NOT_IN_ENCRYPTED_EXTENSIONS: ReadonlySet<number> = /* @__PURE__ */ new Set([
  EXTENSION_TYPE.keyShare,
  EXTENSION_TYPE.supportedVersions,
  EXTENSION_TYPE.signatureAlgorithms,
  EXTENSION_TYPE.cookie
])

/** RFC 7301 §3.1: exactly one name, and one of ours. */
function decodeAlpn(data: Uint8Array, offer: ClientOffer): string {
  const name = decodeWhole(data, 'ALPN', reader => {
    const list = new ByteReader(readVector(reader, 2, 0xffff), 'ALPN')
    const only = readVector(list, 1, 0xff)
    list.end()
    return only
  })
  const chosen = offer.alpn.find(offered => offered === String.fromCharCode(...name))
  if (chosen === undefined) throw tlsError('illegal_parameter', 'the server chose a protocol that was not offered')
  return chosen
}

/**
 * @returns the certificates in DER, the server's own first
 * @throws CraftecError `tls-protocol-violation`; `tls-certificate-invalid` when there is none
 */
export function decodeCertificate(body: Uint8Array): readonly Uint8Array[] {
  return decodeWhole(body, 'Certificate', reader => {
    if (readVector(reader, 0, 0xff).length !== 0)
      throw tlsError('illegal_parameter', 'certificate_request_context of a server is not empty')
    const list = new ByteReader(readVector(reader, 0, MAX_U24), 'Certificate')
    const certificates: Uint8Array[] = []
    while (list.remaining > 0) {
      if (certificates.length === MAX_CERTIFICATES)
        throw tlsError('bad_certificate', `more than ${MAX_CERTIFICATES} certificates`, {
          code: 'tls-certificate-invalid'
        })
      certificates.push(readVector(list, 1, MAX_U24))
      // Nothing was asked for that would be answered here (status_request, SCT).
      if (readExtensions(list).size > 0)
        throw tlsError('unsupported_extension', 'an extension in Certificate that was not asked for')
    }
    // §4.4.2.4 names this alert.
    if (certificates.length === 0)
      throw tlsError('decode_error', 'the server sent no certificate', { code: 'tls-certificate-invalid' })
    return certificates
  })
}

export function decodeCertificateVerify(body: Uint8Array): {
  readonly scheme: number
  readonly signature: Uint8Array
} {
  return decodeWhole(body, 'CertificateVerify', reader => ({
    scheme: reader.u16(),
    signature: readVector(reader, 0, 0xffff)
  }))
}

/** Checked for form only: this client has no certificate to send. */
export function decodeCertificateRequest(body: Uint8Array): void {
  decodeWhole(body, 'CertificateRequest', reader => {
    if (readVector(reader, 0, 0xff).length !== 0)
      throw tlsError('illegal_parameter', 'certificate_request_context in the handshake is not empty')
    if (!readExtensions(reader).has(EXTENSION_TYPE.signatureAlgorithms))
      throw tlsError('missing_extension', 'CertificateRequest has no signature_algorithms')
  })
}

/** Checked for form only: tickets are not used, since they would let a server link sessions. */
export function decodeNewSessionTicket(body: Uint8Array): void {
  decodeWhole(body, 'NewSessionTicket', reader => {
    if (reader.u32() > WEEK_SECONDS) throw tlsError('illegal_parameter', 'a ticket that lives longer than a week')
    reader.u32()
    readVector(reader, 0, 0xff)
    readVector(reader, 1, 0xffff)
    readExtensions(reader, 0xfffe)
  })
}

/** @returns whether the server asks for an update of our key as well */
export function decodeKeyUpdate(body: Uint8Array): boolean {
  const request = decodeWhole(body, 'KeyUpdate', reader => reader.u8())
  if (request > 1) throw tlsError('illegal_parameter', `KeyUpdate with request ${request}`)
  return request === 1
}
