import { createPrivateKey, type KeyObject, sign } from 'node:crypto'
import type { Keypair } from '@solana/web3.js'

const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')
const imported = new WeakMap<Keypair, KeyObject>()

/** Ed25519 by OpenSSL: the tests sign tens of thousands of times, and JavaScript takes twenty times as long. */
export function signMessage(key: Keypair, message: Uint8Array): Uint8Array {
  let secret = imported.get(key)
  if (secret === undefined) {
    const der = Buffer.concat([PKCS8_PREFIX, key.secretKey.subarray(0, 32)])
    secret = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
    imported.set(key, secret)
  }
  return sign(null, message, secret)
}
