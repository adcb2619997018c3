/** What a node says about itself, docs/protocol/craftnet.md §1. */
export interface Descriptor {
  /** Ed25519 public key, 32 bytes; it signs the descriptor. */
  readonly identity: Uint8Array
  /** Higher replaces lower. */
  readonly sequence: bigint
  /** Seconds since the Unix epoch. */
  readonly issuedAt: number
  readonly expiresAt: number
  readonly roles: DescriptorRoles
  /** One or two, newest first. */
  readonly onionKeys: readonly DescriptorOnionKey[]
  /** Multiaddrs, at most 8. */
  readonly addresses: readonly string[]
  /** ISO 3166 in upper case, or `??`. Claimed, like all of this. */
  readonly country: string
  readonly region: string
  /** Identities run by the same people, strictly ascending, at most 16. Counts only when both ends name each other. */
  readonly family: readonly Uint8Array[]
  readonly bandwidthKiBps: number
  readonly priceLamportsPerGiB: bigint
  /** Target ports that the exit's policy may accept: ascending, disjoint, at most 16 ranges. */
  readonly exitPorts: readonly PortRange[]
}

export interface DescriptorRoles {
  readonly relay: boolean
  readonly exit: boolean
  readonly directory: boolean
  readonly storage: boolean
}

export interface DescriptorOnionKey {
  readonly epoch: number
  /** X25519, 32 bytes. */
  readonly publicKey: Uint8Array
  /** Seconds since the Unix epoch. */
  readonly notAfter: number
}

/** Both ends included. */
export interface PortRange {
  readonly from: number
  readonly to: number
}
