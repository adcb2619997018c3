/**
 * The part of WebCrypto that sdk/tls uses, on node:crypto without a thread pool: the same OpenSSL underneath, some ten
 * times sooner for inputs of this size. Made for fuzzing only; key pairs are fixed, and what was computed once is remembered.
 */
import {
  constants,
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  decapsulate,
  diffieHellman,
  type KeyObject,
  verify
} from 'node:crypto'

/** Private keys in PKCS#8 by the name of their algorithm or curve. */
export type FixedKeys = Readonly<Record<string, Buffer>>
type Algorithm = string | { readonly name: string; readonly namedCurve?: string }
interface SynchronousKey {
  readonly algorithm: Algorithm
  readonly bytes: Buffer
}

const TAG_BYTES = 16
/** More than one session needs; fuzzing must not fill the memory. */
const MAX_REMEMBERED = 300
/** SubjectPublicKeyInfo before the key itself. */
const SPKI: Readonly<Record<string, string>> = {
  X25519: '302a300506032b656e032100',
  'P-256': '3059301306072a8648ce3d020106082a8648ce3d030107034200',
  'P-384': '3076301006072a8648ce3d020106052b81040022036200',
  'ML-KEM-768': '308204b2300b0609608648016503040402038204a100'
}
const CURVES: Readonly<Record<string, string>> = { prime256v1: 'P-256', secp384r1: 'P-384' }

/** @returns to be put in the place of `crypto.subtle` */
export function createSynchronousSubtle(keys: FixedKeys): object {
  const publicKeys = remembering((bytes: Buffer) => createPublicKey({ key: bytes, format: 'der', type: 'spki' }))
  const verdicts = remembering((how: string, key: Buffer, signature: Buffer, data: Buffer) => {
    const [name, hash = '', salt] = how.split(' ')
    const publicKey = publicKeys(key)
    if (name === 'ECDSA') return verify(hash, data, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature)
    const padding = name === 'RSA-PSS' ? constants.RSA_PKCS1_PSS_PADDING : constants.RSA_PKCS1_PADDING
    return verify(hash, data, { key: publicKey, padding, saltLength: Number(salt) }, signature)
  })
  // Node 24 takes 20 µs longer for the same key as bytes.
  const secretKeys = remembering((bytes: Buffer) => createSecretKey(bytes))
  const agreements = remembering((privateKey: Buffer, peer: Buffer) =>
    diffieHellman({ privateKey: privateKeyOf(privateKey), publicKey: publicKeys(peer) })
  )
  const decapsulations = remembering((privateKey: Buffer, ciphertext: Buffer) =>
    decapsulate(privateKeyOf(privateKey), ciphertext)
  )

  return {
    generateKey: async (algorithm: Algorithm) => {
      const name = keyName(algorithm)
      const bytes = keys[name]
      if (bytes === undefined) throw new Error(`no key of ${name} was recorded`)
      return { privateKey: { algorithm, bytes }, publicKey: { algorithm, bytes: publicBytes(name, bytes) } }
    },
    exportKey: async (_format: string, key: SynchronousKey) => copy(key.bytes),

    importKey: async (format: string, data: Uint8Array, algorithm: Algorithm): Promise<SynchronousKey> => {
      const bytes = Buffer.from(data)
      const name = keyName(algorithm)
      if (format === 'spki') {
        const key = attempt('DataError', () => publicKeys(bytes))
        const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key
        const fits =
          type === 'ec' ? CURVES[details?.namedCurve ?? ''] === name : type === 'rsa' && name.startsWith('RSA')
        if (!fits) throw new DOMException('a key of another kind', 'DataError')
        return { algorithm, bytes }
      }
      const prefix = SPKI[name]
      if (prefix === undefined) return { algorithm, bytes }
      const spki = Buffer.concat([Buffer.from(prefix, 'hex'), bytes])
      attempt('DataError', () => publicKeys(spki))
      return { algorithm, bytes: spki }
    },

    verify: async (
      { name, hash, saltLength }: { name: string; hash: string; saltLength?: number },
      { bytes }: SynchronousKey,
      signature: Uint8Array,
      data: Uint8Array
    ) => verdicts(`${name} ${nodeHash(hash)} ${saltLength}`, bytes, Buffer.from(signature), Buffer.from(data)),

    deriveBits: async ({ public: peer }: { public: SynchronousKey }, { bytes }: SynchronousKey) => {
      const secret = attempt('OperationError', () => agreements(bytes, peer.bytes))
      if (secret.every(byte => byte === 0)) throw new DOMException('all zero', 'OperationError')
      return copy(secret)
    },
    decapsulateBits: async (_name: string, { bytes }: SynchronousKey, ciphertext: Uint8Array) =>
      copy(attempt('OperationError', () => decapsulations(bytes, Buffer.from(ciphertext)))),

    encrypt: async ({ iv, additionalData }: AesGcmParams, { bytes }: SynchronousKey, data: Uint8Array) => {
      const cipher = createCipheriv(aes(bytes), secretKeys(bytes), view(iv)).setAAD(view(additionalData))
      return copy(Buffer.concat([cipher.update(data), cipher.final(), cipher.getAuthTag()]))
    },
    decrypt: async ({ iv, additionalData }: AesGcmParams, { bytes }: SynchronousKey, data: Uint8Array) => {
      const tagAt = data.length - TAG_BYTES
      const decipher = createDecipheriv(aes(bytes), secretKeys(bytes), view(iv)).setAAD(view(additionalData))
      decipher.setAuthTag(data.subarray(tagAt))
      const plaintext = decipher.update(data.subarray(0, tagAt))
      attempt('OperationError', () => decipher.final())
      return copy(plaintext)
    }
  }
}

/** WebCrypto itself, but for its key pairs, which are the fixed ones. */
export function withFixedKeys(subtle: SubtleCrypto, keys: FixedKeys): object {
  return new Proxy(subtle, {
    get: (target, property) => {
      if (property === 'generateKey')
        return async (algorithm: Algorithm, extractable: boolean, usages: KeyUsage[]) => {
          const key = privateKeyOf(keys[keyName(algorithm)] ?? Buffer.alloc(0))
          // Types know neither X25519 as a bare name nor ML-KEM.
          const toKey = (object: KeyObject, own: boolean, uses: KeyUsage[]): CryptoKey =>
            (object.toCryptoKey as (...parts: unknown[]) => CryptoKey)(algorithm, own, uses)
          return { privateKey: toKey(key, extractable, usages), publicKey: toKey(createPublicKey(key), true, []) }
        }
      const value: unknown = Reflect.get(target, property)
      return typeof value === 'function' ? value.bind(target) : value
    }
  })
}

const privateKeyOf = remembering((bytes: Buffer) => createPrivateKey({ key: bytes, format: 'der', type: 'pkcs8' }))

const publicBytes = remembering((name: string, privateKey: Buffer) => {
  const spki = createPublicKey(privateKeyOf(privateKey)).export({ format: 'der', type: 'spki' })
  return spki.subarray((SPKI[name]?.length ?? 0) / 2)
})

/** Pure functions of bytes, each asked the same again and again. */
function remembering<A extends readonly (string | Buffer)[], R>(compute: (...inputs: A) => R): (...inputs: A) => R {
  const known = new Map<string, R>()
  return (...inputs) => {
    const id = inputs
      .map(input => `${input.length}:${typeof input === 'string' ? input : input.toString('latin1')}`)
      .join()
    const before = known.get(id)
    if (before !== undefined) return before
    if (known.size >= MAX_REMEMBERED) known.clear()
    const result = compute(...inputs)
    known.set(id, result)
    return result
  }
}

function keyName(algorithm: Algorithm): string {
  return typeof algorithm === 'string' ? algorithm : (algorithm.namedCurve ?? algorithm.name)
}

function nodeHash(hash: string): string {
  return hash.replace('-', '').toLowerCase()
}

function aes(key: Buffer): 'aes-128-gcm' {
  return `aes-${key.length * 8}-gcm` as 'aes-128-gcm'
}

function view(source: BufferSource | undefined): Uint8Array {
  return source instanceof Uint8Array ? source : new Uint8Array(0)
}

function copy(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer
}

function attempt<T>(name: 'DataError' | 'OperationError', compute: () => T): T {
  try {
    return compute()
  } catch (error) {
    throw new DOMException(String(error), name)
  }
}
