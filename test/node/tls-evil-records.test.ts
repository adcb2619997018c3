/** Servers whose records or alerts break the rules (RFC 8446 §5, §6). */
import { describe } from 'vitest'
import { closeNotify, type EvilCase, hello, refuses, sayHello, untilVerify } from '../kit/meet-tls-server.ts'
import { record, u8 } from '../kit/scripted-tls-server.ts'

const records: readonly EvilCase[] = [
  [
    'unexpected_message',
    'HTTP',
    async s => {
      await s.readHello()
      await s.raw(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'))
    }
  ],
  [
    'unexpected_message',
    'a record of unknown type',
    async s => {
      await s.readHello()
      await s.raw(record(24, hello))
    }
  ],
  [
    'record_overflow',
    'a record of 65,535 bytes announced',
    async s => {
      await s.readHello()
      await s.raw(Buffer.from([22, 3, 3, 0xff, 0xff]))
    }
  ],
  [
    'record_overflow',
    'a record in the clear over 2^14',
    async s => {
      await s.readHello()
      await s.raw(record(22, Buffer.alloc(16_385, 2)))
    }
  ],
  [
    'record_overflow',
    'a protected record over 2^14',
    async s => {
      await s.helloFlight()
      await s.raw(s.sealed(22, Buffer.alloc(16_385, 8)))
    }
  ],
  [
    'record_overflow',
    'padding over 2^14',
    async s => {
      await s.helloFlight()
      await s.raw(s.sealed(22, Buffer.alloc(10, 8), 16_380))
    }
  ],
  [
    'unexpected_message',
    'an empty handshake record',
    async s => {
      await s.helloFlight()
      await s.raw(s.sealed(22, Buffer.alloc(0)))
    }
  ],
  [
    'unexpected_message',
    'an empty handshake record in the clear',
    async s => {
      await s.readHello()
      await s.raw(record(22, Buffer.alloc(0)))
    }
  ],
  [
    'unexpected_message',
    'nothing but padding',
    async s => {
      await s.helloFlight()
      await s.raw(s.sealed(0, Buffer.alloc(0), 40))
    }
  ],
  [
    'bad_record_mac',
    'a record too short for a tag',
    async s => {
      await s.helloFlight()
      await s.raw(record(23, Buffer.alloc(16)))
    }
  ],
  [
    'bad_record_mac',
    'a record sent twice',
    async s => {
      await s.helloFlight()
      const once = s.sealed(22, s.encryptedExtensions())
      await s.raw(once, once)
    }
  ],
  [
    'bad_record_mac',
    'two records exchanged',
    async s => {
      await s.helloFlight()
      const first = s.sealed(22, s.encryptedExtensions())
      await s.raw(s.sealed(22, s.certificate()), first)
    }
  ],
  [
    'bad_record_mac',
    'the keys of the handshake used for data',
    async s => {
      await untilVerify(s)
      await s.send(s.finished())
      await sayHello(s)
    }
  ],
  [
    'unexpected_message',
    'content of type 0x30',
    async s => {
      await s.helloFlight()
      await s.raw(s.sealed(0x30, hello))
    }
  ]
]

const changecipherspecAndAlerts: readonly EvilCase[] = [
  [
    'unexpected_message',
    'ChangeCipherSpec with another byte',
    async s => {
      await s.readHello()
      await s.raw(record(20, u8(2)))
    }
  ],
  [
    'unexpected_message',
    'ChangeCipherSpec of two bytes',
    async s => {
      await s.readHello()
      await s.raw(record(20, Buffer.from([1, 1])))
    }
  ],
  [
    'unexpected_message',
    'a flood of ChangeCipherSpec',
    async s => {
      await s.readHello()
      for (let count = 0; count < 10; count++) await s.raw(record(20, u8(1)))
    }
  ],
  [
    'unexpected_message',
    'ChangeCipherSpec after Finished',
    async s => {
      await s.honestFlight()
      await s.raw(record(20, u8(1)))
    }
  ],
  [
    'unexpected_message',
    'ChangeCipherSpec protected',
    async s => {
      await s.helloFlight()
      await s.raw(s.sealed(20, u8(1)))
    }
  ],
  [
    'unexpected_message',
    'an alert in the clear after the keys',
    async s => {
      await s.helloFlight()
      await s.raw(record(21, Buffer.from([2, 40])))
    }
  ],
  [
    'decode_error',
    'an alert of one byte',
    async s => {
      await s.readHello()
      await s.raw(record(21, u8(2)))
    }
  ],
  [
    'decode_error',
    'two alerts in one record',
    async s => {
      await s.readHello()
      await s.raw(record(21, Buffer.from([1, 0, 1, 0])))
    }
  ],
  [
    'handshake_failure',
    'a refusal',
    async s => {
      await s.readHello()
      await s.raw(record(21, Buffer.from([2, 40])))
    },
    'tls-handshake-failed'
  ],
  [
    'unrecognized_name',
    'a warning, which is fatal as all are',
    async s => {
      await s.readHello()
      await s.raw(record(21, Buffer.from([1, 112])))
    },
    'tls-handshake-failed'
  ],
  [
    '255',
    'an alert that does not exist',
    async s => {
      await s.readHello()
      await s.raw(record(21, Buffer.from([2, 255])))
    },
    'tls-handshake-failed'
  ],
  [
    undefined,
    'close_notify during the handshake',
    async s => {
      await s.helloFlight()
      await s.raw(s.sealed(21, closeNotify))
    },
    'tls-truncated'
  ],
  [
    undefined,
    'the end after ServerHello',
    async s => {
      await s.helloFlight()
      await s.end()
    },
    'tls-truncated'
  ]
]

describe('a server that breaks the rules: Records', () => {
  refuses(records)
})

describe('a server that breaks the rules: ChangeCipherSpec and alerts', () => {
  refuses(changecipherspecAndAlerts)
})
