import { afterEach, describe, expect, it } from 'vitest'
import { systemClock, systemRandom } from '../../async/index.ts'
import { type Identity, identityFromSeed } from '../../identity/index.ts'
import { createP2pNode, type P2pNode } from '../../p2p/index.ts'
import {
  type Descriptor,
  Directory,
  type DirectoryParticipant,
  encodeDescriptor,
  participateInDirectory
} from './index.ts'

interface Member {
  readonly node: P2pNode
  readonly identity: Identity
  readonly directory: Directory
  readonly participant: DirectoryParticipant
  publish(changes?: Partial<Descriptor>): Promise<void>
}

const members: Member[] = []

afterEach(async () => {
  for (const member of members.splice(0)) {
    member.participant.stop()
    await member.node.stop()
  }
})

async function join(bootstrap: readonly string[] = []): Promise<Member> {
  const seed = systemRandom(32)
  const identity = identityFromSeed(seed)
  const listen = ['/ip4/127.0.0.1/tcp/0/ws']
  const node = await createP2pNode({ seed, bootstrap, listen, allowPrivateAddresses: true })
  const directory = new Directory()
  const participant = participateInDirectory({ node, directory, bootstrap })
  let sequence = BigInt(systemClock.now())
  const publish = async (changes: Partial<Descriptor> = {}): Promise<void> => {
    const issuedAt = Math.floor(systemClock.now() / 1000)
    sequence += 1n
    const descriptor: Descriptor = {
      identity: identity.publicKey,
      sequence,
      issuedAt,
      expiresAt: issuedAt + 3600,
      roles: { relay: true, exit: false, directory: true, storage: false },
      onionKeys: [{ epoch: 1, publicKey: systemRandom(32), notAfter: issuedAt + 3600 }],
      addresses: node.addresses(),
      country: 'CH',
      region: '',
      family: [],
      bandwidthKiBps: 1,
      priceLamportsPerGiB: 0n,
      exitPorts: [],
      ...changes
    }
    participant.publish(await encodeDescriptor(descriptor, message => identity.sign(message)))
  }
  const member = { node, identity, directory, participant, publish }
  members.push(member)
  await publish()
  return member
}

function countries(directory: Directory): string[] {
  return directory
    .view(systemClock.now())
    .nodes.map(node => node.country)
    .sort()
}

const patience = { timeout: 20_000 }

describe('a node in the directory', { timeout: 60_000 }, () => {
  it('learns every other node and every change, through one bootstrap node', async () => {
    const first = await join()
    const others = await Promise.all([join(first.node.addresses()), join(first.node.addresses())])
    for (const { directory } of [first, ...others]) {
      await expect.poll(() => countries(directory), patience).toEqual(['CH', 'CH', 'CH'])
    }
    await others[0]?.publish({ country: 'IS' })
    for (const { directory } of [first, ...others]) {
      await expect.poll(() => countries(directory), patience).toEqual(['CH', 'CH', 'IS'])
    }
  })

  it('goes on learning when its bootstrap node is gone', async () => {
    const first = await join()
    const second = await join(first.node.addresses())
    const third = await join(first.node.addresses())
    await expect.poll(() => third.directory.size, patience).toBe(3)
    await expect.poll(() => second.directory.size, patience).toBe(3)
    first.participant.stop()
    await first.node.stop()
    await second.publish({ country: 'SE' })
    await expect.poll(() => countries(third.directory), patience).toContain('SE')
  })

  it('carries on when a bootstrap node never answers', async () => {
    const dead = await join()
    const deadAddresses = dead.node.addresses()
    dead.participant.stop()
    await dead.node.stop()
    const first = await join()
    const second = await join([...deadAddresses, ...first.node.addresses()])
    await expect.poll(() => second.directory.size, patience).toBe(2)
    await expect.poll(() => first.directory.size, patience).toBe(2)
  })
})
