/** RFC 8448: every message of four published traces, to the byte. */
import { createECDH } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import vectors from '../../test/vectors/rfc8448.json' with { type: 'json' }
import { decodeHex, encodeHex } from '../codec/index.ts'
import { cryptoEngine } from '../crypto/index.ts'
import { decodeAlert, encodeAlert } from './alert.ts'
import { CIPHER_SUITES, type CipherSuite } from './cipher-suite.ts'
import type { ClientOffer } from './client-offer.ts'
import { advanceHandshake, type HandshakeEffect, type HandshakeState, startHandshake } from './handshake.ts'
import { HandshakeReader } from './handshake-reader.ts'
import { type KeyShare, NAMED_GROUP } from './key-exchange.ts'
import { applicationSecrets, handshakeSecrets, trafficKeys } from './key-schedule.ts'
import { CONTENT_TYPE } from './protocol-numbers.ts'
import { RecordOpener, RecordSealer } from './record-protection.ts'
import { RecordReader } from './record-reader.ts'
import { decodeNewSessionTicket } from './server-messages.ts'
import { parseCertificate } from './x509/certificate.ts'
import { parsePublicKey } from './x509/public-key.ts'

const [suite] = CIPHER_SUITES as [CipherSuite]
const authenticate = async ([leaf = new Uint8Array()]: readonly Uint8Array[]) =>
  parsePublicKey(parseCertificate(leaf).spki)

function x25519Share(privateKey: string): KeyShare {
  const engine = cryptoEngine()
  const key = decodeHex(privateKey)
  return {
    group: NAMED_GROUP.x25519,
    publicKey: engine.x25519PublicKey(key),
    agree: async peer => engine.x25519SharedSecret(key, peer)
  }
}

function p256Share(privateKey: string): KeyShare {
  const ecdh = createECDH('prime256v1')
  ecdh.setPrivateKey(decodeHex(privateKey))
  return {
    group: NAMED_GROUP.secp256r1,
    publicKey: new Uint8Array(ecdh.getPublicKey()),
    agree: async peer => new Uint8Array(ecdh.computeSecret(peer))
  }
}

/** An offer as the RFC's client made it: it sent extensions that ours does not (record_size_limit among them). */
function offerOf(
  trace: { clientHello: string; sessionId?: string },
  shares: KeyShare[],
  retry: ClientOffer['retry'] = () => Promise.reject(new Error('no retry in this trace'))
): ClientOffer {
  return {
    message: decodeHex(trace.clientHello),
    sessionId: decodeHex(trace.sessionId ?? ''),
    groups: [NAMED_GROUP.x25519, NAMED_GROUP.secp256r1, NAMED_GROUP.secp384r1],
    shares,
    alpn: [],
    extensions: new Set([0, 0xff01, 10, 35, 51, 43, 13, 45, 28]),
    retry
  }
}

/** Runs the handshake on the trace's records; what it sent is returned as records, sealed where the trace seals. */
async function replay(offer: ClientOffer, serverRecords: string[]) {
  const records = new RecordReader()
  const messages = new HandshakeReader()
  const sent: string[] = []
  let state: HandshakeState
  let opener: RecordOpener | undefined
  let sealer: RecordSealer | undefined
  const apply = async (effects: readonly HandshakeEffect[]) => {
    for (const effect of effects) {
      if (effect.kind === 'send')
        sent.push(encodeHex(sealer ? await sealer.seal(CONTENT_TYPE.handshake, effect.message) : effect.message))
      if (effect.kind === 'read-with') opener = await RecordOpener.create(effect.suite, effect.secret)
      if (effect.kind === 'write-with') sealer = await RecordSealer.create(effect.suite, effect.secret)
    }
  }
  const first = startHandshake(offer)
  state = first.state
  await apply(first.effects)
  for (const hex of serverRecords) {
    records.push(decodeHex(hex))
    const record = records.next()
    if (!record) throw new Error('the trace holds whole records')
    const opened = opener ? await opener.open(record.header, record.body) : { type: record.type, content: record.body }
    messages.push(opened.content)
    for (let message = messages.next(); message; message = messages.next()) {
      const step = await advanceHandshake(state, message, authenticate)
      state = step.state
      await apply(step.effects)
    }
  }
  if (!opener || !sealer) throw new Error('no keys')
  return { state, sent, opener, sealer }
}

async function openRecord(opener: RecordOpener, hex: string) {
  const bytes = decodeHex(hex)
  return opener.open(bytes.subarray(0, 5), bytes.subarray(5))
}

describe('RFC 8448 §3, simple 1-RTT handshake', () => {
  const trace = vectors.simple

  it('derives every secret and key of the trace', () => {
    const hs = handshakeSecrets(suite, decodeHex(trace.sharedSecret), decodeHex(trace.helloHash))
    expect(encodeHex(hs.client)).toBe(trace.clientHandshakeSecret)
    expect(encodeHex(hs.server)).toBe(trace.serverHandshakeSecret)
    expect(encodeHex(hs.main)).toBe(trace.mainSecret)
    const keys = trafficKeys(suite, hs.server)
    expect(encodeHex(keys.key)).toBe(trace.serverHandshakeKey)
    expect(encodeHex(keys.iv)).toBe(trace.serverHandshakeIv)
    const app = applicationSecrets(suite, hs.main, decodeHex(trace.finishedHash))
    expect(encodeHex(app.client)).toBe(trace.clientApplicationSecret)
    expect(encodeHex(app.server)).toBe(trace.serverApplicationSecret)
    const write = trafficKeys(suite, app.client)
    expect(encodeHex(write.key)).toBe(trace.clientApplicationKey)
    expect(encodeHex(write.iv)).toBe(trace.clientApplicationIv)
  })

  it('overwrites the secrets it no longer needs', () => {
    const shared = decodeHex(trace.sharedSecret)
    const { main } = handshakeSecrets(suite, shared, decodeHex(trace.helloHash))
    expect(shared.every(byte => byte === 0)).toBe(true)
    applicationSecrets(suite, main, decodeHex(trace.finishedHash))
    expect(main.every(byte => byte === 0)).toBe(true)
  })

  it('completes the handshake and carries the data, the ticket and both closures', async () => {
    const offer = offerOf(trace, [x25519Share(trace.x25519PrivateKey)])
    const run = await replay(offer, [trace.serverHelloRecord, trace.serverFlightRecord])
    expect(run.state.at).toBe('connected')
    expect(run.sent).toEqual([trace.clientHello, trace.clientFinishedRecord])

    const ticket = await openRecord(run.opener, trace.ticketRecord)
    expect(ticket.type).toBe(CONTENT_TYPE.handshake)
    decodeNewSessionTicket(ticket.content.subarray(4))
    const data = decodeHex(trace.applicationData)
    expect(encodeHex(await run.sealer.seal(CONTENT_TYPE.applicationData, data))).toBe(trace.clientDataRecord)
    const received = await openRecord(run.opener, trace.serverDataRecord)
    expect(received).toEqual({ type: CONTENT_TYPE.applicationData, content: data })
    const close = await run.sealer.seal(CONTENT_TYPE.alert, encodeAlert('close_notify'))
    expect(encodeHex(close)).toBe(trace.clientCloseRecord)
    expect(decodeAlert((await openRecord(run.opener, trace.serverCloseRecord)).content)).toBe('close_notify')
  })
})

describe('RFC 8448 §5, HelloRetryRequest', () => {
  it('answers with the second ClientHello and completes over P-256', async () => {
    const trace = vectors.helloRetryRequest
    const asked: [number | undefined, string][] = []
    const second = offerOf({ clientHello: trace.clientHello2 }, [p256Share(trace.p256PrivateKey)])
    const first = offerOf(trace, [x25519Share('01'.repeat(32))], async (group, cookie) => {
      asked.push([group, encodeHex(cookie ?? new Uint8Array())])
      return second
    })
    const run = await replay(first, [trace.retryRecord, trace.serverHelloRecord, trace.serverFlightRecord])
    expect(asked).toEqual([[NAMED_GROUP.secp256r1, trace.cookie]])
    expect(run.sent).toEqual([trace.clientHello, trace.clientHello2, trace.clientFinishedRecord])
    const close = await run.sealer.seal(CONTENT_TYPE.alert, encodeAlert('close_notify'))
    expect(encodeHex(close)).toBe(trace.clientCloseRecord)
    expect(decodeAlert((await openRecord(run.opener, trace.serverCloseRecord)).content)).toBe('close_notify')
  })
})

describe('RFC 8448 §6, client authentication', () => {
  it('accepts the server and answers its request with an empty Certificate', async () => {
    const trace = vectors.clientAuthentication
    const offer = offerOf(trace, [x25519Share(trace.x25519PrivateKey)])
    const run = await replay(offer, [trace.serverHelloRecord, trace.serverFlightRecord])
    expect(run.state.at).toBe('connected')
    // Header and tag of the record, an empty Certificate of 8 bytes, a Finished of 36, the content type.
    expect(run.sent[1]?.length).toBe(2 * (5 + 8 + 36 + 1 + 16))
  })
})

describe('RFC 8448 §7, middlebox compatibility', () => {
  it('echoes no surprise: same Finished and closures', async () => {
    const trace = vectors.middleboxCompatibility
    const offer = offerOf(trace, [x25519Share(trace.x25519PrivateKey)])
    const run = await replay(offer, [trace.serverHelloRecord, trace.serverFlightRecord])
    expect(run.sent).toEqual([trace.clientHello, trace.clientFinishedRecord])
    const close = await run.sealer.seal(CONTENT_TYPE.alert, encodeAlert('close_notify'))
    expect(encodeHex(close)).toBe(trace.clientCloseRecord)
    expect(decodeAlert((await openRecord(run.opener, trace.serverCloseRecord)).content)).toBe('close_notify')
  })
})
