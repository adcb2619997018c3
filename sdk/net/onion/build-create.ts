import type { RandomBytes } from '../../async/index.ts'
import type { CryptoEngine } from '../../crypto/index.ts'
import { NONCE_BYTES } from '../../crypto/index.ts'
import { CraftecError } from '../../errors/index.ts'
import { concat } from './concat.ts'
import { encodeCreatePacket, macInput } from './create-packet.ts'
import { derivePacketKeys, type PacketKeys } from './handshake-keys.ts'
import type { HopKey } from './hop-key.ts'
import { IDENTITY_BYTES, MAX_LAYERS, POINT_BYTES, SLOT_BYTES, SLOTS_BYTES } from './onion-format.ts'
import { type OnionOptions, type OnionSettings, onionSettings } from './onion-options.ts'
import { encodeSlot, type Slot } from './slot.ts'

/** Everything a hop's stream cipher may cover: its own slot, and room for the next hop's full header. */
const STREAM_BYTES = SLOTS_BYTES + SLOT_BYTES
const ZERO_NONCE = /* @__PURE__ */ new Uint8Array(NONCE_BYTES)

/** What the client keeps of one hop until the answer comes. */
export interface PendingHop {
  readonly key: HopKey
  readonly point: Uint8Array
  readonly privateKey: Uint8Array
  readonly firstSecret: Uint8Array
  readonly replyKey: Uint8Array
  /** SHA-256 of the packet as this hop receives it. */
  readonly packetHash: Uint8Array
}

/** A circuit asked for and not yet answered. Holds secrets: give it to `finishCreate`, or to {@link forgetCreate}. */
export interface PendingCreate {
  readonly hops: readonly PendingHop[]
  readonly random: RandomBytes
  readonly settings: OnionSettings
}

/**
 * Ask for a circuit: one packet that tells every hop its neighbour and nothing else. Header construction and filler follow
 * Sphinx (Danezis and Goldberg 2009, §3.2); the unused slots behind the exit's are random, because a header that is zero
 * there tells the exit the length of the path (Kuhn, Beck and Strufe 2020, "Breaking and (Partially) Fixing Provably Secure
 * Onion Routing").
 * @param hops first relay to exit, 1..5, all different
 * @param random kept until the circuit is finished
 * @returns `packet` for the first hop, 565 bytes whatever the length of the path
 * @throws CraftecError `invalid-argument`; `circuit-failed` when a hop's onion key is a point of low order
 */
export function buildCreate(
  hops: readonly HopKey[],
  random: RandomBytes,
  options: OnionOptions = {}
): { packet: Uint8Array; pending: PendingCreate } {
  checkHops(hops)
  const settings = onionSettings(options)
  const { engine } = settings
  const agreed = hops.map((key, index) => agree(engine, key, index, random))

  const packets: Uint8Array[] = []
  let inner: { next: Uint8Array; point: Uint8Array; mac: Uint8Array; slots: Uint8Array } | undefined
  for (let index = hops.length - 1; index >= 0; index--) {
    const { key, point, keys } = at(agreed, index)
    const slot: Slot = inner === undefined ? { command: 'exit' } : { command: 'forward', ...inner }
    const plain = concat(
      encodeSlot(slot, random),
      inner === undefined ? random(SLOTS_BYTES - SLOT_BYTES) : inner.slots.subarray(0, SLOTS_BYTES - SLOT_BYTES)
    )
    const slots = engine.chacha20Xor(keys.slots, ZERO_NONCE, 0, plain)
    // For the relays before it the filler has come out by itself: their last slots are what the exit's filler decrypts from.
    if (inner === undefined) {
      const filler = fillerAfter(engine, agreed.slice(0, index))
      slots.set(filler, SLOTS_BYTES - filler.length)
    }
    const mac = engine.hmacSha256(keys.mac, macInput(point, slots))
    packets.unshift(encodeCreatePacket({ point, mac, slots }))
    inner = { next: key.identity, point, mac, slots }
  }
  const pending = {
    random,
    settings,
    hops: agreed.map(({ keys, ...hop }, index) => {
      keys.mac.fill(0)
      keys.slots.fill(0)
      return { ...hop, replyKey: keys.reply, packetHash: engine.sha256(at(packets, index)) }
    })
  }
  return { packet: at(packets, 0), pending }
}

/** Overwrite the secrets of a circuit that will not be finished. */
export function forgetCreate(pending: PendingCreate): void {
  for (const hop of pending.hops) {
    hop.privateKey.fill(0)
    hop.firstSecret.fill(0)
    hop.replyKey.fill(0)
  }
}

interface AgreedHop {
  readonly key: HopKey
  readonly point: Uint8Array
  readonly privateKey: Uint8Array
  readonly firstSecret: Uint8Array
  readonly keys: PacketKeys
}

function agree(engine: CryptoEngine, key: HopKey, index: number, random: RandomBytes): AgreedHop {
  const { privateKey, publicKey: point } = engine.x25519KeyPair(random)
  try {
    const firstSecret = engine.x25519SharedSecret(privateKey, key.onionKey)
    return { key, point, privateKey, firstSecret, keys: derivePacketKeys(engine, firstSecret, key, point) }
  } catch (cause) {
    throw new CraftecError('circuit-failed', `hop ${index}: its onion key is not usable; leave that node out`, {
      cause,
      details: { hop: index }
    })
  }
}

/** The bytes that the hops so far have made at the end of the header by decrypting the zeros each of them appends. */
function fillerAfter(engine: CryptoEngine, hops: readonly AgreedHop[]): Uint8Array {
  let filler: Uint8Array = new Uint8Array(0)
  for (const { keys } of hops) {
    const stream = engine.chacha20Xor(keys.slots, ZERO_NONCE, 0, new Uint8Array(STREAM_BYTES))
    const longer = stream.slice(SLOTS_BYTES - filler.length)
    for (const [index, byte] of filler.entries()) longer[index] = (longer[index] ?? 0) ^ byte
    stream.fill(0)
    filler = longer
  }
  return filler
}

function checkHops(hops: readonly HopKey[]): void {
  if (hops.length < 1 || hops.length > MAX_LAYERS)
    throw new CraftecError('invalid-argument', `a circuit has 1..${MAX_LAYERS} hops, got ${hops.length}`)
  for (const { identity, onionKey } of hops)
    if (identity.length !== IDENTITY_BYTES || onionKey.length !== POINT_BYTES)
      throw new CraftecError('invalid-argument', 'a hop needs a 32-byte identity and a 32-byte onion key')
  if (new Set(hops.map(hop => hop.identity.join())).size !== hops.length)
    throw new CraftecError('invalid-argument', 'a node may be in a circuit once')
}

function at<T>(items: readonly T[], index: number): T {
  const item = items[index]
  if (item === undefined) throw new CraftecError('internal', `no item ${index} of ${items.length}`)
  return item
}
