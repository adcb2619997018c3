/** For every signature, group and cipher in use: what is right is taken, and every kind of wrong is refused. */
import { constants, sign } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { type KeyType, testKey } from '../../test/kit/certificate-maker.ts'
import { CIPHER_SUITES } from './cipher-suite.ts'
import { createKeyShare, groupName, NAMED_GROUP } from './key-exchange.ts'
import { CONTENT_TYPE } from './protocol-numbers.ts'
import { RecordOpener, RecordSealer } from './record-protection.ts'
import { type SignatureRule, verifySignature } from './signature-scheme.ts'
import { parsePublicKey } from './x509/public-key.ts'

const data = new TextEncoder().encode('signed')
const publicKey = (type: KeyType, label = 'a') =>
  parsePublicKey(new Uint8Array(testKey(type, label).publicKey.export({ type: 'spki', format: 'der' })))
const signatureOf = (type: KeyType, rule: SignatureRule): Uint8Array => {
  const key = testKey(type, 'a').privateKey
  const hash = 'hash' in rule ? rule.hash.replace('-', '').toLowerCase() : null
  const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
  return new Uint8Array(sign(hash, data, { key, ...(rule.kind === 'rsa-pss' ? pss : {}) }))
}

const HASHES = ['SHA-256', 'SHA-384', 'SHA-512'] as const
const signatures: [KeyType, SignatureRule][] = [
  ...HASHES.map((hash): [KeyType, SignatureRule] => ['rsa-2048', { kind: 'rsa-pss', hash }]),
  ...HASHES.map((hash): [KeyType, SignatureRule] => ['rsa-2048', { kind: 'rsa-pkcs1', hash }]),
  ...HASHES.map((hash): [KeyType, SignatureRule] => ['P-256', { kind: 'ecdsa', hash }]),
  ...HASHES.map((hash): [KeyType, SignatureRule] => ['P-384', { kind: 'ecdsa', hash }]),
  ['ed25519', { kind: 'ed25519' }]
]

describe.each(signatures)('signature by %s, %o', (type, rule) => {
  const signature = signatureOf(type, rule)
  it('is taken, and refused for other data, another key, and any altered byte', async () => {
    expect(await verifySignature(rule, publicKey(type), data, signature)).toBe(true)
    expect(await verifySignature(rule, publicKey(type), Uint8Array.of(...data, 0), signature)).toBe(false)
    expect(await verifySignature(rule, publicKey(type, 'b'), data, signature)).toBe(false)
    for (let at = 0; at < signature.length; at++) {
      const altered = signature.slice()
      altered[at] = (altered[at] ?? 0) ^ 1
      expect(await verifySignature(rule, publicKey(type), data, altered)).toBe(false)
    }
  })

  it('is refused when shorter, longer or empty, and by a key of another kind', async () => {
    const wrong = [
      signature.subarray(1),
      signature.subarray(0, -1),
      Uint8Array.of(...signature, 0),
      Uint8Array.of(0, ...signature),
      new Uint8Array(0),
      new Uint8Array(signature.length)
    ]
    for (const one of wrong) expect(await verifySignature(rule, publicKey(type), data, one)).toBe(false)
    for (const other of ['rsa-2048', 'P-256', 'P-384', 'ed25519'] as const)
      if (other !== type) expect(await verifySignature(rule, publicKey(other), data, signature)).toBe(false)
  })
})

describe.each(Object.values(NAMED_GROUP).map(group => [groupName(group), group]))(
  'key exchange over %s',
  (_, group) => {
    it('refuses every share that is no public key of the group', async () => {
      const share = await createKeyShare(Number(group))
      const bytes = share.publicKey.length
      const wrong = [
        new Uint8Array(0),
        new Uint8Array(bytes),
        new Uint8Array(bytes).fill(255),
        share.publicKey.subarray(1),
        Uint8Array.of(...share.publicKey, 0)
      ]
      for (const peer of wrong)
        if (!(group === NAMED_GROUP.x25519 && peer.length === 32 && peer[0] === 255))
          await expect((async () => share.agree(peer))()).rejects.toMatchObject({
            code: 'tls-protocol-violation',
            details: { alert: 'illegal_parameter' }
          })
    })

    it('two sides agree', async () => {
      if (group === NAMED_GROUP.X25519MLKEM768) return // the other side encapsulates; node:tls does in the interop tests
      const [a, b] = await Promise.all([createKeyShare(Number(group)), createKeyShare(Number(group))])
      expect(await a.agree(b.publicKey)).toEqual(await b.agree(a.publicKey))
    })
  }
)

describe.each(CIPHER_SUITES.map(suite => [suite.name, suite] as const))('%s', (_, suite) => {
  const secret = new Uint8Array(suite.hashBytes).fill(7)
  it('opens what was sealed, in order, and nothing altered, shortened or repeated', async () => {
    const sealer = await RecordSealer.create(suite, secret)
    const record = await sealer.seal(CONTENT_TYPE.applicationData, data)
    const second = await sealer.seal(CONTENT_TYPE.handshake, data)
    const open = async (bytes: Uint8Array) =>
      (await RecordOpener.create(suite, secret)).open(bytes.subarray(0, 5), bytes.subarray(5))
    const forged = { code: 'tls-protocol-violation', details: { alert: 'bad_record_mac' } }
    expect(await open(record)).toEqual({ type: CONTENT_TYPE.applicationData, content: data })
    for (let at = 0; at < record.length; at++) {
      const altered = record.slice()
      altered[at] = (altered[at] ?? 0) ^ 0x10
      await expect(open(altered)).rejects.toMatchObject(forged)
      await expect(open(record.subarray(0, Math.max(5, at)))).rejects.toMatchObject(forged)
    }
    await expect(open(second)).rejects.toMatchObject(forged)
    const opener = await RecordOpener.create(suite, secret)
    await opener.open(record.subarray(0, 5), record.subarray(5))
    expect(await opener.open(second.subarray(0, 5), second.subarray(5))).toEqual({
      type: CONTENT_TYPE.handshake,
      content: data
    })
  })
})
