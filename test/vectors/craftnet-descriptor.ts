import type { RandomBytes } from '../../sdk/async/index.ts'
import { cryptoEngine } from '../../sdk/crypto/index.ts'
import { type Identity, identityFromSeed } from '../../sdk/identity/index.ts'
import { type Descriptor, encodeDescriptor } from '../../sdk/net/directory/index.ts'

/** 2023-11-14T22:13:20Z */
export const TEST_NOW_MS = 1_700_000_000_000
const TEST_NOW_S = TEST_NOW_MS / 1000

export interface TestNode {
  readonly identity: Identity
  readonly descriptor: Descriptor
  /** The descriptor, signed. */
  sign(changes?: Partial<Descriptor>): Promise<Uint8Array>
}

/** A node with a valid descriptor, changed as the test likes. */
export function makeNode(random: RandomBytes, changes: Partial<Descriptor> = {}): TestNode {
  const identity = identityFromSeed(random(32))
  const { publicKey } = cryptoEngine().x25519KeyPair(random)
  const descriptor: Descriptor = {
    identity: identity.publicKey,
    sequence: 1n,
    issuedAt: TEST_NOW_S - 60,
    expiresAt: TEST_NOW_S + 6 * 3600,
    roles: { relay: true, exit: false, directory: false, storage: false },
    onionKeys: [{ epoch: 1, publicKey, notAfter: TEST_NOW_S + 24 * 3600 }],
    addresses: [],
    country: 'DE',
    region: 'eu-central',
    family: [],
    bandwidthKiBps: 1000,
    priceLamportsPerGiB: 0n,
    exitPorts: [],
    ...changes
  }
  return {
    identity,
    descriptor,
    sign: more => encodeDescriptor({ ...descriptor, ...more }, message => identity.sign(message))
  }
}
