/**
 * The key schedule of RFC 8446 §7.1 without its PSK branches: early secret of zeros, handshake secret, main secret.
 * Secrets are byte arrays so that they can be overwritten; whoever is given one wipes it.
 */
import { ByteWriter } from '../codec/index.ts'
import type { CipherSuite, HashName } from './cipher-suite.ts'
import { unshared } from './concat.ts'
import { writeVector } from './presentation.ts'

type Secret = Uint8Array<ArrayBuffer>
type Hashing = Pick<CipherSuite, 'hash' | 'hashBytes'>

const NOTHING = /* @__PURE__ */ new Uint8Array(0)
const IV_BYTES = 12

export async function hashOf(hash: HashName, data: Uint8Array): Promise<Secret> {
  return new Uint8Array(await crypto.subtle.digest(hash, unshared(data)))
}

async function hmac(hash: HashName, key: Uint8Array, data: Uint8Array): Promise<Secret> {
  const imported = await crypto.subtle.importKey('raw', unshared(key), { name: 'HMAC', hash }, false, ['sign'])
  return new Uint8Array(await crypto.subtle.sign('HMAC', imported, unshared(data)))
}

/** RFC 5869 §2.2. */
export function hkdfExtract({ hash }: Hashing, salt: Uint8Array, keyMaterial: Uint8Array): Promise<Secret> {
  return hmac(hash, salt, keyMaterial)
}

/** §7.1 HKDF-Expand-Label. @param length at most one hash output, which is all that TLS asks for */
export async function hkdfExpandLabel(
  suite: Hashing,
  secret: Uint8Array,
  label: string,
  context: Uint8Array,
  length: number
): Promise<Secret> {
  if (length > suite.hashBytes) throw new RangeError(`HKDF: ${length} bytes are more than one block`)
  const info = new ByteWriter(80).u16(length)
  writeVector(info, 1, new TextEncoder().encode(`tls13 ${label}`))
  writeVector(info, 1, context).u8(1) // T(1) of RFC 5869 §2.3
  const block = await hmac(suite.hash, secret, info.finish())
  const output = block.slice(0, length)
  block.fill(0)
  return output
}

/** §7.1 Derive-Secret, given Transcript-Hash(Messages). */
export function deriveSecret(
  suite: Hashing,
  secret: Uint8Array,
  label: string,
  transcriptHash: Uint8Array
): Promise<Secret> {
  return hkdfExpandLabel(suite, secret, label, transcriptHash, suite.hashBytes)
}

/** The salt for the next stage: Derive-Secret(secret, "derived", ""). */
async function nextStage(suite: Hashing, secret: Uint8Array, keyMaterial: Uint8Array): Promise<Secret> {
  const salt = await deriveSecret(suite, secret, 'derived', await hashOf(suite.hash, NOTHING))
  return hkdfExtract(suite, salt, keyMaterial)
}

export interface HandshakeSecrets {
  readonly main: Secret
  readonly client: Secret
  readonly server: Secret
}

/**
 * @param sharedSecret of the key exchange; wiped
 * @param helloHash of ClientHello..ServerHello
 * @returns the handshake traffic secrets, and the main secret that the application secrets come from
 */
export async function handshakeSecrets(
  suite: Hashing,
  sharedSecret: Uint8Array,
  helloHash: Uint8Array
): Promise<HandshakeSecrets> {
  const zeros = new Uint8Array(suite.hashBytes)
  const early = await hkdfExtract(suite, zeros, zeros)
  const handshake = await nextStage(suite, early, sharedSecret)
  sharedSecret.fill(0)
  const [client, server, main] = await Promise.all([
    deriveSecret(suite, handshake, 'c hs traffic', helloHash),
    deriveSecret(suite, handshake, 's hs traffic', helloHash),
    nextStage(suite, handshake, zeros)
  ])
  handshake.fill(0)
  return { main, client, server }
}

/** @param main wiped @param finishedHash of ClientHello..server Finished */
export async function applicationSecrets(
  suite: Hashing,
  main: Uint8Array,
  finishedHash: Uint8Array
): Promise<{ readonly client: Secret; readonly server: Secret }> {
  const [client, server] = await Promise.all([
    deriveSecret(suite, main, 'c ap traffic', finishedHash),
    deriveSecret(suite, main, 's ap traffic', finishedHash)
  ])
  main.fill(0)
  return { client, server }
}

/** §7.2. @param secret wiped: after an update nobody may read the past */
export async function nextTrafficSecret(suite: Hashing, secret: Uint8Array): Promise<Secret> {
  const next = await deriveSecret(suite, secret, 'traffic upd', NOTHING)
  secret.fill(0)
  return next
}

/** §7.3. */
export async function trafficKeys(
  suite: CipherSuite,
  secret: Uint8Array
): Promise<{ readonly key: Secret; readonly iv: Secret }> {
  const [key, iv] = await Promise.all([
    hkdfExpandLabel(suite, secret, 'key', NOTHING, suite.keyBytes),
    hkdfExpandLabel(suite, secret, 'iv', NOTHING, IV_BYTES)
  ])
  return { key, iv }
}

/** §4.4.4 verify_data. */
export async function finishedMac(suite: Hashing, secret: Uint8Array, transcriptHash: Uint8Array): Promise<Secret> {
  const key = await hkdfExpandLabel(suite, secret, 'finished', NOTHING, suite.hashBytes)
  const mac = await hmac(suite.hash, key, transcriptHash)
  key.fill(0)
  return mac
}
