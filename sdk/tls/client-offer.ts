/** What this client proposes: the ClientHello of RFC 8446 §4.1.2 and the secrets behind it. */
import type { RandomBytes } from '../async/index.ts'
import { ByteWriter } from '../codec/index.ts'
import { CIPHER_SUITES } from './cipher-suite.ts'
import { concat } from './concat.ts'
import { createKeyShare, createKeyShares, type KeyShare } from './key-exchange.ts'
import { frameHandshake, writeVector } from './presentation.ts'
import { EXTENSION_TYPE, HANDSHAKE_TYPE, LEGACY_VERSION, TLS_1_3 } from './protocol-numbers.ts'
import { CERTIFICATE_ONLY_SCHEMES, HANDSHAKE_SCHEMES } from './signature-scheme.ts'

export interface ClientOffer {
  /** The ClientHello, header included. */
  readonly message: Uint8Array
  readonly sessionId: Uint8Array
  /** supported_groups; a HelloRetryRequest may name one that has no share yet. */
  readonly groups: readonly number[]
  readonly shares: readonly KeyShare[]
  readonly alpn: readonly string[]
  /** Extensions sent: the server may answer these and no others (§4.2). */
  readonly extensions: ReadonlySet<number>
  /** The second ClientHello (§4.1.2): same as the first but for key share and cookie. */
  retry(group: number | undefined, cookie: Uint8Array | undefined): Promise<ClientOffer>
}

export interface OfferOptions {
  /** A DNS name in ASCII; `undefined` for an address, which SNI cannot carry (RFC 6066 §3). */
  readonly sniName: string | undefined
  readonly alpn: readonly string[]
  readonly random: RandomBytes
}

const RANDOM_BYTES = 32
const NULL_COMPRESSION = /* @__PURE__ */ Uint8Array.of(1, 0)
const HOST_NAME = 0
const ascii = (text: string): Uint8Array => new TextEncoder().encode(text)

export async function createOffer(options: OfferOptions): Promise<ClientOffer> {
  const { groups, shares } = await createKeyShares()
  const hello: Hello = {
    ...options,
    groups,
    clientRandom: options.random(RANDOM_BYTES),
    // §D.4: a session id that is not empty makes middleboxes see a resumption of TLS 1.2.
    sessionId: options.random(RANDOM_BYTES)
  }
  return buildOffer(hello, shares, undefined)
}

interface Hello extends OfferOptions {
  readonly groups: readonly number[]
  readonly clientRandom: Uint8Array
  readonly sessionId: Uint8Array
}

function buildOffer(hello: Hello, shares: readonly KeyShare[], cookie: Uint8Array | undefined): ClientOffer {
  const extensions = encodeExtensions(hello, shares, cookie)
  const body = new ByteWriter(2048).u16(LEGACY_VERSION).bytes(hello.clientRandom)
  writeVector(body, 1, hello.sessionId)
  writeVector(body, 2, u16List(CIPHER_SUITES.map(suite => suite.id))).bytes(NULL_COMPRESSION)
  const list = new ByteWriter(2048)
  for (const [type, data] of extensions) list.u16(type).bytes16(data)
  writeVector(body, 2, list.finish())
  return {
    message: frameHandshake(HANDSHAKE_TYPE.clientHello, body.finish()),
    sessionId: hello.sessionId,
    groups: hello.groups,
    shares,
    alpn: hello.alpn,
    extensions: new Set(extensions.keys()),
    retry: async (group, answeredCookie) =>
      buildOffer(hello, group === undefined ? shares : [await createKeyShare(group)], answeredCookie)
  }
}

function encodeExtensions(
  hello: Hello,
  shares: readonly KeyShare[],
  cookie: Uint8Array | undefined
): Map<number, Uint8Array> {
  const extensions = new Map<number, Uint8Array>()
  if (hello.sniName !== undefined) {
    const name = new ByteWriter().u8(HOST_NAME).bytes16(ascii(hello.sniName)).finish()
    extensions.set(EXTENSION_TYPE.serverName, vector16(name))
  }
  extensions.set(EXTENSION_TYPE.supportedGroups, vector16(u16List(hello.groups)))
  const schemes = [...HANDSHAKE_SCHEMES.map(scheme => scheme.id), ...CERTIFICATE_ONLY_SCHEMES]
  extensions.set(EXTENSION_TYPE.signatureAlgorithms, vector16(u16List(schemes)))
  if (hello.alpn.length > 0) {
    const protocols = hello.alpn.map(name => writeVector(new ByteWriter(), 1, ascii(name)).finish())
    extensions.set(EXTENSION_TYPE.applicationLayerProtocolNegotiation, vector16(concat(...protocols)))
  }
  extensions.set(EXTENSION_TYPE.supportedVersions, writeVector(new ByteWriter(), 1, u16List([TLS_1_3])).finish())
  if (cookie !== undefined) extensions.set(EXTENSION_TYPE.cookie, vector16(cookie))
  const entries = shares.map(share => new ByteWriter().u16(share.group).bytes16(share.publicKey).finish())
  extensions.set(EXTENSION_TYPE.keyShare, vector16(concat(...entries)))
  return extensions
}

function vector16(bytes: Uint8Array): Uint8Array {
  return writeVector(new ByteWriter(bytes.length + 2), 2, bytes).finish()
}

function u16List(values: readonly number[]): Uint8Array {
  const writer = new ByteWriter()
  for (const value of values) writer.u16(value)
  return writer.finish()
}
