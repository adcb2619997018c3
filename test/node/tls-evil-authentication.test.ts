/** Servers that cannot prove who they are, or speak out of turn: refused, and no data is believed before Finished. */
import { describe } from 'vitest'
import { makeLeaf, makeRoot, testKey } from '../kit/certificate-maker.ts'
import {
  certificateRequest,
  type EvilCase,
  hello,
  leaf,
  refuses,
  rsaLeaf,
  sayHello,
  untilCertificate,
  untilVerify,
  verifyWith
} from '../kit/meet-tls-server.ts'
import { handshake, record, u8, u16, vector16 } from '../kit/scripted-tls-server.ts'

const authentication: readonly EvilCase[] = [
  [
    'unexpected_message',
    'no CertificateVerify, all else right',
    async s => {
      await s.helloFlight()
      await s.send(s.encryptedExtensions())
      await s.send(s.certificate())
      await s.send(s.finished())
      s.useApplicationKeys()
      await sayHello(s)
    }
  ],
  [
    'unexpected_message',
    'no Certificate and no CertificateVerify',
    async s => {
      await s.helloFlight()
      await s.send(s.encryptedExtensions())
      await s.send(s.finished())
      s.useApplicationKeys()
      await sayHello(s)
    }
  ],
  [
    'unexpected_message',
    'CertificateVerify without Certificate',
    async s => {
      await s.helloFlight()
      await s.send(s.encryptedExtensions())
      await s.send(s.certificateVerify())
    }
  ],
  [
    'decrypt_error',
    'CertificateVerify by another key',
    async s => verifyWith(s, { key: testKey('P-256', 'thief').privateKey })
  ],
  ['decrypt_error', 'CertificateVerify over another transcript', async s => verifyWith(s, { hash: Buffer.alloc(32) })],
  [
    'decrypt_error',
    "CertificateVerify with the client's context",
    async s => verifyWith(s, { context: 'TLS 1.3, client CertificateVerify' })
  ],
  ['illegal_parameter', 'a scheme of another curve', async s => verifyWith(s, { scheme: 0x0503 })],
  ['illegal_parameter', 'ECDSA with SHA-1', async s => verifyWith(s, { scheme: 0x0203 })],
  [
    'illegal_parameter',
    'PKCS#1 signature',
    async s => {
      s.certificates.splice(0, 1, rsaLeaf.der)
      await verifyWith(s, { scheme: 0x0401, key: testKey('rsa-2048', 'leaf').privateKey })
    }
  ],
  ['illegal_parameter', 'RSA scheme with an ECDSA key', async s => verifyWith(s, { scheme: 0x0804 })],
  [
    'decrypt_error',
    'a signature that is not DER',
    async s => {
      await untilCertificate(s)
      await s.send(handshake(15, Buffer.concat([u16(0x0403), vector16(Buffer.alloc(70, 1))])))
    }
  ],
  [
    'decrypt_error',
    'an empty signature',
    async s => {
      await untilCertificate(s)
      await s.send(handshake(15, Buffer.concat([u16(0x0403), vector16()])))
    }
  ],
  [
    'decrypt_error',
    'Finished of zeros',
    async s => {
      await untilVerify(s)
      await s.send(handshake(20, Buffer.alloc(32)))
    }
  ],
  [
    'decrypt_error',
    'Finished too short',
    async s => {
      await untilVerify(s)
      await s.send(handshake(20, Buffer.alloc(31)))
    }
  ],
  [
    'decrypt_error',
    'Finished with a byte more',
    async s => {
      await untilVerify(s)
      const body = s.finished().subarray(4)
      await s.send(handshake(20, Buffer.concat([body, u8(0)])))
    }
  ],
  [
    'unknown_ca',
    'a chain to an unknown root',
    async s => {
      s.certificates.splice(0, 1, makeLeaf(makeRoot('Stranger')).der)
      await untilVerify(s)
    },
    'tls-certificate-untrusted'
  ],
  [
    'bad_certificate',
    'bytes that are no certificate',
    async s => {
      s.certificates.splice(0, 1, Buffer.alloc(300, 0x30))
      await untilVerify(s)
    },
    'tls-certificate-invalid'
  ],
  [
    'bad_certificate',
    '65 certificates',
    async s => {
      s.certificates.push(...new Array(64).fill(leaf.der))
      await untilVerify(s)
    },
    'tls-certificate-invalid'
  ],
  [
    'decode_error',
    'an empty certificate list',
    async s => {
      s.certificates.splice(0)
      await untilVerify(s)
    },
    'tls-certificate-invalid'
  ]
]

const order: readonly EvilCase[] = [
  [
    'unexpected_message',
    'Certificate before EncryptedExtensions',
    async s => {
      await s.helloFlight()
      await s.send(s.certificate())
    }
  ],
  [
    'unexpected_message',
    'EncryptedExtensions twice',
    async s => {
      await s.helloFlight()
      await s.send(s.encryptedExtensions(), s.encryptedExtensions())
    }
  ],
  [
    'unexpected_message',
    'Certificate twice',
    async s => {
      await untilCertificate(s)
      await s.send(s.certificate())
    }
  ],
  [
    'unexpected_message',
    'CertificateVerify twice',
    async s => {
      await untilVerify(s)
      await s.send(s.certificateVerify())
    }
  ],
  [
    'unexpected_message',
    'Finished twice',
    async s => {
      await s.honestFlight()
      await s.raw(s.sealed(22, s.finished()))
    }
  ],
  [
    'unexpected_message',
    'Finished right after ServerHello',
    async s => {
      await s.helloFlight()
      await s.send(s.finished())
    }
  ],
  [
    'unexpected_message',
    'ServerHello twice',
    async s => {
      await s.helloFlight()
      await s.send(s.serverHello())
    }
  ],
  [
    'unexpected_message',
    'CertificateRequest twice',
    async s => {
      await s.helloFlight()
      await s.send(s.encryptedExtensions())
      await s.send(certificateRequest, certificateRequest)
    }
  ],
  [
    'unexpected_message',
    'CertificateRequest after Certificate',
    async s => {
      await untilCertificate(s)
      await s.send(certificateRequest)
    }
  ],
  [
    'unexpected_message',
    'KeyUpdate before Finished',
    async s => {
      await untilVerify(s)
      await s.send(handshake(24, u8(0)))
    }
  ],
  [
    'unexpected_message',
    'a ticket before Finished',
    async s => {
      await untilVerify(s)
      await s.send(handshake(4, Buffer.alloc(20)))
    }
  ],
  [
    'unexpected_message',
    'a message of unknown type',
    async s => {
      await s.helloFlight()
      await s.send(handshake(99, Buffer.alloc(4)))
    }
  ],
  [
    'unexpected_message',
    'Certificate in the clear',
    async s => {
      await s.readHello()
      await s.send(s.serverHello())
      await s.raw(record(22, s.certificate()))
    }
  ],
  [
    'unexpected_message',
    'EncryptedExtensions instead of ServerHello',
    async s => {
      await s.readHello()
      await s.send(s.encryptedExtensions())
    }
  ],
  [
    'unexpected_message',
    'ServerHello with EncryptedExtensions behind it in the clear',
    async s => {
      await s.readHello()
      await s.send(s.serverHello(), s.encryptedExtensions())
    }
  ],
  [
    'unexpected_message',
    'Finished with half a message behind it',
    async s => {
      await untilVerify(s)
      await s.send(s.finished(), Buffer.from([4, 0, 0]))
    }
  ]
]

const dataBeforeItsTime: readonly EvilCase[] = [
  [
    'unexpected_message',
    'data before ServerHello',
    async s => {
      await s.readHello()
      await s.raw(record(23, hello))
    }
  ],
  [
    'unexpected_message',
    'data after ServerHello',
    async s => {
      await s.helloFlight()
      await s.raw(s.sealed(23, hello))
    }
  ],
  [
    'unexpected_message',
    'data before CertificateVerify',
    async s => {
      await untilCertificate(s)
      await s.raw(s.sealed(23, hello))
    }
  ],
  [
    'unexpected_message',
    'data before Finished',
    async s => {
      await untilVerify(s)
      await s.raw(s.sealed(23, hello))
    }
  ],
  [
    'unexpected_message',
    'data inside a handshake message',
    async s => {
      await s.helloFlight()
      await s.raw(s.sealed(22, Buffer.from([8, 0])), s.sealed(23, hello))
    }
  ]
]

describe('a server that breaks the rules: Authentication', () => {
  refuses(authentication)
})

describe('a server that breaks the rules: Order', () => {
  refuses(order)
})

describe('a server that breaks the rules: Data before its time', () => {
  refuses(dataBeforeItsTime)
})
