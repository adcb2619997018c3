/** Record payload protection, RFC 8446 §5.2 to §5.5: one object per direction and traffic secret. */
import { cryptoEngine, TAG_BYTES } from '../crypto/index.ts'
import { tlsError } from './alert.ts'
import type { CipherSuite } from './cipher-suite.ts'
import { unshared } from './concat.ts'
import { trafficKeys } from './key-schedule.ts'
import {
  CONTENT_TYPE,
  LEGACY_VERSION,
  MAX_CIPHERTEXT_BYTES,
  MAX_PLAINTEXT_BYTES,
  RECORD_HEADER_BYTES
} from './protocol-numbers.ts'

export interface TlsContent {
  readonly type: number
  readonly content: Uint8Array
}

interface Aead {
  seal(nonce: Uint8Array<ArrayBuffer>, plaintext: Uint8Array<ArrayBuffer>, aad: Uint8Array): Promise<Uint8Array>
  /** `undefined` when it is not authentic. */
  open(nonce: Uint8Array<ArrayBuffer>, sealed: Uint8Array, aad: Uint8Array): Promise<Uint8Array | undefined>
  wipe(): void
}

/** A header of TLSPlaintext or TLSCiphertext. */
export function recordHeader(type: number, length: number, version = LEGACY_VERSION): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(type, version >>> 8, version & 0xff, length >>> 8, length & 0xff)
}

/** Seals what this client sends. Calls are numbered when made; the caller keeps their results in order. */
export class RecordSealer {
  readonly #aead: Aead
  readonly #iv: Uint8Array
  #records = 0

  private constructor(aead: Aead, iv: Uint8Array) {
    this.#aead = aead
    this.#iv = iv
  }

  /** @param secret a traffic secret; not kept */
  static async create(suite: CipherSuite, secret: Uint8Array): Promise<RecordSealer> {
    const { key, iv } = trafficKeys(suite, secret)
    return new RecordSealer(await createAead(suite, key), iv)
  }

  /** How many records this key has sealed (§5.5). */
  get records(): number {
    return this.#records
  }

  /** @param content at most 2^14 bytes @returns the record, header included */
  async seal(type: number, content: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
    const inner = new Uint8Array(content.length + 1)
    inner.set(content)
    inner[content.length] = type
    const bodyBytes = inner.length + TAG_BYTES
    const header = recordHeader(CONTENT_TYPE.applicationData, bodyBytes)
    const sealed = await this.#aead.seal(recordNonce(this.#iv, this.#records++), inner, header)
    const record = new Uint8Array(RECORD_HEADER_BYTES + bodyBytes)
    record.set(header)
    record.set(sealed, RECORD_HEADER_BYTES)
    return record
  }

  wipe(): void {
    this.#aead.wipe()
    this.#iv.fill(0)
  }
}

/** Opens what the server sent. */
export class RecordOpener {
  readonly #aead: Aead
  readonly #iv: Uint8Array
  #records = 0

  private constructor(aead: Aead, iv: Uint8Array) {
    this.#aead = aead
    this.#iv = iv
  }

  /** @param secret a traffic secret; not kept */
  static async create(suite: CipherSuite, secret: Uint8Array): Promise<RecordOpener> {
    const { key, iv } = trafficKeys(suite, secret)
    return new RecordOpener(await createAead(suite, key), iv)
  }

  /**
   * @param header the record's five bytes, which are authenticated @param body of at most 2^14 + 256 bytes
   * @throws CraftecError `tls-protocol-violation`: bad_record_mac, record_overflow, or unexpected_message when it is all padding
   */
  async open(header: Uint8Array, body: Uint8Array): Promise<TlsContent> {
    if (body.length > MAX_CIPHERTEXT_BYTES) throw tlsError('record_overflow', `a record of ${body.length} bytes`)
    const inner =
      body.length <= TAG_BYTES ? undefined : await this.#aead.open(recordNonce(this.#iv, this.#records++), body, header)
    if (inner === undefined) throw tlsError('bad_record_mac', 'a record is not authentic: altered, or out of order')
    // §5.4: the type is the last byte that is not zero; zeros after it are padding.
    let end = inner.length - 1
    while (end >= 0 && inner[end] === 0) end--
    const type = inner[end]
    if (type === undefined) throw tlsError('unexpected_message', 'a record holds nothing but padding')
    if (inner.length > MAX_PLAINTEXT_BYTES + 1)
      throw tlsError('record_overflow', `${inner.length - 1} bytes of content and padding in one record`)
    return { type, content: inner.subarray(0, end) }
  }

  wipe(): void {
    this.#aead.wipe()
    this.#iv.fill(0)
  }
}

/** §5.3. A count stays far below 2^53: keys are updated long before, and no peer can send that many. */
function recordNonce(iv: Uint8Array, sequence: number): Uint8Array<ArrayBuffer> {
  const nonce = new Uint8Array(iv)
  const view = new DataView(nonce.buffer)
  view.setBigUint64(4, view.getBigUint64(4) ^ BigInt(sequence))
  return nonce
}

/** @param key wiped as soon as the cipher no longer needs these bytes */
async function createAead(suite: CipherSuite, key: Uint8Array<ArrayBuffer>): Promise<Aead> {
  if (suite.aead === 'ChaCha20-Poly1305') return chacha20Poly1305(key)
  const imported = await crypto.subtle.importKey('raw', key, 'AES-GCM', false, ['encrypt', 'decrypt'])
  key.fill(0)
  return {
    seal: async (iv, plaintext, aad) =>
      new Uint8Array(
        await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData: unshared(aad) }, imported, plaintext)
      ),
    open: (iv, sealed, aad) =>
      crypto.subtle
        .decrypt({ name: 'AES-GCM', iv, additionalData: unshared(aad) }, imported, unshared(sealed))
        .then(plaintext => new Uint8Array(plaintext))
        .catch(notAuthentic),
    wipe: () => {}
  }
}

function chacha20Poly1305(key: Uint8Array): Aead {
  const engine = cryptoEngine()
  return {
    seal: async (nonce, plaintext, aad) => engine.aeadSeal(key, nonce, plaintext, { aad }),
    open: async (nonce, sealed, aad) => engine.aeadOpen(key, nonce, sealed, { aad }),
    wipe: () => key.fill(0)
  }
}

/** WebCrypto says "not authentic" with an OperationError; anything else is a defect and must not pass for one. */
function notAuthentic(error: unknown): undefined {
  if (error instanceof DOMException && error.name === 'OperationError') return undefined
  throw error
}
