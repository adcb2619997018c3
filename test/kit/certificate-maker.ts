/**
 * Certificates for tests, good and bad: a DER writer that checks nothing, signed by node:crypto. Independent of sdk/tls,
 * which is what it tests.
 */
import { constants, generateKeyPairSync, type KeyObject, sign as nodeSign } from 'node:crypto'

export type KeyType = 'rsa-1024' | 'rsa-2048' | 'rsa-3072' | 'P-256' | 'P-384' | 'P-521' | 'ed25519'
export interface KeyPair {
  readonly type: KeyType
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

export interface ExtensionInput {
  readonly oid: string
  readonly critical?: boolean | 'explicit-false'
  readonly value: Buffer
}

export interface CertificateInput {
  readonly key: KeyPair
  /** Common name, or a whole Name in DER. */
  readonly subject: string | Buffer
  /** Default: itself. */
  readonly issuer?: { readonly name: Buffer; readonly key: KeyPair }
  readonly notBefore?: Date
  readonly notAfter?: Date
  readonly extensions?: readonly ExtensionInput[]
  readonly hash?: 'sha1' | 'md5' | 'sha256' | 'sha384' | 'sha512'
  readonly pss?: boolean
  readonly version?: 1 | 2 | 3
  readonly serial?: Buffer
  /** Called on the DER of the part that gets signed, to make it odd. */
  readonly mangle?: (tbs: Buffer) => Buffer
  /** Called on the finished certificate. */
  readonly mangleWhole?: (der: Buffer) => Buffer
}

export interface MadeCertificate {
  readonly der: Buffer
  readonly pem: string
  readonly key: KeyPair
  readonly name: Buffer
}

const keys = new Map<string, KeyPair>()

/** The same key for the same type and label: RSA keys take long to find. */
export function testKey(type: KeyType, label = ''): KeyPair {
  const id = `${type} ${label}`
  const known = keys.get(id)
  if (known) return known
  const pair = type.startsWith('rsa')
    ? generateKeyPairSync('rsa', { modulusLength: Number(type.slice(4)) })
    : type === 'ed25519'
      ? generateKeyPairSync('ed25519')
      : generateKeyPairSync('ec', { namedCurve: type })
  const made = { type, ...pair }
  keys.set(id, made)
  return made
}

export function tlv(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents)
  const { length } = content
  const header =
    length < 0x80
      ? [tag, length]
      : length < 0x100
        ? [tag, 0x81, length]
        : length < 0x10000
          ? [tag, 0x82, length >> 8, length & 0xff]
          : [tag, 0x83, length >> 16, (length >> 8) & 0xff, length & 0xff]
  return Buffer.concat([Buffer.from(header), content])
}

export const sequence = (...contents: readonly Buffer[]): Buffer => tlv(0x30, ...contents)
export const set = (...contents: readonly Buffer[]): Buffer => tlv(0x31, ...contents)
export const integer = (value: number): Buffer => tlv(0x02, Buffer.from(value > 127 ? [0, value] : [value]))
export const boolean = (value: boolean): Buffer => tlv(0x01, Buffer.from([value ? 0xff : 0]))
export const octets = (content: Buffer): Buffer => tlv(0x04, content)
export const bits = (content: Buffer, unused = 0): Buffer => tlv(0x03, Buffer.from([unused]), content)
export const nothing = Buffer.from([5, 0])

export function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number)
  const bytes: number[] = []
  for (const arc of [first * 40 + second, ...rest]) {
    const digits = [arc & 0x7f]
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) digits.unshift((left & 0x7f) | 0x80)
    bytes.push(...digits)
  }
  return tlv(0x06, Buffer.from(bytes))
}

/** A Name of one attribute a part; `tag` 12 is UTF8String. */
export function name(commonName: string, organization?: string, tag = 12): Buffer {
  const part = (id: string, text: string): Buffer => set(sequence(oid(id), tlv(tag, Buffer.from(text))))
  return sequence(
    ...(organization === undefined ? [] : [part('2.5.4.10', organization)]),
    ...(commonName === '' ? [] : [part('2.5.4.3', commonName)])
  )
}

export const dnsName = (text: string): Buffer => tlv(0x82, Buffer.from(text, 'latin1'))
export const ipName = (...bytes: readonly number[]): Buffer => tlv(0x87, Buffer.from(bytes))
export const directoryName = (value: Buffer): Buffer => tlv(0xa4, value)
export const uriName = (text: string): Buffer => tlv(0x86, Buffer.from(text))
export const emailName = (text: string): Buffer => tlv(0x81, Buffer.from(text))

export const subjectAltName = (...names: readonly Buffer[]): ExtensionInput => ({
  oid: '2.5.29.17',
  value: sequence(...names)
})
export const basicConstraints = (ca: boolean, pathLength?: number): ExtensionInput => ({
  oid: '2.5.29.19',
  critical: true,
  value: sequence(...(ca ? [boolean(true)] : []), ...(pathLength === undefined ? [] : [integer(pathLength)]))
})
/** Bit 0 is digitalSignature, 2 keyEncipherment, 5 keyCertSign, 6 cRLSign. */
export const keyUsage = (...flags: readonly number[]): ExtensionInput => {
  const byte = flags.reduce((sum, flag) => sum | (0x80 >> flag), 0)
  return { oid: '2.5.29.15', critical: true, value: bits(Buffer.from([byte]), Math.min(7, trailingZeros(byte))) }
}
export const extendedKeyUsage = (...uses: readonly string[]): ExtensionInput => ({
  oid: '2.5.29.37',
  value: sequence(...uses.map(oid))
})
export const nameConstraints = (permitted: readonly Buffer[], excluded: readonly Buffer[] = []): ExtensionInput => ({
  oid: '2.5.29.30',
  critical: true,
  value: sequence(
    ...(permitted.length > 0 ? [tlv(0xa0, ...permitted.map(base => sequence(base)))] : []),
    ...(excluded.length > 0 ? [tlv(0xa1, ...excluded.map(base => sequence(base)))] : [])
  )
})
export const SERVER_AUTH = '1.3.6.1.5.5.7.3.1'
export const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2'

function trailingZeros(byte: number): number {
  return byte === 0 ? 0 : 31 - Math.clz32(byte & -byte)
}

function algorithm(key: KeyPair, hash: string, pss: boolean): Buffer {
  const arc: Record<string, number> = { md5: 4, sha1: 5, sha256: 11, sha384: 12, sha512: 13 }
  const ecArc: Record<string, string> = { sha1: '1', sha256: '3.2', sha384: '3.3', sha512: '3.4' }
  if (key.type === 'ed25519') return sequence(oid('1.3.101.112'))
  if (!key.type.startsWith('rsa')) return sequence(oid(`1.2.840.10045.4.${ecArc[hash]}`))
  if (!pss) return sequence(oid(`1.2.840.113549.1.1.${arc[hash]}`), nothing)
  const hashArc: Record<string, number> = { sha256: 1, sha384: 2, sha512: 3 }
  const hashAlgorithm = sequence(oid(`2.16.840.1.101.3.4.2.${hashArc[hash]}`), nothing)
  const salt: Record<string, number> = { sha256: 32, sha384: 48, sha512: 64 }
  return sequence(
    oid('1.2.840.113549.1.1.10'),
    sequence(
      tlv(0xa0, hashAlgorithm),
      tlv(0xa1, sequence(oid('1.2.840.113549.1.1.8'), hashAlgorithm)),
      tlv(0xa2, integer(salt[hash] ?? 0))
    )
  )
}

function time(date: Date): Buffer {
  const digits = date.toISOString().replace(/[-:T]|\.\d+/g, '')
  return date.getUTCFullYear() < 2050 ? tlv(0x17, Buffer.from(digits.slice(2))) : tlv(0x18, Buffer.from(digits))
}

const DAY_MS = 86_400_000
let serials = 1000

export function makeCertificate(input: CertificateInput): MadeCertificate {
  const { key, hash = 'sha256', pss = false, version = 3, extensions = [] } = input
  const subject = typeof input.subject === 'string' ? name(input.subject) : input.subject
  const issuer = input.issuer ?? { name: subject, key }
  const signatureAlgorithm = algorithm(issuer.key, hash, pss)
  const notBefore = input.notBefore ?? new Date(Date.now() - DAY_MS)
  const notAfter = input.notAfter ?? new Date(Date.now() + 90 * DAY_MS)
  const list = extensions.map(({ oid: id, critical, value }) =>
    sequence(
      oid(id),
      ...(critical === true ? [boolean(true)] : critical === 'explicit-false' ? [boolean(false)] : []),
      octets(value)
    )
  )
  const serial = serials++
  const plain = sequence(
    ...(version === 1 ? [] : [tlv(0xa0, integer(version - 1))]),
    tlv(0x02, input.serial ?? Buffer.from([serial >> 8, serial & 0xff])),
    signatureAlgorithm,
    issuer.name,
    sequence(time(notBefore), time(notAfter)),
    subject,
    key.publicKey.export({ type: 'spki', format: 'der' }),
    ...(list.length > 0 ? [tlv(0xa3, sequence(...list))] : [])
  )
  const tbs = input.mangle?.(plain) ?? plain
  const padding = pss ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST } : {}
  const signature = nodeSign(issuer.key.type === 'ed25519' ? null : hash, tbs, {
    key: issuer.key.privateKey,
    ...padding
  })
  const whole = sequence(tbs, signatureAlgorithm, bits(signature))
  const der = input.mangleWhole?.(whole) ?? whole
  return { der, pem: toPem(der), key, name: subject }
}

export function toPem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}

/** A self-signed root that may issue anything. */
export function makeRoot(
  commonName = 'Test Root',
  type: KeyType = 'P-256',
  extra: readonly ExtensionInput[] = []
): MadeCertificate {
  return makeCertificate({
    key: testKey(type, commonName),
    subject: commonName,
    extensions: [basicConstraints(true), keyUsage(5, 6), ...extra]
  })
}

/** What an honest server shows for `localhost`, signed by `issuer`. */
export function makeLeaf(issuer: MadeCertificate, input: Partial<CertificateInput> = {}): MadeCertificate {
  return makeCertificate({
    key: testKey('P-256', 'leaf'),
    subject: 'leaf',
    issuer,
    extensions: [
      subjectAltName(dnsName('localhost')),
      basicConstraints(false),
      keyUsage(0),
      extendedKeyUsage(SERVER_AUTH)
    ],
    ...input
  })
}
