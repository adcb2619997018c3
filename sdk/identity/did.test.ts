import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeHex } from '../codec/index.ts'
import { cryptoEngine } from '../crypto/index.ts'
import { didFromPublicKey, parseDid, publicKeyFromDid } from './did.ts'
import { decodeDidDocument, didDocument, encodeDidDocument } from './did-document.ts'
import { identityFromSeed } from './identity.ts'

const reference = JSON.parse(readFileSync(new URL('../../test/vectors/did.json', import.meta.url), 'utf8')) as {
  cases: { pubkey: string; did: string; craftobj_hex_did: string; did_document_json: string }[]
  identity: { secret: string; public: string; did: string; message: string; signature: string }
  invalid: { input: string }[]
}
const invalidDid = expect.objectContaining({ code: 'invalid-did' })
const key = fc.uint8Array({ minLength: 32, maxLength: 32 })

describe('did:craftec', () => {
  it.each(reference.cases)('reference: $did', ({ pubkey, did, craftobj_hex_did, did_document_json }) => {
    const publicKey = decodeHex(pubkey)
    expect(didFromPublicKey(publicKey)).toBe(did)
    expect(publicKeyFromDid(did)).toEqual(publicKey)
    expect(parseDid(craftobj_hex_did)).toBe(did)
    expect(encodeDidDocument(didDocument(publicKey, 0))).toBe(did_document_json)
    expect(decodeDidDocument(did_document_json)).toEqual(didDocument(publicKey, 0))
  })

  it('reference: identity from a seed, its DID and signature', async () => {
    const { secret, public: publicKey, did, message, signature } = reference.identity
    const identity = identityFromSeed(decodeHex(secret))
    expect(identity.publicKey).toEqual(decodeHex(publicKey))
    expect(identity.did).toBe(did)
    expect(await identity.sign(decodeHex(message))).toEqual(decodeHex(signature))
    expect(cryptoEngine().ed25519Verify(publicKeyFromDid(did), decodeHex(message), decodeHex(signature))).toBe(true)
  })

  it.each([
    ...reference.invalid.map(one => one.input),
    '',
    'did:craftec',
    'DID:craftec:11111111111111111111111111111111',
    ' did:craftec:11111111111111111111111111111111',
    'did:craftec:11111111111111111111111111111111 ',
    'did:craftec:111111111111111111111111111111111',
    `did:craftec:${'F'.repeat(64)}`,
    `did:craftec:0x${'f'.repeat(62)}`,
    `did:craftec:${'z'.repeat(44)}`,
    `did:craftec:${'1'.repeat(1_000_000)}`
  ])('refuses %.60j as invalid-did', input => {
    expect(() => parseDid(input)).toThrow(invalidDid)
  })

  it('names one key by one text', () => {
    fc.assert(
      fc.property(key, bytes => {
        expect(publicKeyFromDid(didFromPublicKey(bytes))).toEqual(bytes)
        expect(parseDid(didFromPublicKey(bytes))).toBe(didFromPublicKey(bytes))
      })
    )
  })
})

describe('DID document', () => {
  it('decodes what it encoded', () => {
    fc.assert(
      fc.property(key, fc.maxSafeNat(), (bytes, created) => {
        const document = didDocument(bytes, created)
        expect(decodeDidDocument(encodeDidDocument(document))).toEqual(document)
      })
    )
  })

  const good = encodeDidDocument(didDocument(new Uint8Array(32).fill(1), 1_700_000_000))
  const other = encodeDidDocument(didDocument(new Uint8Array(32).fill(2), 0))
  const otherKey = (JSON.parse(other) as { verification_method: [{ public_key_multibase: string }] })
    .verification_method[0].public_key_multibase
  it.each([
    ['a key that the id does not name', good.replace(/z[1-9A-Za-z]{40,44}/, otherKey)],
    ['white space', `${good} `],
    ['an unknown field', good.replace('{', '{"x":1,')],
    ['a repeated field', good.replace('{', '{"created":5,')],
    ['a time with a fraction', good.replace('1700000000', '1.5')],
    ['a time before 1970', good.replace('1700000000', '-1')],
    ['a time beyond exact integers', good.replace('1700000000', '9007199254740993')],
    ['another spelling of the number', good.replace('1700000000', '17e8')],
    ['no object', 'null'],
    ['an array', '[]'],
    ['no JSON', good.slice(1)],
    ['far too much', `${good}${' '.repeat(5000)}`]
  ])('refuses %s as invalid-did', (_, json) => {
    expect(json).not.toBe(good)
    expect(() => decodeDidDocument(json)).toThrow(invalidDid)
  })
})
