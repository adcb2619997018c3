import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../../test/kit/manual-clock.ts'
import { systemRandom } from '../../async/index.ts'
import { createIdentity } from '../../identity/index.ts'
import type { P2pNode } from '../../p2p/index.ts'
import { type Descriptor, decodeDescriptor } from '../directory/index.ts'
import { OnionKeyRing } from './onion-key-ring.ts'
import { OwnDescriptor } from './own-descriptor.ts'

const HOUR_MS = 3600 * 1000

function setUp(lifetimeMs?: number): {
  clock: ManualClock
  published: Descriptor[]
  addresses: string[]
  keys: OnionKeyRing
  /** Refresh, and wait until what had to be signed is published. */
  refresh: () => Promise<number>
} {
  const clock = new ManualClock()
  const published: Descriptor[] = []
  const addresses = ['/ip4/192.0.2.1/tcp/4001/ws']
  const keys = new OnionKeyRing(systemRandom, clock.now())
  const own = new OwnDescriptor({
    node: { addresses: () => addresses } as unknown as P2pNode,
    identity: createIdentity(),
    clock,
    lifetimeMs,
    description: {
      roles: { relay: true, exit: false, directory: true, storage: false },
      country: 'DE',
      region: 'BE',
      family: [],
      bandwidthKiBps: 1000,
      priceLamportsPerGiB: 0n,
      exitPorts: []
    },
    publish: (bytes, descriptor) => {
      expect(decodeDescriptor(bytes)).toEqual(descriptor)
      published.push(descriptor)
    }
  })
  const refresh = async (): Promise<number> => {
    own.refresh(keys.keys)
    await new Promise(resolve => setImmediate(resolve))
    return published.length
  }
  return { clock, published, addresses, keys, refresh }
}

describe('own descriptor', () => {
  it('is issued anew when keys or addresses change, and after hours, not otherwise', async () => {
    const { clock, addresses, keys, refresh } = setUp()
    expect(await refresh()).toBe(1)
    expect(await refresh()).toBe(1)
    addresses.push('/dns4/relay.test/tcp/443/wss')
    expect(await refresh()).toBe(2)
    keys.rotate(clock.now())
    expect(await refresh()).toBe(3)
    clock.advance(5 * HOUR_MS)
    expect(await refresh()).toBe(3)
    clock.advance(HOUR_MS)
    expect(await refresh()).toBe(4)
  })

  it('names the honoured keys, newest first, lasts a day, and its sequence grows though the clock stands', async () => {
    const { clock, published, keys, refresh } = setUp()
    await refresh()
    keys.rotate(clock.now())
    await refresh()
    const [first, second] = published
    expect(second?.onionKeys.map(key => key.epoch)).toEqual(keys.keys.map(key => key.epoch))
    expect(second?.sequence).toBe((first?.sequence ?? 0n) + 1n)
    expect((second?.expiresAt ?? 0) - (second?.issuedAt ?? 0)).toBe(24 * 3600)
  })

  it('of a node that may go at any moment lives shorter, and is issued anew sooner', async () => {
    const { clock, published, refresh } = setUp(HOUR_MS)
    await refresh()
    expect((published[0]?.expiresAt ?? 0) - (published[0]?.issuedAt ?? 0)).toBe(3600)
    clock.advance(HOUR_MS / 4 - 1)
    expect(await refresh()).toBe(1)
    clock.advance(1)
    expect(await refresh()).toBe(2)
  })

  it('names at most eight addresses', async () => {
    const { published, addresses, refresh } = setUp()
    for (let port = 1; port < 20; port++) addresses.push(`/ip4/192.0.2.1/tcp/${port}/ws`)
    await refresh()
    expect(published[0]?.addresses).toHaveLength(8)
  })
})
