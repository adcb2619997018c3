/** The numbers of RFC 8446 that this client uses, under the names the RFC gives them. */

/** §5.1 ContentType. */
export const CONTENT_TYPE = { changeCipherSpec: 20, alert: 21, handshake: 22, applicationData: 23 } as const

/** §4 HandshakeType. */
export const HANDSHAKE_TYPE = {
  clientHello: 1,
  serverHello: 2,
  newSessionTicket: 4,
  encryptedExtensions: 8,
  certificate: 11,
  certificateRequest: 13,
  certificateVerify: 15,
  finished: 20,
  keyUpdate: 24,
  messageHash: 254
} as const

/** §4.2 ExtensionType. */
export const EXTENSION_TYPE = {
  serverName: 0,
  supportedGroups: 10,
  signatureAlgorithms: 13,
  applicationLayerProtocolNegotiation: 16,
  preSharedKey: 41,
  earlyData: 42,
  supportedVersions: 43,
  cookie: 44,
  keyShare: 51
} as const

/** §4.1.2: what the version fields of TLS 1.3 say for the sake of middleboxes. */
export const LEGACY_VERSION = 0x0303
/** §4.2.1. */
export const TLS_1_3 = 0x0304
/** §5.1: most bytes of content in one record. */
export const MAX_PLAINTEXT_BYTES = 2 ** 14
/** §5.2: most bytes of a protected record's body. */
export const MAX_CIPHERTEXT_BYTES = MAX_PLAINTEXT_BYTES + 256
export const RECORD_HEADER_BYTES = 5
export const HANDSHAKE_HEADER_BYTES = 4
