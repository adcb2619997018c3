/** Ephemeral keys for the groups of RFC 8446 §4.2.7 and X25519MLKEM768 (draft-ietf-tls-ecdhe-mlkem). */
import { systemRandom } from '../async/index.ts'
import { cryptoEngine } from '../crypto/index.ts'
import { tlsError } from './alert.ts'
import { concat, unshared } from './concat.ts'

export const NAMED_GROUP = { secp256r1: 0x0017, secp384r1: 0x0018, x25519: 0x001d, X25519MLKEM768: 0x11ec } as const
export type NamedGroup = keyof typeof NAMED_GROUP

/** One half of a key exchange; {@link KeyShare.agree} may be called once. */
export interface KeyShare {
  readonly group: number
  readonly publicKey: Uint8Array
  /** @throws CraftecError `tls-protocol-violation` (illegal_parameter) when `peer` is no public key of the group */
  agree(peer: Uint8Array): Promise<Uint8Array>
}

const X25519_BYTES = 32
const ML_KEM_768_CIPHERTEXT_BYTES = 1088
const ML_KEM_768 = 'ML-KEM-768'

/** What WebCrypto has of ML-KEM ("Modern Algorithms in the Web Cryptography API"); typed here until the DOM types know it. */
interface KemSubtle {
  decapsulateBits(algorithm: string, key: CryptoKey, ciphertext: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer>
  exportKey(format: 'raw-public', key: CryptoKey): Promise<ArrayBuffer>
}

export function groupName(group: number): NamedGroup | undefined {
  return (Object.keys(NAMED_GROUP) as NamedGroup[]).find(name => NAMED_GROUP[name] === group)
}

/** What a first ClientHello offers. */
export interface KeyShares {
  /** What this runtime can do, best first; the hybrid protects today's traffic against tomorrow's quantum computer. */
  readonly groups: readonly number[]
  /** Of the groups that servers are likely to choose: a guess that is right spares a round trip. */
  readonly shares: readonly KeyShare[]
}

export async function createKeyShares(): Promise<KeyShares> {
  const { X25519MLKEM768, x25519, secp256r1, secp384r1 } = NAMED_GROUP
  const hasKem = 'decapsulateBits' in crypto.subtle
  const [hybrid, classic] = await Promise.all([hasKem ? createHybrid().catch(noHybrid) : undefined, createX25519()])
  const others = [x25519, secp256r1, secp384r1]
  return hybrid
    ? { groups: [X25519MLKEM768, ...others], shares: [hybrid, classic] }
    : { groups: others, shares: [classic] }
}

/** A runtime may have the methods without ML-KEM, as Node has over OpenSSL before 3.5. Any other failure is one. */
function noHybrid(error: unknown): undefined {
  if (!(error instanceof DOMException && error.name === 'NotSupportedError')) throw error
}

/** One more, when a HelloRetryRequest asks for it. @param group one of {@link KeyShares.groups} */
export function createKeyShare(group: number): Promise<KeyShare> {
  switch (group) {
    case NAMED_GROUP.X25519MLKEM768:
      return createHybrid()
    case NAMED_GROUP.secp256r1:
      return createEcdh(group, 'P-256', 32)
    case NAMED_GROUP.secp384r1:
      return createEcdh(group, 'P-384', 48)
    default:
      return createX25519()
  }
}

async function createX25519(): Promise<KeyShare> {
  const group = NAMED_GROUP.x25519
  let pair: CryptoKeyPair
  try {
    pair = (await crypto.subtle.generateKey('X25519', false, ['deriveBits'])) as CryptoKeyPair
  } catch {
    return engineX25519() // an engine before Chromium 133, Firefox 130, Safari 17
  }
  return {
    group,
    publicKey: new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey)),
    agree: peer => deriveBits('X25519', pair.privateKey, peer, X25519_BYTES)
  }
}

function engineX25519(): KeyShare {
  const engine = cryptoEngine()
  const { privateKey, publicKey } = engine.x25519KeyPair(systemRandom)
  return {
    group: NAMED_GROUP.x25519,
    publicKey,
    agree: async peer => {
      try {
        return engine.x25519SharedSecret(privateKey, peer)
      } catch (cause) {
        throw badShare('X25519', cause)
      } finally {
        privateKey.fill(0)
      }
    }
  }
}

async function createEcdh(group: number, namedCurve: string, fieldBytes: number): Promise<KeyShare> {
  const algorithm = { name: 'ECDH', namedCurve }
  const pair = await crypto.subtle.generateKey(algorithm, false, ['deriveBits'])
  return {
    group,
    publicKey: new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey)),
    agree: peer => {
      // §4.2.8.2: uncompressed points only; WebCrypto would take compressed ones too.
      if (peer.length !== 1 + 2 * fieldBytes || peer[0] !== 4) throw badShare(namedCurve)
      return deriveBits(algorithm, pair.privateKey, peer, fieldBytes)
    }
  }
}

async function createHybrid(): Promise<KeyShare> {
  const subtle = crypto.subtle as SubtleCrypto & KemSubtle
  const [classic, pair] = await Promise.all([
    createX25519(),
    crypto.subtle.generateKey(ML_KEM_768, false, ['decapsulateBits'] as unknown as KeyUsage[])
  ])
  const { publicKey, privateKey } = pair as CryptoKeyPair
  return {
    group: NAMED_GROUP.X25519MLKEM768,
    // The post-quantum part comes first, in the shares and in the secret.
    publicKey: concat(new Uint8Array(await subtle.exportKey('raw-public', publicKey)), classic.publicKey),
    agree: async peer => {
      if (peer.length !== ML_KEM_768_CIPHERTEXT_BYTES + X25519_BYTES) throw badShare('X25519MLKEM768')
      const ciphertext = unshared(peer.subarray(0, ML_KEM_768_CIPHERTEXT_BYTES))
      const [kem, dh] = await Promise.all([
        subtle.decapsulateBits(ML_KEM_768, privateKey, ciphertext),
        classic.agree(peer.subarray(ML_KEM_768_CIPHERTEXT_BYTES))
      ])
      const secret = concat(new Uint8Array(kem), dh)
      new Uint8Array(kem).fill(0)
      dh.fill(0)
      return secret
    }
  }
}

async function deriveBits(
  algorithm: string | EcKeyImportParams,
  privateKey: CryptoKey,
  peer: Uint8Array,
  secretBytes: number
): Promise<Uint8Array> {
  const name = typeof algorithm === 'string' ? algorithm : algorithm.name
  let secret: Uint8Array
  try {
    const key = await crypto.subtle.importKey('raw', unshared(peer), algorithm, false, [])
    secret = new Uint8Array(await crypto.subtle.deriveBits({ name, public: key }, privateKey, secretBytes * 8))
  } catch (cause) {
    throw badShare(name, cause)
  }
  // §7.4.2: WebCrypto must refuse this itself; RFC 7748 §6.1 makes the check ours as well.
  if (name === 'X25519' && secret.every(byte => byte === 0)) throw badShare(name)
  return secret
}

function badShare(what: string, cause?: unknown): Error {
  return tlsError('illegal_parameter', `the server's key share is not a public key of ${what}`, { cause })
}
