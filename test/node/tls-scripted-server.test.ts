/** A server put together by hand, behaving: what is allowed is accepted, so that refusals elsewhere prove something. */
import { describe, expect, it } from 'vitest'
import { systemRandom } from '../../sdk/async/index.ts'
import { CraftecError } from '../../sdk/errors/index.ts'
import { createOffer } from '../../sdk/tls/client-offer.ts'
import { connectTls } from '../../sdk/tls/index.ts'
import { TlsConnection } from '../../sdk/tls/tls-connection.ts'
import { parseServerName } from '../../sdk/tls/x509/server-name.ts'
import { readTrustAnchors } from '../../sdk/tls/x509/trust-anchor.ts'
import { validateChain } from '../../sdk/tls/x509/validate-chain.ts'
import { duplexPair } from '../kit/duplex-pair.ts'
import { closeNotify, hello, leaf, leafKey, meet, root, type Script, sayHello } from '../kit/meet-tls-server.ts'
import { extension, handshake, record, ScriptedTlsServer, u8, vector8, vector16 } from '../kit/scripted-tls-server.ts'

describe('an honest scripted server', () => {
  const honest: [string, Script][] = [
    ['one message a record', async s => s.honestFlight()],
    [
      'all messages in one record',
      async s => {
        await s.helloFlight()
        const flight: Buffer[] = []
        for (const make of [
          () => s.encryptedExtensions(),
          () => s.certificate(),
          () => s.certificateVerify(),
          () => s.finished()
        ]) {
          const message = make()
          s.transcript.push(message)
          flight.push(message)
        }
        await s.raw(s.sealed(22, Buffer.concat(flight)))
        s.useApplicationKeys()
      }
    ],
    [
      'messages split into records of three bytes, each padded',
      async s => {
        await s.helloFlight()
        for (const make of [
          () => s.encryptedExtensions(),
          () => s.certificate(),
          () => s.certificateVerify(),
          () => s.finished()
        ]) {
          const message = make()
          s.transcript.push(message)
          for (let at = 0; at < message.length; at += 3)
            await s.raw(s.sealed(22, message.subarray(at, at + 3), at % 50))
        }
        s.useApplicationKeys()
      }
    ],
    [
      'a retry with a cookie',
      async s => {
        await s.readHello()
        s.collapseTranscript()
        await s.send(s.retryRequest(extension(44, vector16(Buffer.from('cookie')))))
        await s.helloFlight()
        await s.send(s.encryptedExtensions())
        await s.send(s.certificate())
        await s.send(s.certificateVerify())
        await s.send(s.finished())
        s.useApplicationKeys()
      }
    ],
    [
      'ChangeCipherSpec where middleboxes want it',
      async s => {
        await s.readHello()
        await s.send(s.serverHello())
        await s.raw(record(20, u8(1)))
        s.useHandshakeKeys()
        await s.send(s.encryptedExtensions())
        await s.send(s.certificate())
        await s.send(s.certificateVerify())
        await s.send(s.finished())
        s.useApplicationKeys()
      }
    ],
    [
      'tickets, key updates and an empty record',
      async s => {
        await s.honestFlight()
        const ticket = Buffer.concat([Buffer.alloc(8), vector8(u8(1)), vector16(Buffer.alloc(200)), vector16()])
        await s.raw(s.sealed(22, handshake(4, ticket)), s.sealed(23, Buffer.alloc(0)))
        await s.raw(s.sealed(22, handshake(24, u8(0))))
        s.updateWriteKeys()
      }
    ]
  ]
  for (const [title, script] of honest)
    it(title, async () => {
      const met = await meet(async s => {
        await script(s)
        await sayHello(s)
      })
      expect(met).toEqual({ data: 'hello' })
    })

  it('has its KeyUpdate answered, and our data follows under the new key', async () => {
    const [ours, theirs] = duplexPair(64)
    const server = new ScriptedTlsServer(theirs, [leaf.der], leafKey)
    const client = connectTls(ours, { serverName: 'localhost', roots: [root.pem] })
    await server.honestFlight()
    const { readable, writable } = await client
    const reading = readable.getReader().read()
    await server.readRecord() // ChangeCipherSpec
    await server.readRecord() // Finished, under the handshake keys
    await server.raw(server.sealed(22, handshake(24, u8(1))))
    server.updateWriteKeys()
    expect(await server.readSealed()).toEqual({ type: 22, content: handshake(24, u8(0)) })
    await server.raw(server.sealed(23, hello))
    expect(Buffer.from((await reading).value ?? [])).toEqual(hello)
    await writable.abort()
  })
})

describe('half a connection', () => {
  it('goes on writing when the caller has cancelled the reading, even with a read waiting', async () => {
    const [ours, theirs] = duplexPair(64)
    const server = new ScriptedTlsServer(theirs, [leaf.der], leafKey)
    const client = connectTls(ours, { serverName: 'localhost', roots: [root.pem] })
    await server.honestFlight()
    const { readable, writable } = await client
    const reader = readable.getReader()
    const waiting = reader.read()
    await reader.cancel()
    expect((await waiting).done).toBe(true)
    const writer = writable.getWriter()
    await writer.write(hello)
    await writer.close()
    await server.readRecord() // ChangeCipherSpec
    await server.readRecord() // Finished, under the handshake keys
    expect(await server.readSealed()).toEqual({ type: 23, content: hello })
    expect(await server.readSealed()).toEqual({ type: 21, content: closeNotify })
  })
})

describe('our alert', () => {
  it('the alert really goes out, under the keys of the handshake', async () => {
    const [ours, theirs] = duplexPair(64)
    const server = new ScriptedTlsServer(theirs, [leaf.der], leafKey)
    const client = connectTls(ours, { serverName: 'elsewhere', roots: [root.pem] }).catch(error => error)
    await server.helloFlight()
    await server.send(server.encryptedExtensions())
    await server.send(server.certificate())
    expect(await server.readSealed()).toEqual({ type: 21, content: Buffer.from([2, 42]) })
    expect(await client).toMatchObject({ code: 'tls-certificate-name-mismatch' })
  })

  it('is the last that goes out, even when the rest of the flight is already here', async () => {
    const [ours, theirs] = duplexPair(64)
    const server = new ScriptedTlsServer(theirs, [leaf.der], leafKey)
    const connection = new TlsConnection(ours)
    const anchors = readTrustAnchors([root.pem])
    const serverName = parseServerName('localhost')
    const offer = await createOffer({ sniName: 'localhost', alpn: [], random: systemRandom })
    const failed = connection
      .handshake(offer, {
        recordsPerKey: 100,
        // A deadline that passes while the certificates are looked at.
        authenticate: chain => {
          connection.fail(new CraftecError('timeout', 'too late'))
          return validateChain(chain, { serverName, now: Date.now(), anchors })
        }
      })
      .catch(error => error)
    await server.helloFlight()
    const flight: Buffer[] = []
    for (const make of ['encryptedExtensions', 'certificate', 'certificateVerify', 'finished'] as const) {
      const message = server[make]()
      server.transcript.push(message)
      flight.push(message)
    }
    await server.raw(server.sealed(22, Buffer.concat(flight)))
    expect(await failed).toMatchObject({ code: 'timeout' })
    expect(await server.readSealed()).toEqual({ type: 21, content: Buffer.from([1, 90]) })
    await expect(server.readRecord()).rejects.toThrow('closed')
  })
})
