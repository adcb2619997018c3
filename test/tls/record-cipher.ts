/** Record protection of RFC 8446 §5.2 for the server's side of tests, on node:crypto alone: nothing of sdk/tls proves itself. */
import {
  type CipherGCM,
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  type DecipherGCM,
  type KeyObject
} from 'node:crypto'
import { u8, u16, vector8 } from '../kit/scripted-tls-server.ts'

interface Algorithm {
  readonly cipher: string
  readonly keyBytes: number
  readonly hash: 'sha256' | 'sha384'
}

const ALGORITHMS: Readonly<Record<string, Algorithm>> = {
  TLS_AES_128_GCM_SHA256: { cipher: 'aes-128-gcm', keyBytes: 16, hash: 'sha256' },
  TLS_AES_256_GCM_SHA384: { cipher: 'aes-256-gcm', keyBytes: 32, hash: 'sha384' },
  TLS_CHACHA20_POLY1305_SHA256: { cipher: 'chacha20-poly1305', keyBytes: 32, hash: 'sha256' }
}
const TAG_BYTES = 16
const APPLICATION_DATA = 23

/** One direction under one traffic secret. Records are numbered from zero. */
export class RecordCipher {
  readonly #suite: string
  readonly #algorithm: Algorithm
  readonly #secret: Buffer
  readonly #key: KeyObject
  readonly #iv: Buffer
  #sequence = 0

  constructor(suite: string, secret: Buffer) {
    const algorithm = ALGORITHMS[suite]
    if (algorithm === undefined) throw new Error(`no such suite: ${suite}`)
    this.#suite = suite
    this.#algorithm = algorithm
    this.#secret = secret
    this.#key = createSecretKey(this.#expand('key', algorithm.keyBytes))
    this.#iv = this.#expand('iv', 12)
  }

  /** The same key, numbered from zero again. */
  restart(): this {
    this.#sequence = 0
    return this
  }

  /** Under the secret after a KeyUpdate (§7.2). */
  next(): RecordCipher {
    return new RecordCipher(this.#suite, this.#expand('traffic upd', this.#secret.length))
  }

  /** @param padding zeros after the content type */
  seal(type: number, content: Buffer, padding = 0): Buffer {
    const inner = Buffer.concat([content, u8(type), Buffer.alloc(padding)])
    const header = Buffer.concat([u8(APPLICATION_DATA), u16(0x0303), u16(inner.length + TAG_BYTES)])
    const cipher = createCipheriv(this.#algorithm.cipher as 'aes-128-gcm', this.#key, this.#nonce(), {
      authTagLength: TAG_BYTES
    }) as CipherGCM
    cipher.setAAD(header)
    return Buffer.concat([header, cipher.update(inner), cipher.final(), cipher.getAuthTag()])
  }

  /** @throws Error when the record is not authentic */
  open(record: Buffer): { readonly type: number; readonly content: Buffer } {
    const decipher = createDecipheriv(this.#algorithm.cipher as 'aes-128-gcm', this.#key, this.#nonce(), {
      authTagLength: TAG_BYTES
    }) as DecipherGCM
    decipher.setAAD(record.subarray(0, 5))
    decipher.setAuthTag(record.subarray(-TAG_BYTES))
    const inner = Buffer.concat([decipher.update(record.subarray(5, -TAG_BYTES)), decipher.final()])
    let end = inner.length - 1
    while (inner[end] === 0) end--
    return { type: inner[end] ?? 0, content: inner.subarray(0, end) }
  }

  #expand(label: string, length: number): Buffer {
    const info = Buffer.concat([u16(length), vector8(Buffer.from(`tls13 ${label}`)), vector8(), u8(1)])
    return createHmac(this.#algorithm.hash, this.#secret).update(info).digest().subarray(0, length)
  }

  #nonce(): Buffer {
    const nonce = Buffer.from(this.#iv)
    nonce.writeUInt32BE((nonce.readUInt32BE(8) ^ this.#sequence++) >>> 0, 8)
    return nonce
  }
}
