import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createIdentity, identityFromSeed } from './identity.ts'
import { parsePeerId, peerIdFromPublicKey, publicKeyFromPeerId } from './peer-id.ts'

const malformed = expect.objectContaining({ code: 'malformed' })

describe('PeerId', () => {
  it('is the one libp2p derives from the same seed', async () => {
    for (let fill = 0; fill < 8; fill++) {
      const seed = new Uint8Array(32).fill(fill)
      const libp2p = peerIdFromPrivateKey(await generateKeyPairFromSeed('Ed25519', seed))
      const identity = identityFromSeed(seed)
      expect(identity.peerId).toBe(libp2p.toString())
      expect(publicKeyFromPeerId(libp2p.toString())).toEqual(identity.publicKey)
    }
  })

  it('names one key by one text', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), key => {
        const id = peerIdFromPublicKey(key)
        expect(id).toHaveLength(52)
        expect(parsePeerId(id)).toBe(id)
        expect(publicKeyFromPeerId(id)).toEqual(key)
      })
    )
  })

  it.each([
    ['nothing', ''],
    ['an RSA PeerId', 'QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N'],
    ['a secp256k1 PeerId', '16Uiu2HAmLhLvBoYaoZfaMUKuibM6ac163GwKY74c5kiSLg5KvLpY'],
    ['the CID form', 'bafzaajaiaejcal72gwuz2or47oyxxn6b3rkwdmmkrxgpq3wlhqbpfmr3ocvnaxgs'],
    ['a character too many', `${peerIdFromPublicKey(new Uint8Array(32))}1`],
    ['a character too few', peerIdFromPublicKey(new Uint8Array(32)).slice(0, -1)],
    ['megabytes', '1'.repeat(5_000_000)]
  ])('refuses %s as malformed', (_, text) => {
    expect(() => publicKeyFromPeerId(text)).toThrow(malformed)
  })
})

describe('Identity', () => {
  it('keeps its secret out of every view of the object, and its own copy of the seed', async () => {
    const seed = new Uint8Array(32).fill(5)
    const identity = identityFromSeed(seed)
    const before = await identity.sign(new Uint8Array(1))
    seed.fill(0)
    expect(await identity.sign(new Uint8Array(1))).toEqual(before)
    expect(Object.keys(identity).sort()).toEqual(['did', 'peerId', 'publicKey', 'sign'])
  })

  it('is another one every time it is created', () => {
    expect(createIdentity().did).not.toBe(createIdentity().did)
  })
})
