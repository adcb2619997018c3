/** Servers that break the rules once the handshake is over (RFC 8446 §4.6, §6): refused as strictly as before it. */
import { describe } from 'vitest'
import { certificateRequest, closeNotify, type EvilCase, hello, refuses, ticket } from '../kit/meet-tls-server.ts'
import { handshake, record, u8 } from '../kit/scripted-tls-server.ts'

const afterTheHandshake: readonly EvilCase[] = [
  [
    'unexpected_message',
    'HelloRequest: renegotiation',
    async s => {
      await s.honestFlight()
      await s.raw(s.sealed(22, handshake(0, Buffer.alloc(0))))
    }
  ],
  [
    'unexpected_message',
    'a second ServerHello',
    async s => {
      await s.honestFlight()
      await s.raw(s.sealed(22, s.serverHello()))
    }
  ],
  [
    'unexpected_message',
    'CertificateRequest',
    async s => {
      await s.honestFlight()
      await s.raw(s.sealed(22, certificateRequest))
    }
  ],
  [
    'illegal_parameter',
    'KeyUpdate of 2',
    async s => {
      await s.honestFlight()
      await s.raw(s.sealed(22, handshake(24, u8(2))))
    }
  ],
  [
    'decode_error',
    'KeyUpdate of nothing',
    async s => {
      await s.honestFlight()
      await s.raw(s.sealed(22, handshake(24, Buffer.alloc(0))))
    }
  ],
  [
    'unexpected_message',
    'KeyUpdate with more behind it',
    async s => {
      await s.honestFlight()
      await s.raw(s.sealed(22, Buffer.concat([handshake(24, u8(0)), handshake(24, u8(0))])))
    }
  ],
  [
    'bad_record_mac',
    'KeyUpdate and no new key',
    async s => {
      await s.honestFlight()
      await s.raw(s.sealed(22, handshake(24, u8(0))), s.sealed(23, hello))
    }
  ],
  [
    'unexpected_message',
    'a flood of key updates',
    async s => {
      await s.honestFlight()
      for (let count = 0; count < 100; count++) {
        await s.raw(s.sealed(22, handshake(24, u8(1))))
        s.updateWriteKeys()
      }
    }
  ],
  [
    'unexpected_message',
    'a flood of tickets',
    async s => {
      await s.honestFlight()
      for (let count = 0; count < 100; count++) await s.raw(s.sealed(22, ticket(100)))
    }
  ],
  [
    'unexpected_message',
    'a flood of empty records',
    async s => {
      await s.honestFlight()
      for (let count = 0; count < 100; count++) await s.raw(s.sealed(23, Buffer.alloc(0), 1))
    }
  ],
  [
    'unexpected_message',
    'a flood of user_canceled',
    async s => {
      await s.honestFlight()
      for (let count = 0; count < 100; count++) await s.raw(s.sealed(21, Buffer.from([1, 90])))
    }
  ],
  [
    'illegal_parameter',
    'a ticket that lives for a year',
    async s => {
      await s.honestFlight()
      await s.raw(s.sealed(22, ticket(31_536_000)))
    }
  ],
  [
    'decode_error',
    'a ticket without its end',
    async s => {
      await s.honestFlight()
      await s.raw(s.sealed(22, handshake(4, Buffer.alloc(9))))
    }
  ],
  [
    'unexpected_message',
    'data in the middle of a ticket',
    async s => {
      await s.honestFlight()
      await s.raw(s.sealed(22, Buffer.from([4, 0, 0])), s.sealed(23, hello))
    }
  ],
  [
    'unexpected_message',
    'data in the clear',
    async s => {
      await s.honestFlight()
      await s.raw(record(21, closeNotify))
    }
  ],
  [
    'internal_error',
    "the server's own failure",
    async s => {
      await s.honestFlight()
      await s.raw(s.sealed(21, Buffer.from([2, 80])))
    },
    'tls-handshake-failed'
  ],
  [
    undefined,
    'user_canceled, then nothing',
    async s => {
      await s.honestFlight()
      await s.raw(s.sealed(21, Buffer.from([1, 90])))
      await s.end()
    },
    'tls-truncated'
  ],
  [
    undefined,
    'the end without close_notify',
    async s => {
      await s.honestFlight()
      await s.end()
    },
    'tls-truncated'
  ]
]

describe('a server that breaks the rules: After the handshake', () => {
  refuses(afterTheHandshake)
})
