/** Every engine against the RFCs and the reference implementation's vectors. A new engine joins by one line in ENGINES. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { compileModule } from '../wasm/index.ts'
import { cryptoEngine, useWasmCrypto } from './engine-choice.ts'
import { createNobleEngine } from './noble-engine.ts'
import { createWasmCryptoEngine } from './wasm-engine.ts'

const kernel = await compileModule(new URL('../../wasm/dist/chacha20-poly1305.wasm', import.meta.url))
const node = cryptoEngine()
const ENGINES = [createNobleEngine(), node, createWasmCryptoEngine(kernel), createWasmCryptoEngine(kernel, node)]

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'))
const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const ascii = (text: string): Uint8Array => new TextEncoder().encode(text)
const counting = (from: number, count: number): Uint8Array => Uint8Array.from({ length: count }, (_, i) => from + i)

interface Sealed {
  nonce: string
  plaintext: string
  output: string
}
const reference = JSON.parse(readFileSync(new URL('../../test/vectors/crypto.json', import.meta.url), 'utf8')) as {
  ed25519: { secret: string; public: string; cases: { message: string; signature: string }[] }
  x25519: Record<
    'alice_public' | 'alice_secret' | 'bob_public' | 'bob_secret' | 'shared' | 'symmetric_key_sha256_of_shared',
    string
  >
  encrypt_symmetric: { key: string; cases: Sealed[] }
  encrypt_for_recipient_alice_to_bob: Sealed[]
}

it('Node gets the node engine, and the same one at every call', () => {
  expect(cryptoEngine().name).toMatch(/^node\b/)
  expect(cryptoEngine()).toBe(cryptoEngine())
})

it('WebAssembly, once asked for, is what everyone gets', async () => {
  const engine = await useWasmCrypto()
  expect(engine.name).toBe('node+wasm')
  expect(cryptoEngine()).toBe(engine)
  expect(await useWasmCrypto()).toBe(engine)
})

describe.each(ENGINES.map(engine => [engine.name, engine] as const))('%s engine', (_, engine) => {
  it('SHA-256 and HMAC-SHA256: FIPS 180-4 example, RFC 4231 cases 1 and 6', () => {
    expect(toHex(engine.sha256(ascii('abc')))).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
    expect(toHex(engine.hmacSha256(new Uint8Array(20).fill(0x0b), ascii('Hi There')))).toBe(
      'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7'
    )
    for (const parts of [['abc'], ['', 'a', 'bc'], ['ab', 'c', '']]) {
      const stream = engine.sha256Stream()
      for (const part of parts) stream.update(ascii(part))
      expect(toHex(stream.digest())).toBe(toHex(engine.sha256(ascii('abc'))))
    }
    const longKey = new Uint8Array(131).fill(0xaa)
    expect(toHex(engine.hmacSha256(longKey, ascii('Test Using Larger Than Block-Size Key - Hash Key First')))).toBe(
      '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54'
    )
  })

  it.each([
    {
      case: 'A.1',
      ikm: new Uint8Array(22).fill(0x0b),
      salt: counting(0, 13),
      info: counting(0xf0, 10),
      prk: '077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5',
      okm: '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865'
    },
    {
      case: 'A.2',
      ikm: counting(0, 80),
      salt: counting(0x60, 80),
      info: counting(0xb0, 80),
      prk: '06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244',
      okm: 'b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87'
    },
    {
      case: 'A.3',
      ikm: new Uint8Array(22).fill(0x0b),
      salt: new Uint8Array(0),
      info: new Uint8Array(0),
      prk: '19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04',
      okm: '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8'
    }
  ])('HKDF: RFC 5869 $case', ({ ikm, salt, info, prk, okm }) => {
    expect(toHex(engine.hkdfExtract(salt, ikm))).toBe(prk)
    expect(toHex(engine.hkdfExpand(hex(prk), info, okm.length / 2))).toBe(okm)
  })

  it.each([
    {
      case: 'test 1',
      seed: '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
      publicKey: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
      message: '',
      signature:
        'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b'
    },
    {
      case: 'test 2',
      seed: '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
      publicKey: '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
      message: '72',
      signature:
        '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00'
    },
    {
      case: 'test 3',
      seed: 'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
      publicKey: 'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
      message: 'af82',
      signature:
        '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a'
    }
  ])('Ed25519: RFC 8032 §7.1 $case', ({ seed, publicKey, message, signature }) => {
    expect(toHex(engine.ed25519PublicKey(hex(seed)))).toBe(publicKey)
    expect(toHex(engine.ed25519Sign(hex(seed), hex(message)))).toBe(signature)
    expect(engine.ed25519Verify(hex(publicKey), hex(message), hex(signature))).toBe(true)
    expect(engine.ed25519Verify(hex(publicKey), hex(`${message}00`), hex(signature))).toBe(false)
  })

  it('X25519: RFC 7748 §5.2, once and iterated, and §6.1', () => {
    const scalar = hex('a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4')
    const u = hex('e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c')
    expect(toHex(engine.x25519SharedSecret(scalar, u))).toBe(
      'c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552'
    )
    let [k, v] = [hex(`09${'00'.repeat(31)}`), hex(`09${'00'.repeat(31)}`)]
    // 1,000 rounds are seconds in plain JavaScript; the agreement tests tie noble to the engine that does run them.
    for (let round = 1; round <= (engine === node ? 1000 : 1); round++) {
      ;[k, v] = [engine.x25519SharedSecret(k, v), k]
      if (round === 1) expect(toHex(k)).toBe('422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079')
      if (round === 1000) expect(toHex(k)).toBe('684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51')
    }
    const alice = hex('77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a')
    const bob = hex('5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb')
    const bobPublic = hex('de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f')
    expect(toHex(engine.x25519PublicKey(alice))).toBe(
      '8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a'
    )
    expect(engine.x25519PublicKey(bob)).toEqual(bobPublic)
    expect(toHex(engine.x25519SharedSecret(alice, bobPublic))).toBe(
      '4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742'
    )
  })

  it('ChaCha20: RFC 8439 §2.4.2 and A.1 vector 1', () => {
    const plaintext = ascii(
      "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it."
    )
    const ciphertext =
      '6e2e359a2568f98041ba0728dd0d6981e97e7aec1d4360c20a27afccfd9fae0bf91b65c5524733ab8f593dabcd62b3571639d624e65152ab8f530c359f0861d807ca0dbf500d6a6156a38e088a22b65e52bc514d16ccf806818ce91ab77937365af90bbf74a35be6b40b8eedf2785e42874d'
    expect(toHex(engine.chacha20Xor(counting(0, 32), hex('000000000000004a00000000'), 1, plaintext))).toBe(ciphertext)
    expect(toHex(engine.chacha20Xor(new Uint8Array(32), new Uint8Array(12), 0, new Uint8Array(64)))).toBe(
      '76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586'
    )
  })

  it('ChaCha20-Poly1305: RFC 8439 §2.8.2', () => {
    const key = counting(0x80, 32)
    const nonce = hex('070000004041424344454647')
    const aad = hex('50515253c0c1c2c3c4c5c6c7')
    const plaintext = ascii(
      "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it."
    )
    const sealed = engine.aeadSeal(key, nonce, plaintext, { aad })
    expect(toHex(sealed)).toBe(
      'd31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc3ff4def08e4b7a9de576d26586cec64b6116' +
        '1ae10b594f09e26a7e902ecbd0600691'
    )
    expect(engine.aeadOpen(key, nonce, sealed, { aad })).toEqual(plaintext)
    expect(engine.aeadOpen(key, nonce, sealed)).toBeUndefined()
  })

  it('the reference implementation: Ed25519, X25519 and sealed messages', () => {
    const { ed25519, x25519, encrypt_symmetric, encrypt_for_recipient_alice_to_bob } = reference
    expect(toHex(engine.ed25519PublicKey(hex(ed25519.secret)))).toBe(ed25519.public)
    for (const { message, signature } of ed25519.cases) {
      expect(toHex(engine.ed25519Sign(hex(ed25519.secret), hex(message)))).toBe(signature)
      expect(engine.ed25519Verify(hex(ed25519.public), hex(message), hex(signature))).toBe(true)
    }
    expect(toHex(engine.x25519PublicKey(hex(x25519.alice_secret)))).toBe(x25519.alice_public)
    expect(toHex(engine.x25519PublicKey(hex(x25519.bob_secret)))).toBe(x25519.bob_public)
    const shared = engine.x25519SharedSecret(hex(x25519.bob_secret), hex(x25519.alice_public))
    expect(toHex(shared)).toBe(x25519.shared)
    const sharedKey = engine.sha256(shared)
    expect(toHex(sharedKey)).toBe(x25519.symmetric_key_sha256_of_shared)
    const sealed = [
      ...encrypt_symmetric.cases.map(one => ({ ...one, key: hex(encrypt_symmetric.key) })),
      ...encrypt_for_recipient_alice_to_bob.map(one => ({ ...one, key: sharedKey }))
    ]
    expect(sealed).toHaveLength(7)
    for (const { key, nonce, plaintext, output } of sealed)
      expect(nonce + toHex(engine.aeadSeal(key, hex(nonce), hex(plaintext)))).toBe(output)
  })
})
