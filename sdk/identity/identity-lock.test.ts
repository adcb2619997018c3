import { describe, expect, it } from 'vitest'
import { systemRandom } from '../async/index.ts'
import { cryptoEngine } from '../crypto/index.ts'
import { lockSeed, unlockSeed } from './identity-lock.ts'
import { memoryVaultStore } from './memory-vault-store.ts'
import { associatedData, type Lock } from './sealed-identity.ts'

describe('identity lock', () => {
  it('an authentic box with another identity’s seed is vault-corrupt', async () => {
    const cipher = await memoryVaultStore(systemRandom).deviceCipher()
    const publicKey = cryptoEngine().ed25519PublicKey(new Uint8Array(32).fill(1))
    const lock: Lock = { kind: 'device' }
    const nonce = new Uint8Array(12)
    const box = await cipher.seal(nonce, new Uint8Array(32).fill(2), associatedData(publicKey, lock))
    await expect(unlockSeed({ publicKey, lock, nonce, box }, { device: async () => cipher })).rejects.toEqual(
      expect.objectContaining({ code: 'vault-corrupt' })
    )
  })

  it('the device key is not touched for an identity locked by a passphrase', async () => {
    const seed = new Uint8Array(32).fill(3)
    const kdf = { memoryKiB: 8, passes: 1, lanes: 1 }
    const sealed = await lockSeed(seed, 'p', { random: systemRandom, kdf })
    const device = (): never => expect.fail('asked for the device key')
    expect(await unlockSeed(sealed, { passphrase: 'p', device })).toEqual(seed)
  })
})
