/** ServerHello and HelloRetryRequest, RFC 8446 §4.1.3 and §4.1.4: decoded and held against what was offered. */
import { type ByteReader, decodeHex } from '../codec/index.ts'
import { constantTimeEqual } from '../crypto/index.ts'
import { tlsError } from './alert.ts'
import { CIPHER_SUITES, type CipherSuite } from './cipher-suite.ts'
import type { ClientOffer } from './client-offer.ts'
import { decodeWhole, readExtensions, readVector } from './presentation.ts'
import { EXTENSION_TYPE, LEGACY_VERSION, TLS_1_3 } from './protocol-numbers.ts'

export type ServerHello =
  | { readonly kind: 'hello'; readonly suite: CipherSuite; readonly group: number; readonly publicKey: Uint8Array }
  | {
      readonly kind: 'retry'
      readonly suite: CipherSuite
      readonly group: number | undefined
      readonly cookie: Uint8Array | undefined
    }

const RANDOM_BYTES = 32
/** §4.2.2 allows 64 KiB, which would not fit into one record beside the rest; servers use some hundred bytes. */
const MAX_COOKIE_BYTES = 8192
/** SHA-256 of "HelloRetryRequest" (§4.1.3). */
const RETRY_RANDOM = 'cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c'
/** "DOWNGRD", then 1 for TLS 1.2 or 0 for less (§4.1.3). */
const DOWNGRADE = [0x44, 0x4f, 0x57, 0x4e, 0x47, 0x52, 0x44] as const

/**
 * @throws CraftecError `tls-version-unsupported` when the server chose an older TLS and does not claim to know better,
 *   `tls-protocol-violation` for everything the offer does not allow
 */
export function decodeServerHello(body: Uint8Array, offer: ClientOffer): ServerHello {
  return decodeWhole(body, 'ServerHello', reader => readServerHello(reader, offer))
}

function readServerHello(reader: ByteReader, offer: ClientOffer): ServerHello {
  const version = reader.u16()
  const random = reader.bytes(RANDOM_BYTES)
  const sessionId = readVector(reader, 0, 32)
  const suiteId = reader.u16()
  const compression = reader.u8()
  // TLS 1.2 and before may end here.
  const extensions = reader.remaining === 0 ? new Map<number, Uint8Array>() : readExtensions(reader)

  const selected = extensions.get(EXTENSION_TYPE.supportedVersions)
  if (selected === undefined) throw olderVersion(version, random)
  if (decodeWhole(selected, 'supported_versions', r => r.u16()) !== TLS_1_3)
    throw tlsError('illegal_parameter', 'the server selected a version that was not offered')
  if (version !== LEGACY_VERSION) throw tlsError('illegal_parameter', 'legacy_version of ServerHello is not 0x0303')
  if (!constantTimeEqual(sessionId, offer.sessionId))
    throw tlsError('illegal_parameter', 'the server did not echo the session id')
  if (compression !== 0) throw tlsError('illegal_parameter', 'the server selected compression')
  const suite = CIPHER_SUITES.find(candidate => candidate.id === suiteId)
  if (suite === undefined)
    throw tlsError('illegal_parameter', 'the server selected a cipher suite that was not offered')

  return constantTimeEqual(random, decodeHex(RETRY_RANDOM))
    ? readRetry(extensions, suite, offer)
    : readKeyShare(extensions, suite, offer)
}

function readKeyShare(extensions: Map<number, Uint8Array>, suite: CipherSuite, offer: ClientOffer): ServerHello {
  refuseOthers(extensions, [EXTENSION_TYPE.supportedVersions, EXTENSION_TYPE.keyShare], 'ServerHello')
  const data = extensions.get(EXTENSION_TYPE.keyShare)
  if (data === undefined) throw tlsError('missing_extension', 'ServerHello has no key share')
  const share = decodeWhole(data, 'key_share', reader => ({
    group: reader.u16(),
    publicKey: readVector(reader, 1, 0xffff)
  }))
  if (!offer.shares.some(offered => offered.group === share.group))
    throw tlsError('illegal_parameter', 'the server answered with a group that no key was sent for')
  return { kind: 'hello', suite, ...share }
}

function readRetry(extensions: Map<number, Uint8Array>, suite: CipherSuite, offer: ClientOffer): ServerHello {
  const { supportedVersions, keyShare, cookie: cookieType } = EXTENSION_TYPE
  refuseOthers(extensions, [supportedVersions, keyShare, cookieType], 'HelloRetryRequest')
  const groupData = extensions.get(keyShare)
  const group = groupData && decodeWhole(groupData, 'key_share', reader => reader.u16())
  const cookieData = extensions.get(cookieType)
  const cookie = cookieData && decodeWhole(cookieData, 'cookie', reader => readVector(reader, 1, 0xffff))
  if (cookie !== undefined && cookie.length > MAX_COOKIE_BYTES)
    throw tlsError('illegal_parameter', `a cookie of ${cookie.length} bytes; at most ${MAX_COOKIE_BYTES} are sent back`)
  if (group === undefined && cookie === undefined)
    throw tlsError('illegal_parameter', 'HelloRetryRequest asks for no change')
  if (group !== undefined) {
    if (!offer.groups.includes(group))
      throw tlsError('illegal_parameter', 'HelloRetryRequest asks for a group that was not offered')
    if (offer.shares.some(share => share.group === group))
      throw tlsError('illegal_parameter', 'HelloRetryRequest asks for a key that was already sent')
  }
  return { kind: 'retry', suite, group, cookie }
}

function refuseOthers(extensions: Map<number, Uint8Array>, allowed: readonly number[], where: string): void {
  for (const type of extensions.keys())
    if (!allowed.includes(type)) throw tlsError('unsupported_extension', `extension ${type} in ${where}`)
}

/** A server that knows TLS 1.3 marks its random when it falls back: then somebody tampered with what was offered (§4.1.3). */
function olderVersion(version: number, random: Uint8Array): Error {
  const tail = random.subarray(RANDOM_BYTES - 8)
  const last = tail[7]
  if (DOWNGRADE.every((byte, at) => tail[at] === byte) && (last === 0 || last === 1))
    return tlsError('illegal_parameter', 'the server saw an older offer than was sent: a downgrade attack')
  if (version === TLS_1_3 || version > TLS_1_3)
    return tlsError('illegal_parameter', 'legacy_version of ServerHello is not 0x0303')
  return tlsError('protocol_version', 'the server does not speak TLS 1.3', { code: 'tls-version-unsupported' })
}
