/** Identities and the crypto beneath them, as a page bundles and runs them: no Node, and the same bytes as everywhere. */
import { expect } from 'chai'
import { decodeHex, encodeHex } from '../../sdk/codec/index.ts'
import { cryptoEngine, useWasmCrypto } from '../../sdk/crypto/index.ts'
import {
  didDocument,
  didFromPublicKey,
  encodeDidDocument,
  identityFromSeed,
  parseDid,
  publicKeyFromPeerId
} from '../../sdk/identity/index.ts'
import crypto from '../vectors/crypto.json' with { type: 'json' }
import did from '../vectors/did.json' with { type: 'json' }

describe('identity in a page', () => {
  it('runs on noble, without any trace of Node', () => {
    expect(cryptoEngine().name).to.equal('noble')
    expect('process' in globalThis).to.equal(false)
  })

  it('writes the DIDs and documents of the reference implementation', () => {
    for (const one of did.cases) {
      const key = decodeHex(one.pubkey)
      expect(didFromPublicKey(key)).to.equal(one.did)
      expect(parseDid(one.craftobj_hex_did)).to.equal(one.did)
      expect(encodeDidDocument(didDocument(key, 0))).to.equal(one.did_document_json)
    }
  })

  it('signs as the reference implementation does, under one key with two names', async () => {
    const identity = identityFromSeed(decodeHex(did.identity.secret))
    expect(identity.did).to.equal(did.identity.did)
    expect(publicKeyFromPeerId(identity.peerId)).to.deep.equal(identity.publicKey)
    expect(encodeHex(await identity.sign(decodeHex(did.identity.message)))).to.equal(did.identity.signature)
  })

  it('seals and opens the reference implementation’s messages, in JavaScript and in WebAssembly', async () => {
    const key = decodeHex(crypto.encrypt_symmetric.key)
    for (const engine of [cryptoEngine(), await useWasmCrypto()])
      for (const { nonce, plaintext, output } of crypto.encrypt_symmetric.cases) {
        const sealed = engine.aeadSeal(key, decodeHex(nonce), decodeHex(plaintext))
        expect(nonce + encodeHex(sealed)).to.equal(output)
        expect(engine.aeadOpen(key, decodeHex(nonce), sealed)).to.deep.equal(decodeHex(plaintext))
      }
    expect(cryptoEngine().name).to.equal('wasm')
  })
})
