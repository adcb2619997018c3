import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../../test/kit/manual-clock.ts'
import { systemRandom } from '../../async/index.ts'
import { CraftecError } from '../../errors/index.ts'
import { createIdentity, type Identity } from '../../identity/index.ts'
import { Directory, encodeDescriptor } from '../directory/index.ts'
import { memoryClientStore } from './client-store.ts'
import { GuardedPathChooser } from './guarded-path-chooser.ts'

const clock = new ManualClock()
const WEB = { from: 80, to: 443 }

async function join(directory: Directory, identity: Identity, exit: boolean): Promise<void> {
  const issuedAt = Math.floor(clock.now() / 1000)
  const descriptor = {
    identity: identity.publicKey,
    sequence: 1n,
    issuedAt,
    expiresAt: issuedAt + 3600,
    roles: { relay: true, exit, directory: false, storage: false },
    onionKeys: [{ epoch: 1, publicKey: systemRandom(32), notAfter: issuedAt + 3600 }],
    addresses: ['/dns4/relay.test/tcp/443/wss'],
    country: 'CH',
    region: '',
    family: [],
    bandwidthKiBps: 1,
    priceLamportsPerGiB: 0n,
    exitPorts: exit ? [WEB] : []
  }
  directory.add(await encodeDescriptor(descriptor, message => identity.sign(message)), clock.now())
}

async function chooserOf(self: Identity, others: number): Promise<GuardedPathChooser> {
  const directory = new Directory()
  await join(directory, self, false)
  for (let count = 0; count < others; count++) await join(directory, createIdentity(), false)
  await join(directory, createIdentity(), true)
  const store = memoryClientStore()
  return new GuardedPathChooser({ directory, store, clock, random: systemRandom, self: self.publicKey })
}

describe('the path of a node that relays too', () => {
  it('never leads through the node itself', async () => {
    const self = createIdentity()
    const chooser = await chooserOf(self, 2)
    for (let turn = 0; turn < 20; turn++) {
      const { hops } = chooser.choose({ hops: 2, target: undefined, exclude: [] })
      expect(hops.map(({ identity }) => identity)).not.toContainEqual(self.publicKey)
    }
  })

  it('does not exist when only the node itself could fill it', async () => {
    const chooser = await chooserOf(createIdentity(), 1)
    let thrown: unknown
    try {
      chooser.choose({ hops: 2, target: undefined, exclude: [] })
    } catch (error) {
      thrown = error
    }
    expect(thrown).toBeInstanceOf(CraftecError)
    expect(thrown).toMatchObject({ code: 'no-path' })
  })
})
