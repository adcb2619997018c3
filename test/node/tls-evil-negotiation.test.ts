/** Servers that answer what was not offered (RFC 8446 §4.1 to §4.4): refused, each with the alert the RFC names. */
import { describe } from 'vitest'
import {
  downgrade,
  type EvilCase,
  extensionsWith,
  hello,
  helloWith,
  leaf,
  refuses,
  retryWith
} from '../kit/meet-tls-server.ts'
import { extension, handshake, u8, u16, vector8, vector16 } from '../kit/scripted-tls-server.ts'

const serverhello: readonly EvilCase[] = [
  ['illegal_parameter', 'another session id', async s => helloWith(s, { sessionId: Buffer.alloc(32) })],
  ['illegal_parameter', 'no session id', async s => helloWith(s, { sessionId: Buffer.alloc(0) })],
  ['illegal_parameter', 'a suite not offered', async s => helloWith(s, { suite: 0x1304 })],
  ['illegal_parameter', 'a suite of TLS 1.2', async s => helloWith(s, { suite: 0xc02f })],
  ['illegal_parameter', 'compression', async s => helloWith(s, { compression: 1 })],
  ['illegal_parameter', 'legacy_version 0x0304', async s => helloWith(s, { version: 0x0304 })],
  [
    'illegal_parameter',
    'supported_versions TLS 1.2',
    async s => helloWith(s, { extensions: [extension(43, u16(0x0303)), s.keyShare()] })
  ],
  [
    'illegal_parameter',
    'an extension twice',
    async s => helloWith(s, { extensions: [extension(43, u16(0x0304)), s.keyShare(), s.keyShare()] })
  ],
  [
    'unsupported_extension',
    'an extension that does not belong here',
    async s => helloWith(s, { extensions: [extension(43, u16(0x0304)), s.keyShare(), extension(0, Buffer.alloc(0))] })
  ],
  [
    'unsupported_extension',
    'a pre-shared key nobody offered',
    async s => helloWith(s, { extensions: [extension(43, u16(0x0304)), s.keyShare(), extension(41, u16(0))] })
  ],
  ['missing_extension', 'no key share', async s => helloWith(s, { extensions: [extension(43, u16(0x0304))] })],
  [
    'illegal_parameter',
    'a key share of a group without a key',
    async s => helloWith(s, { extensions: [extension(43, u16(0x0304)), s.keyShare(Buffer.alloc(65, 4), 0x17)] })
  ],
  [
    'illegal_parameter',
    'a key share of the wrong length',
    async s => helloWith(s, { extensions: [extension(43, u16(0x0304)), s.keyShare(Buffer.alloc(31, 9))] })
  ],
  [
    'illegal_parameter',
    'a key share of zeros',
    async s => helloWith(s, { extensions: [extension(43, u16(0x0304)), s.keyShare(Buffer.alloc(32))] })
  ],
  [
    'illegal_parameter',
    'a key share of small order',
    async s =>
      helloWith(s, { extensions: [extension(43, u16(0x0304)), s.keyShare(Buffer.from(`01${'00'.repeat(31)}`, 'hex'))] })
  ],
  ['decode_error', 'a byte too many', async s => helloWith(s, { trailing: u8(0) })],
  [
    'decode_error',
    'cut in the middle of its random',
    async s => {
      await s.readHello()
      await s.send(handshake(2, Buffer.alloc(20, 3)))
    }
  ],
  [
    'illegal_parameter',
    'the mark of a downgrade to TLS 1.2',
    async s => helloWith(s, { extensions: [], random: downgrade(1), suite: 0xc02f })
  ],
  [
    'illegal_parameter',
    'the mark of a downgrade to TLS 1.1',
    async s => helloWith(s, { extensions: [], random: downgrade(0), suite: 0xc013, version: 0x0302 })
  ],
  [
    'protocol_version',
    'TLS 1.2 without a mark',
    async s => helloWith(s, { extensions: [], suite: 0xc02f }),
    'tls-version-unsupported'
  ],
  [
    'protocol_version',
    'SSL 3',
    async s => helloWith(s, { extensions: [], suite: 5, version: 0x0300 }),
    'tls-version-unsupported'
  ]
]

const helloretryrequest: readonly EvilCase[] = [
  ['illegal_parameter', 'a retry that changes nothing', async s => retryWith(s)],
  ['illegal_parameter', 'a retry for a group not offered', async s => retryWith(s, extension(51, u16(0x19)))],
  ['illegal_parameter', 'a retry for a key already sent', async s => retryWith(s, extension(51, u16(0x1d)))],
  [
    'unsupported_extension',
    'a retry with a foreign extension',
    async s => retryWith(s, extension(51, u16(0x17)), extension(16, Buffer.alloc(0)))
  ],
  [
    'illegal_parameter',
    'a retry with a cookie too large to send back',
    async s => retryWith(s, extension(44, vector16(Buffer.alloc(60_000))))
  ],
  ['decode_error', 'a retry with an empty cookie', async s => retryWith(s, extension(44, vector16()))],
  [
    'unexpected_message',
    'two retries',
    async s => {
      await retryWith(s, extension(51, u16(0x17)))
      await s.readHello()
      await s.send(s.retryRequest(extension(51, u16(0x18))))
    }
  ],
  [
    'illegal_parameter',
    'another suite after the retry',
    async s => {
      await retryWith(s, extension(44, vector16(hello)))
      await s.readHello()
      await s.send(s.serverHello({ suite: 0x1303 }))
    }
  ],
  [
    'illegal_parameter',
    'another group after the retry',
    async s => {
      await retryWith(s, extension(51, u16(0x17)))
      await s.readHello()
      await s.send(s.serverHello())
    }
  ]
]

const extensionsFurtherOn: readonly EvilCase[] = [
  [
    'unsupported_extension',
    'EncryptedExtensions with one not offered',
    async s => extensionsWith(s, extension(28, u16(0x4001)))
  ],
  [
    'unsupported_extension',
    'EncryptedExtensions with ALPN not offered',
    async s => extensionsWith(s, extension(16, vector16(vector8(Buffer.from('h2')))))
  ],
  ['illegal_parameter', 'EncryptedExtensions with a key share', async s => extensionsWith(s, s.keyShare())],
  [
    'illegal_parameter',
    'EncryptedExtensions with one twice',
    async s => extensionsWith(s, extension(10, vector16(u16(0x1d))), extension(10, vector16(u16(0x1d))))
  ],
  ['decode_error', 'EncryptedExtensions with a name for us', async s => extensionsWith(s, extension(0, u8(1)))],
  ['unsupported_extension', 'early data nobody sent', async s => extensionsWith(s, extension(42, Buffer.alloc(0)))],
  [
    'unsupported_extension',
    'Certificate with an extension',
    async s => {
      await s.helloFlight()
      await s.send(s.encryptedExtensions())
      await s.send(s.certificate(s.certificates, extension(5, u8(1))))
    }
  ],
  [
    'illegal_parameter',
    'Certificate with a request context',
    async s => {
      await s.helloFlight()
      await s.send(s.encryptedExtensions())
      await s.send(s.certificate(s.certificates, Buffer.alloc(0), u8(1)))
    }
  ],
  [
    'missing_extension',
    'CertificateRequest without signature_algorithms',
    async s => {
      await s.helloFlight()
      await s.send(s.encryptedExtensions())
      await s.send(handshake(13, Buffer.concat([vector8(), vector16()])))
    }
  ],
  [
    'decode_error',
    'Certificate with a length beyond its end',
    async s => {
      await s.helloFlight()
      await s.send(s.encryptedExtensions())
      await s.send(handshake(11, Buffer.concat([vector8(), Buffer.from([0, 0xff, 0xff]), leaf.der])))
    }
  ],
  [
    'illegal_parameter',
    'a message of 16 MiB announced',
    async s => {
      await s.helloFlight()
      await s.raw(s.sealed(22, Buffer.from([11, 0xff, 0xff, 0xff])))
    }
  ],
  [
    'illegal_parameter',
    'a Finished of 70,000 bytes announced',
    async s => {
      await s.helloFlight()
      await s.raw(s.sealed(22, Buffer.from([20, 1, 0x11, 0x70])))
    }
  ]
]

describe('a server that breaks the rules: ServerHello', () => {
  refuses(serverhello)
})

describe('a server that breaks the rules: HelloRetryRequest', () => {
  refuses(helloretryrequest)
})

describe('a server that breaks the rules: Extensions further on', () => {
  refuses(extensionsFurtherOn)
})
