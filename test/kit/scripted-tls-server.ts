/**
 * The server's side of TLS 1.3 in pieces that a test puts together, rightly or wrongly. Written with node:crypto alone, so
 * that nothing of sdk/tls proves itself. X25519 and TLS_AES_128_GCM_SHA256 only.
 */
import {
  constants,
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign
} from 'node:crypto'
import type { ByteDuplex } from '../../sdk/net/http/index.ts'

const X25519_SPKI = Buffer.from('302a300506032b656e032100', 'hex')
const MAX_CONTENT_BYTES = 2 ** 14
const RETRY_RANDOM = createHash('sha256').update('HelloRetryRequest').digest()

export const u8 = (value: number): Buffer => Buffer.from([value])
export const u16 = (value: number): Buffer => Buffer.from([value >> 8, value & 0xff])
export const u24 = (value: number): Buffer => Buffer.from([value >> 16, (value >> 8) & 0xff, value & 0xff])
export const vector8 = (...parts: Buffer[]): Buffer => prefixed(u8, parts)
export const vector16 = (...parts: Buffer[]): Buffer => prefixed(u16, parts)
export const vector24 = (...parts: Buffer[]): Buffer => prefixed(u24, parts)
export const extension = (type: number, data: Buffer): Buffer => Buffer.concat([u16(type), vector16(data)])
export const handshake = (type: number, body: Buffer): Buffer => Buffer.concat([u8(type), vector24(body)])
export const record = (type: number, body: Buffer, version = 0x0303): Buffer =>
  Buffer.concat([u8(type), u16(version), vector16(body)])

function prefixed(length: (value: number) => Buffer, parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts)
  return Buffer.concat([length(content.length), content])
}

export interface ClientHello {
  readonly message: Buffer
  readonly sessionId: Buffer
  readonly x25519: Buffer | undefined
}

export interface HelloParts {
  version?: number
  random?: Buffer
  sessionId?: Buffer
  suite?: number
  compression?: number
  extensions?: Buffer[]
  trailing?: Buffer
}

interface Keys {
  readonly secret: Buffer
  readonly key: Buffer
  readonly iv: Buffer
  sequence: number
}

export class ScriptedTlsServer {
  readonly certificates: Buffer[]
  readonly signingKey: KeyObject
  hello: ClientHello = { message: Buffer.alloc(0), sessionId: Buffer.alloc(0), x25519: undefined }
  transcript: Buffer[] = []
  readonly #pair = generateKeyPairSync('x25519')
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>
  #incoming = Buffer.alloc(0)
  #main = Buffer.alloc(0)
  #writeKeys: Keys | undefined
  #readKeys: Keys | undefined
  #clientHandshakeSecret = Buffer.alloc(0)

  constructor(duplex: ByteDuplex, certificates: Buffer[], signingKey: KeyObject) {
    this.#reader = duplex.readable.getReader()
    this.#writer = duplex.writable.getWriter()
    this.#writer.closed.catch(() => {})
    this.certificates = certificates
    this.signingKey = signingKey
  }

  /** Read a ClientHello; ChangeCipherSpec records before it are skipped. */
  async readHello(): Promise<ClientHello> {
    let next = await this.readRecord()
    while (next.type === 20) next = await this.readRecord()
    const message = next.body
    const sessionId = message.subarray(39, 39 + (message[38] ?? 0))
    this.hello = { message, sessionId, x25519: shareOf(message, 0x1d) }
    this.transcript.push(message)
    return this.hello
  }

  /** The server's share, in key_share of ServerHello. */
  keyShare(publicKey?: Buffer, group = 0x1d): Buffer {
    const own = this.#pair.publicKey.export({ type: 'spki', format: 'der' }).subarray(12)
    return extension(51, Buffer.concat([u16(group), vector16(publicKey ?? own)]))
  }

  serverHello(parts: HelloParts = {}): Buffer {
    const extensions = parts.extensions ?? [extension(43, u16(0x0304)), this.keyShare()]
    return handshake(
      2,
      Buffer.concat([
        u16(parts.version ?? 0x0303),
        parts.random ?? randomBytes(32),
        vector8(parts.sessionId ?? this.hello.sessionId),
        u16(parts.suite ?? 0x1301),
        u8(parts.compression ?? 0),
        ...(extensions.length > 0 ? [vector16(...extensions)] : []),
        parts.trailing ?? Buffer.alloc(0)
      ])
    )
  }

  retryRequest(...extensions: Buffer[]): Buffer {
    return this.serverHello({ random: RETRY_RANDOM, extensions: [extension(43, u16(0x0304)), ...extensions] })
  }

  encryptedExtensions(...extensions: Buffer[]): Buffer {
    return handshake(8, vector16(...extensions))
  }

  certificate(
    certificates = this.certificates,
    entryExtensions: Buffer = Buffer.alloc(0),
    context: Buffer = Buffer.alloc(0)
  ): Buffer {
    const entries = certificates.map(der => Buffer.concat([vector24(der), vector16(entryExtensions)]))
    return handshake(11, Buffer.concat([vector8(context), vector24(...entries)]))
  }

  certificateVerify(options: { key?: KeyObject; scheme?: number; context?: string; hash?: Buffer } = {}): Buffer {
    const { key = this.signingKey, scheme = 0x0403, context = 'TLS 1.3, server CertificateVerify' } = options
    const input = Buffer.concat([
      Buffer.alloc(64, 0x20),
      Buffer.from(`${context}\0`),
      options.hash ?? this.transcriptHash()
    ])
    const rsa = key.asymmetricKeyType === 'rsa'
    const pss = rsa && scheme >= 0x0800
    const padding = pss ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 } : {}
    const signature = sign(key.asymmetricKeyType === 'ed25519' ? null : 'sha256', input, { key, ...padding })
    return handshake(15, Buffer.concat([u16(scheme), vector16(signature)]))
  }

  finished(): Buffer {
    const key = expandLabel(this.#writeKeys?.secret ?? Buffer.alloc(32), 'finished', Buffer.alloc(0), 32)
    return handshake(20, createHmac('sha256', key).update(this.transcriptHash()).digest())
  }

  transcriptHash(): Buffer {
    return createHash('sha256').update(Buffer.concat(this.transcript)).digest()
  }

  /** After a HelloRetryRequest: the first ClientHello becomes its hash (RFC 8446 §4.4.1). */
  collapseTranscript(): void {
    this.transcript = [handshake(254, this.transcriptHash())]
  }

  /** Keys of the handshake, from the transcript so far. */
  useHandshakeKeys(): void {
    const peer = createPublicKey({
      key: Buffer.concat([X25519_SPKI, this.hello.x25519 ?? Buffer.alloc(32)]),
      type: 'spki',
      format: 'der'
    })
    const shared = diffieHellman({ privateKey: this.#pair.privateKey, publicKey: peer })
    const zeros = Buffer.alloc(32)
    const empty = createHash('sha256').digest()
    const early = hmac(zeros, zeros)
    const secret = hmac(expandLabel(early, 'derived', empty, 32), shared)
    this.#main = hmac(expandLabel(secret, 'derived', empty, 32), zeros)
    this.#clientHandshakeSecret = expandLabel(secret, 'c hs traffic', this.transcriptHash(), 32)
    this.#writeKeys = keysOf(expandLabel(secret, 's hs traffic', this.transcriptHash(), 32))
    this.#readKeys = keysOf(this.#clientHandshakeSecret)
  }

  /** Keys of the data, from the transcript up to our Finished. */
  useApplicationKeys(): void {
    this.#writeKeys = keysOf(expandLabel(this.#main, 's ap traffic', this.transcriptHash(), 32))
    this.#readKeys = keysOf(expandLabel(this.#main, 'c ap traffic', this.transcriptHash(), 32))
  }

  updateWriteKeys(): void {
    this.#writeKeys = keysOf(
      expandLabel(this.#writeKeys?.secret ?? Buffer.alloc(32), 'traffic upd', Buffer.alloc(0), 32)
    )
  }

  /** Handshake messages, in one record if they fit, under the keys in force, and into the transcript. */
  async send(...messages: Buffer[]): Promise<void> {
    const content = Buffer.concat(messages)
    this.transcript.push(...messages)
    for (let at = 0; at < content.length; at += MAX_CONTENT_BYTES) {
      const piece = content.subarray(at, at + MAX_CONTENT_BYTES)
      await this.raw(this.#writeKeys ? this.sealed(22, piece) : record(22, piece))
    }
  }

  /** A protected record. @param padding zeros after the content type */
  sealed(
    type: number,
    content: Buffer,
    padding = 0,
    inner = Buffer.concat([content, u8(type), Buffer.alloc(padding)])
  ): Buffer {
    const keys = this.#writeKeys
    if (!keys) throw new Error('no keys yet')
    const header = Buffer.concat([u8(23), u16(0x0303), u16(inner.length + 16)])
    const cipher = createCipheriv('aes-128-gcm', keys.key, nonceOf(keys)).setAAD(header)
    return Buffer.concat([header, cipher.update(inner), cipher.final(), cipher.getAuthTag()])
  }

  async raw(...bytes: Buffer[]): Promise<void> {
    await this.#writer.write(new Uint8Array(Buffer.concat(bytes)))
  }

  async end(): Promise<void> {
    await this.#writer.close()
  }

  /** ServerHello up to our Finished, as an honest server sends them; then the data keys. */
  async honestFlight(): Promise<void> {
    await this.helloFlight()
    await this.send(this.encryptedExtensions())
    await this.send(this.certificate())
    await this.send(this.certificateVerify())
    await this.send(this.finished())
    this.useApplicationKeys()
  }

  /** ClientHello read, ServerHello sent, keys in place. */
  async helloFlight(): Promise<void> {
    await this.readHello()
    await this.send(this.serverHello())
    this.useHandshakeKeys()
  }

  async readRecord(): Promise<{ type: number; header: Buffer; body: Buffer }> {
    for (;;) {
      const length = this.#incoming.length < 5 ? Number.POSITIVE_INFINITY : 5 + this.#incoming.readUInt16BE(3)
      if (this.#incoming.length >= length) {
        const whole = this.#incoming.subarray(0, length)
        this.#incoming = this.#incoming.subarray(length)
        return { type: whole[0] ?? 0, header: whole.subarray(0, 5), body: whole.subarray(5) }
      }
      const { done, value } = await this.#reader.read()
      if (done) throw new Error('the client closed')
      this.#incoming = Buffer.concat([this.#incoming, value])
    }
  }

  /** The next record of the client, opened with the client's handshake keys, or its data keys once those are in use. */
  async readSealed(): Promise<{ type: number; content: Buffer }> {
    let next = await this.readRecord()
    while (next.type === 20) next = await this.readRecord()
    const keys = this.#readKeys
    if (!keys) return { type: next.type, content: next.body }
    const decipher = createDecipheriv('aes-128-gcm', keys.key, nonceOf(keys)).setAAD(next.header)
    decipher.setAuthTag(next.body.subarray(-16))
    const inner = Buffer.concat([decipher.update(next.body.subarray(0, -16)), decipher.final()])
    return { type: inner.at(-1) ?? 0, content: inner.subarray(0, -1) }
  }

  /** Throw away what the client sends until it closes: an unread stream would hold back its alert. */
  async drain(): Promise<void> {
    while (!(await this.#reader.read()).done);
  }
}

function shareOf(hello: Buffer, group: number): Buffer | undefined {
  let at = 39 + (hello[38] ?? 0)
  at += 2 + hello.readUInt16BE(at)
  at += 1 + (hello[at] ?? 0) + 2
  while (at < hello.length) {
    const type = hello.readUInt16BE(at)
    const data = hello.subarray(at + 4, at + 4 + hello.readUInt16BE(at + 2))
    at += 4 + data.length
    if (type !== 51) continue
    for (let entry = 2; entry < data.length; entry += 4 + data.readUInt16BE(entry + 2))
      if (data.readUInt16BE(entry) === group) return data.subarray(entry + 4, entry + 4 + data.readUInt16BE(entry + 2))
  }
  return undefined
}

function hmac(key: Buffer, data: Buffer): Buffer<ArrayBuffer> {
  return createHmac('sha256', key).update(data).digest() as Buffer<ArrayBuffer>
}

function expandLabel(secret: Buffer, label: string, context: Buffer, length: number): Buffer<ArrayBuffer> {
  const info = Buffer.concat([u16(length), vector8(Buffer.from(`tls13 ${label}`)), vector8(context), u8(1)])
  return hmac(secret, info).subarray(0, length)
}

function keysOf(secret: Buffer): Keys {
  const nothing = Buffer.alloc(0)
  return {
    secret,
    key: expandLabel(secret, 'key', nothing, 16),
    iv: expandLabel(secret, 'iv', nothing, 12),
    sequence: 0
  }
}

function nonceOf(keys: Keys): Buffer {
  const nonce = Buffer.from(keys.iv)
  nonce.writeUInt32BE((nonce.readUInt32BE(8) ^ keys.sequence++) >>> 0, 8)
  return nonce
}
