/**
 * Key schedule of the handshake, docs/protocol/craftnet.md §4. Two stages, after ntor (tor-spec, "create-created-cells"):
 * the first secret (client-ephemeral × onion key) opens the packet and proves the hop; the second (client-ephemeral ×
 * hop-ephemeral) is mixed in for everything that carries data, so data stays secret after onion keys leak.
 */
import type { CryptoEngine } from '../../crypto/index.ts'
import { concat } from './concat.ts'
import type { HopKey } from './hop-key.ts'

const KEY_BYTES = 32
const PROTOCOL = 'craftec-onion-1'
const encoder = /* @__PURE__ */ new TextEncoder()

export interface PacketKeys {
  readonly mac: Uint8Array
  readonly slots: Uint8Array
  readonly reply: Uint8Array
}

export interface CircuitKeys {
  readonly auth: Uint8Array
  readonly forward: Uint8Array
  readonly filler: Uint8Array
  readonly backward: Uint8Array
}

/** Keys of one hop's layer of the create packet. @param clientPoint `E` */
export function derivePacketKeys(
  engine: CryptoEngine,
  firstSecret: Uint8Array,
  hop: HopKey,
  clientPoint: Uint8Array
): PacketKeys {
  const prk = engine.hkdfExtract(encoder.encode(PROTOCOL), firstSecret)
  const key = (label: string): Uint8Array => {
    const info = concat(encoder.encode(label), hop.identity, hop.onionKey, clientPoint)
    return engine.hkdfExpand(prk, info, KEY_BYTES)
  }
  const keys = { mac: key('create mac'), slots: key('create slots'), reply: key('created reply') }
  prk.fill(0)
  return keys
}

/** `T`: everything both ends must agree on. @param packet the create packet as this hop received it */
export function transcript(
  engine: CryptoEngine,
  hop: HopKey,
  clientPoint: Uint8Array,
  hopPoint: Uint8Array,
  packetHash: Uint8Array
): Uint8Array {
  const label = encoder.encode(`${PROTOCOL} transcript`)
  return engine.sha256(concat(label, hop.identity, hop.onionKey, clientPoint, hopPoint, packetHash))
}

export function deriveCircuitKeys(
  engine: CryptoEngine,
  transcriptHash: Uint8Array,
  firstSecret: Uint8Array,
  secondSecret: Uint8Array
): CircuitKeys {
  const secrets = concat(firstSecret, secondSecret)
  const prk = engine.hkdfExtract(transcriptHash, secrets)
  const key = (label: string): Uint8Array => engine.hkdfExpand(prk, encoder.encode(label), KEY_BYTES)
  const keys = { auth: key('auth'), forward: key('forward'), filler: key('forward filler'), backward: key('backward') }
  secrets.fill(0)
  prk.fill(0)
  return keys
}

/** The proof in an entry of the created packet. @param wait u32 as four bytes */
export function entryMac(
  engine: CryptoEngine,
  auth: Uint8Array,
  transcriptHash: Uint8Array,
  wait: Uint8Array
): Uint8Array {
  return engine.hmacSha256(auth, concat(transcriptHash, wait))
}
