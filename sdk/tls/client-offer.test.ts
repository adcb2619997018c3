import { afterEach, describe, expect, it } from 'vitest'
import { systemRandom } from '../async/index.ts'
import { createOffer } from './client-offer.ts'
import { groupName } from './key-exchange.ts'

const offer = () => createOffer({ sniName: 'localhost', alpn: [], random: systemRandom })

/** WebCrypto whose ML-KEM fails like this. */
function withMlKem(error: Error): void {
  const { subtle } = crypto
  const value = new Proxy(subtle, {
    get: (target, property) => {
      if (property === 'generateKey')
        return async (...args: Parameters<SubtleCrypto['generateKey']>) => {
          if (String(args[0]).startsWith('ML-KEM')) throw error
          return target.generateKey(...args)
        }
      const own: unknown = Reflect.get(target, property)
      return typeof own === 'function' ? own.bind(target) : own
    }
  })
  Object.defineProperty(crypto, 'subtle', { value, configurable: true })
}
afterEach(() => void Reflect.deleteProperty(crypto, 'subtle'))

describe('a ClientHello', () => {
  it('has a share of each group that servers are likely to choose, and no key twice', async () => {
    const { groups, shares } = await offer()
    expect(groups.map(groupName)).toEqual(['X25519MLKEM768', 'x25519', 'secp256r1', 'secp384r1'])
    expect(shares.map(({ group }) => groupName(group))).toEqual(['X25519MLKEM768', 'x25519'])
    const [hybrid, classic] = shares.map(({ publicKey }) => publicKey)
    expect(hybrid?.subarray(-32)).not.toEqual(classic)
    expect((await offer()).message).not.toEqual((await offer()).message)
  })

  it('does without the hybrid group where WebCrypto says that it has no ML-KEM', async () => {
    withMlKem(new DOMException('Unrecognized algorithm name', 'NotSupportedError'))
    const { groups, shares } = await offer()
    expect(groups.map(groupName)).toEqual(['x25519', 'secp256r1', 'secp384r1'])
    expect(shares.map(({ group }) => groupName(group))).toEqual(['x25519'])
  })

  it('is not made when ML-KEM is there and fails: a silent fall back would cost the protection', async () => {
    withMlKem(new DOMException('no more memory', 'OperationError'))
    await expect(offer()).rejects.toThrow('no more memory')
  })
})
