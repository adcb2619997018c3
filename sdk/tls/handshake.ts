/**
 * The client's handshake of RFC 8446 §A.1 as a function: (state, message) to (state, effects). A message that the state
 * does not wait for ends it. No I/O and no clock here; the only thing awaited is cryptography.
 *
 *   wait-server-hello --ServerHello--> wait-encrypted-extensions --EE--> wait-certificate-request
 *     (HelloRetryRequest: once, back to the start)                         |CertificateRequest  |Certificate
 *   connected <--Finished-- wait-finished <--CV-- wait-certificate-verify <--Certificate-- wait-certificate
 */
import { ByteWriter } from '../codec/index.ts'
import { constantTimeEqual } from '../crypto/index.ts'
import { tlsError } from './alert.ts'
import type { CipherSuite } from './cipher-suite.ts'
import type { ClientOffer } from './client-offer.ts'
import { concat } from './concat.ts'
import type { HandshakeMessage } from './handshake-reader.ts'
import { applicationSecrets, finishedMac, type HandshakeSecrets, handshakeSecrets, hashOf } from './key-schedule.ts'
import { frameHandshake } from './presentation.ts'
import { HANDSHAKE_TYPE } from './protocol-numbers.ts'
import { decodeServerHello, type ServerHello } from './server-hello.ts'
import {
  decodeCertificate,
  decodeCertificateRequest,
  decodeCertificateVerify,
  decodeEncryptedExtensions
} from './server-messages.ts'
import { HANDSHAKE_SCHEMES, schemeFits, verifySignature } from './signature-scheme.ts'
import type { PublicKey } from './x509/public-key.ts'

interface Negotiated {
  readonly offer: ClientOffer
  readonly suite: CipherSuite
  readonly group: number
  readonly secrets: HandshakeSecrets
  /** ClientHello up to the last message, one after the other. */
  readonly transcript: Uint8Array
}

interface Extended extends Negotiated {
  readonly alpn: string | undefined
}

interface Requested extends Extended {
  readonly certificateRequested: boolean
}

interface Certified extends Requested {
  readonly certificates: readonly Uint8Array[]
  readonly publicKey: PublicKey
}

export type HandshakeState =
  | {
      readonly at: 'wait-server-hello'
      readonly offer: ClientOffer
      readonly transcript: Uint8Array
      /** Set after a HelloRetryRequest: ServerHello must keep its suite and group (§4.1.4). */
      readonly retry: Extract<ServerHello, { kind: 'retry' }> | undefined
    }
  | ({ readonly at: 'wait-encrypted-extensions' } & Negotiated)
  | ({ readonly at: 'wait-certificate-request' } & Extended)
  | ({ readonly at: 'wait-certificate' } & Requested)
  | ({ readonly at: 'wait-certificate-verify' } & Certified)
  | ({ readonly at: 'wait-finished' } & Certified & { readonly scheme: string })
  | { readonly at: 'connected'; readonly session: EstablishedSession }

export interface EstablishedSession {
  readonly suite: CipherSuite
  readonly group: number
  readonly scheme: string
  readonly alpn: string | undefined
  readonly certificates: readonly Uint8Array[]
}

export type HandshakeEffect =
  /** Send a handshake message under the keys in force. */
  | { readonly kind: 'send'; readonly message: Uint8Array }
  /** The record without meaning that middleboxes expect (§D.4). */
  | { readonly kind: 'send-change-cipher-spec' }
  /** New keys from the next record on; nothing of a message may be pending (§5.1). The receiver wipes or keeps the secret. */
  | { readonly kind: 'read-with'; readonly suite: CipherSuite; readonly secret: Uint8Array }
  | { readonly kind: 'write-with'; readonly suite: CipherSuite; readonly secret: Uint8Array }

export interface HandshakeStep {
  readonly state: HandshakeState
  readonly effects: readonly HandshakeEffect[]
}

/** @throws CraftecError `tls-certificate-…` unless the certificates prove the server's name */
export type AuthenticateServer = (certificates: readonly Uint8Array[]) => Promise<PublicKey>

export function startHandshake(offer: ClientOffer): HandshakeStep {
  return {
    state: { at: 'wait-server-hello', offer, transcript: offer.message, retry: undefined },
    effects: [{ kind: 'send', message: offer.message }]
  }
}

/**
 * @param authenticate judges the server's certificates; its verdict is awaited before anything else is believed
 * @throws CraftecError `tls-protocol-violation` | `tls-version-unsupported` | what `authenticate` throws
 */
export async function advanceHandshake(
  state: HandshakeState,
  message: HandshakeMessage,
  authenticate: AuthenticateServer
): Promise<HandshakeStep> {
  const { type } = message
  switch (state.at) {
    case 'wait-server-hello':
      if (type === HANDSHAKE_TYPE.serverHello) return onServerHello(state, message)
      break
    case 'wait-encrypted-extensions':
      if (type === HANDSHAKE_TYPE.encryptedExtensions) {
        const alpn = decodeEncryptedExtensions(message.body, state.offer)
        return next({ ...state, at: 'wait-certificate-request', alpn, transcript: appended(state, message) })
      }
      break
    case 'wait-certificate-request':
      if (type === HANDSHAKE_TYPE.certificateRequest) {
        decodeCertificateRequest(message.body)
        const transcript = appended(state, message)
        return next({ ...state, at: 'wait-certificate', certificateRequested: true, transcript })
      }
      if (type === HANDSHAKE_TYPE.certificate)
        return onCertificate({ ...state, certificateRequested: false }, message, authenticate)
      break
    case 'wait-certificate':
      if (type === HANDSHAKE_TYPE.certificate) return onCertificate(state, message, authenticate)
      break
    case 'wait-certificate-verify':
      if (type === HANDSHAKE_TYPE.certificateVerify) return onCertificateVerify(state, message)
      break
    case 'wait-finished':
      if (type === HANDSHAKE_TYPE.finished) return onFinished(state, message)
      break
    case 'connected':
      break
  }
  throw tlsError('unexpected_message', `handshake message ${type} in state ${state.at}`)
}

function next(state: HandshakeState, effects: readonly HandshakeEffect[] = []): HandshakeStep {
  return { state, effects }
}

function appended(state: { readonly transcript: Uint8Array }, message: HandshakeMessage): Uint8Array {
  return concat(state.transcript, message.bytes)
}

async function onServerHello(
  state: Extract<HandshakeState, { at: 'wait-server-hello' }>,
  message: HandshakeMessage
): Promise<HandshakeStep> {
  const hello = decodeServerHello(message.body, state.offer)
  const { retry } = state
  if (retry !== undefined) {
    if (hello.kind === 'retry') throw tlsError('unexpected_message', 'a second HelloRetryRequest')
    if (hello.suite.id !== retry.suite.id)
      throw tlsError('illegal_parameter', 'ServerHello changed the cipher suite of HelloRetryRequest')
  }
  if (hello.kind === 'retry') return onRetry(state, hello, message)

  const share = state.offer.shares.find(candidate => candidate.group === hello.group)
  if (share === undefined) throw tlsError('illegal_parameter', 'no key was sent for the group of ServerHello')
  const { suite, group } = hello
  const transcript = appended(state, message)
  const helloHash = hashOf(suite.hash, transcript)
  const secrets = handshakeSecrets(suite, await share.agree(hello.publicKey), helloHash)
  return next({ at: 'wait-encrypted-extensions', offer: state.offer, suite, group, secrets, transcript }, [
    { kind: 'read-with', suite, secret: secrets.server.slice() },
    // After a retry it was sent before the second ClientHello.
    ...(retry === undefined ? [{ kind: 'send-change-cipher-spec' } as const] : []),
    { kind: 'write-with', suite, secret: secrets.client.slice() }
  ])
}

async function onRetry(
  state: Extract<HandshakeState, { at: 'wait-server-hello' }>,
  retry: Extract<ServerHello, { kind: 'retry' }>,
  message: HandshakeMessage
): Promise<HandshakeStep> {
  // §4.4.1: the first ClientHello stays in the transcript as its hash only.
  const helloHash = hashOf(retry.suite.hash, state.transcript)
  const offer = await state.offer.retry(retry.group, retry.cookie)
  const transcript = concat(frameHandshake(HANDSHAKE_TYPE.messageHash, helloHash), message.bytes, offer.message)
  return next({ at: 'wait-server-hello', offer, transcript, retry }, [
    { kind: 'send-change-cipher-spec' },
    { kind: 'send', message: offer.message }
  ])
}

async function onCertificate(
  state: Requested,
  message: HandshakeMessage,
  authenticate: AuthenticateServer
): Promise<HandshakeStep> {
  const certificates = decodeCertificate(message.body).map(der => der.slice())
  const publicKey = await authenticate(certificates)
  const transcript = appended(state, message)
  return next({ ...state, at: 'wait-certificate-verify', certificates, publicKey, transcript })
}

/** §4.4.3: 64 spaces, the context string, a zero byte, the transcript hash. */
export function certificateVerifyInput(transcriptHash: Uint8Array): Uint8Array {
  const context = new TextEncoder().encode('TLS 1.3, server CertificateVerify')
  return concat(new Uint8Array(64).fill(0x20), context, Uint8Array.of(0), transcriptHash)
}

async function onCertificateVerify(
  state: Extract<HandshakeState, { at: 'wait-certificate-verify' }>,
  message: HandshakeMessage
): Promise<HandshakeStep> {
  const { scheme: id, signature } = decodeCertificateVerify(message.body)
  const scheme = HANDSHAKE_SCHEMES.find(candidate => candidate.id === id)
  if (scheme === undefined || !schemeFits(scheme, state.publicKey))
    throw tlsError('illegal_parameter', 'CertificateVerify uses a signature scheme not offered, or not of its key')
  const input = certificateVerifyInput(hashOf(state.suite.hash, state.transcript))
  if (!(await verifySignature(scheme.rule, state.publicKey, input, signature)))
    throw tlsError('decrypt_error', 'the server does not hold the key of its certificate')
  return next({ ...state, at: 'wait-finished', scheme: scheme.name, transcript: appended(state, message) })
}

function onFinished(state: Extract<HandshakeState, { at: 'wait-finished' }>, message: HandshakeMessage): HandshakeStep {
  const { suite, group, secrets, scheme, alpn, certificates } = state
  const expected = finishedMac(suite, secrets.server, hashOf(suite.hash, state.transcript))
  if (!constantTimeEqual(expected, message.body))
    throw tlsError('decrypt_error', 'the Finished message does not match the handshake')
  const transcript = appended(state, message)
  const application = applicationSecrets(suite, secrets.main, hashOf(suite.hash, transcript))

  // §4.4.2: asked for a certificate, a client that has none says so.
  const certificate = state.certificateRequested
    ? frameHandshake(HANDSHAKE_TYPE.certificate, new ByteWriter().zeros(4).finish())
    : new Uint8Array(0)
  const clientHash = hashOf(suite.hash, concat(transcript, certificate))
  const finished = frameHandshake(HANDSHAKE_TYPE.finished, finishedMac(suite, secrets.client, clientHash))
  secrets.client.fill(0)
  secrets.server.fill(0)
  return next({ at: 'connected', session: { suite, group, scheme, alpn, certificates } }, [
    { kind: 'send', message: concat(certificate, finished) },
    { kind: 'read-with', suite, secret: application.server },
    { kind: 'write-with', suite, secret: application.client }
  ])
}
