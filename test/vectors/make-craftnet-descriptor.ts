/** Writes craftnet-descriptor.json: `node test/vectors/make-craftnet-descriptor.ts`. */
import { writeFileSync } from 'node:fs'
import { bytesToHex } from '@noble/hashes/utils.js'
import { identityFromSeed } from '../../sdk/identity/index.ts'
import { type Descriptor, encodeDescriptor } from '../../sdk/net/directory/index.ts'
import { seededRandom } from './seeded-random.ts'

export interface DescriptorVector {
  readonly name: string
  /** Ed25519 seed of the signer. */
  readonly seed: string
  /** Byte strings in hex, u64 in decimal. */
  readonly descriptor: Record<string, unknown>
  readonly bytes: string
}

const NOW_S = 1_700_000_000

export async function makeDescriptorVectors(): Promise<DescriptorVector[]> {
  const random = seededRandom('craftnet descriptor vector')
  const small: Omit<Descriptor, 'identity'> = {
    sequence: 1n,
    issuedAt: NOW_S,
    expiresAt: NOW_S + 3600,
    roles: { relay: true, exit: false, directory: false, storage: false },
    onionKeys: [{ epoch: 19_675, publicKey: random(32), notAfter: NOW_S + 86_400 }],
    addresses: [],
    country: '??',
    region: '',
    family: [],
    bandwidthKiBps: 0,
    priceLamportsPerGiB: 0n,
    exitPorts: []
  }
  const large: Omit<Descriptor, 'identity'> = {
    ...small,
    sequence: 2n ** 64n - 1n,
    expiresAt: NOW_S + 48 * 3600,
    roles: { relay: true, exit: true, directory: true, storage: true },
    onionKeys: [{ epoch: 19_676, publicKey: random(32), notAfter: NOW_S + 172_800 }, ...small.onionKeys],
    addresses: [
      '/ip4/192.0.2.7/tcp/443/wss',
      '/ip6/2001:db8::7/udp/4001/webrtc-direct',
      '/dns4/relay.example/tcp/443/wss'
    ],
    country: 'DE',
    region: 'eu-central',
    family: [1, 2, 255].map(first => Uint8Array.of(first, ...random(31))),
    bandwidthKiBps: 2 ** 32 - 1,
    priceLamportsPerGiB: 1_000_000_000n,
    exitPorts: [
      { from: 22, to: 22 },
      { from: 80, to: 443 },
      { from: 8000, to: 65_535 }
    ]
  }
  return [await vector('smallest', small, random(32)), await vector('large', large, random(32))]
}

async function vector(name: string, fields: Omit<Descriptor, 'identity'>, seed: Uint8Array): Promise<DescriptorVector> {
  const identity = identityFromSeed(seed)
  const descriptor = { ...fields, identity: identity.publicKey }
  const bytes = await encodeDescriptor(descriptor, message => identity.sign(message))
  return { name, seed: bytesToHex(seed), descriptor: plain(descriptor), bytes: bytesToHex(bytes) }
}

/** What JSON can hold. */
export function plain(descriptor: Descriptor): Record<string, unknown> {
  const text = JSON.stringify(descriptor, (_, value: unknown) =>
    value instanceof Uint8Array ? bytesToHex(value) : typeof value === 'bigint' ? value.toString() : value
  )
  return JSON.parse(text) as Record<string, unknown>
}

if (import.meta.main)
  writeFileSync(
    new URL('./craftnet-descriptor.json', import.meta.url),
    `${JSON.stringify(await makeDescriptorVectors(), null, 1)}\n`
  )
