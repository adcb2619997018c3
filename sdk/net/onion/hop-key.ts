/** How a client names a hop: both keys from the hop's verified descriptor. */
export interface HopKey {
  /** Ed25519 public key, 32 bytes. */
  readonly identity: Uint8Array
  /** X25519 public key, 32 bytes. */
  readonly onionKey: Uint8Array
}

/** A hop's own onion key. The previous one stays accepted for one epoch after its successor is published. */
export interface OnionKeyPair {
  readonly epoch: number
  readonly privateKey: Uint8Array
  readonly publicKey: Uint8Array
  /** Seconds since the Unix epoch. */
  readonly notAfter: number
}
