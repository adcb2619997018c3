/** Keeps a relay's descriptor true: issues it anew when keys or addresses change, and before it grows old. */
import type { Clock } from '../../async/index.ts'
import type { Identity } from '../../identity/index.ts'
import type { P2pNode } from '../../p2p/index.ts'
import { type Descriptor, encodeDescriptor } from '../directory/index.ts'
import type { OnionKeyPair } from '../onion/index.ts'

const DEFAULT_LIFETIME_MS = 24 * 3600 * 1000
/** Part of the lifetime after which a new one is issued: directories that cannot be reached for a while still have a valid one. */
const REISSUE_SHARE = 0.25
const MAX_ADDRESSES = 8

/** What a relay says about itself besides what it is and where. */
export type RelayDescription = Pick<
  Descriptor,
  'roles' | 'country' | 'region' | 'family' | 'bandwidthKiBps' | 'priceLamportsPerGiB' | 'exitPorts'
>

export interface OwnDescriptorOptions {
  readonly node: P2pNode
  readonly identity: Identity
  readonly description: RelayDescription
  readonly clock: Clock
  /** Default a day: relays stay. */
  readonly lifetimeMs?: number | undefined
  /** Takes each new descriptor, signed. */
  readonly publish: (bytes: Uint8Array, descriptor: Descriptor) => void
}

export class OwnDescriptor {
  private readonly options: OwnDescriptorOptions
  private readonly lifetimeMs: number
  private issuedMs = Number.NEGATIVE_INFINITY
  private issuedFor = ''
  private sequence = 0n
  private issuing = false

  constructor(options: OwnDescriptorOptions) {
    this.options = options
    this.lifetimeMs = options.lifetimeMs ?? DEFAULT_LIFETIME_MS
  }

  /** Issue a descriptor if the last one is no longer true or has grown old. Cheap otherwise. */
  refresh(keys: readonly OnionKeyPair[]): void {
    const { node, clock } = this.options
    const addresses = node.addresses().slice(0, MAX_ADDRESSES)
    const facts = [...addresses, ...keys.map(key => key.epoch)].join(' ')
    if (this.issuing || (facts === this.issuedFor && clock.now() - this.issuedMs < REISSUE_SHARE * this.lifetimeMs))
      return
    this.issuing = true
    this.issuedFor = facts
    this.issuedMs = clock.now()
    void this.issue(keys, addresses).finally(() => {
      this.issuing = false
    })
  }

  private async issue(keys: readonly OnionKeyPair[], addresses: readonly string[]): Promise<void> {
    const { identity, description, publish } = this.options
    // Sequences follow the clock, so that they go on growing when the relay restarts.
    const byClock = BigInt(Math.floor(this.issuedMs))
    this.sequence = byClock > this.sequence ? byClock : this.sequence + 1n
    const issuedAt = Math.floor(this.issuedMs / 1000)
    const descriptor: Descriptor = {
      ...description,
      identity: identity.publicKey,
      sequence: this.sequence,
      issuedAt,
      expiresAt: issuedAt + Math.floor(this.lifetimeMs / 1000),
      onionKeys: keys.map(({ epoch, publicKey, notAfter }) => ({ epoch, publicKey, notAfter })),
      addresses
    }
    publish(await encodeDescriptor(descriptor, message => identity.sign(message)), descriptor)
  }
}
