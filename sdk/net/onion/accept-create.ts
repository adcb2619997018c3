import type { RandomBytes } from '../../async/index.ts'
import { constantTimeEqual, NONCE_BYTES } from '../../crypto/index.ts'
import { CraftecError } from '../../errors/index.ts'
import { AcceptedHop } from './accepted-hop.ts'
import { type CreatePacket, decodeCreatePacket, encodeCreatePacket, macInput } from './create-packet.ts'
import { createExitCipher, type ExitCipher } from './exit-cipher.ts'
import { derivePacketKeys, type PacketKeys } from './handshake-keys.ts'
import type { OnionKeyPair } from './hop-key.ts'
import { REPLAY_TAG_BYTES, SLOT_BYTES, SLOTS_BYTES } from './onion-format.ts'
import { type OnionOptions, type OnionSettings, onionSettings } from './onion-options.ts'
import { createRelayCipher, type RelayCipher } from './relay-cipher.ts'
import { decodeSlot } from './slot.ts'

const ZERO_NONCE = /* @__PURE__ */ new Uint8Array(NONCE_BYTES)

interface Accepted<C> {
  readonly hop: AcceptedHop<C>
  /** SHA-256(E)[0..16]: a second packet with it, under the same epoch, is a replay and must be refused. */
  readonly replayTag: Uint8Array
  /** Of the onion key that the client used. */
  readonly epoch: number
}

export interface AcceptedForward extends Accepted<RelayCipher> {
  readonly role: 'forward'
  /** Identity of the next hop. */
  readonly next: Uint8Array
  /** What to send it. */
  readonly packet: Uint8Array
}

export interface AcceptedExit extends Accepted<ExitCipher> {
  readonly role: 'exit'
}

export type AcceptedCreate = AcceptedForward | AcceptedExit

export interface HopSelf {
  readonly identity: Uint8Array
  /** Keys still honoured, newest first: drop a key once its `notAfter` has passed. */
  readonly onionKeys: readonly OnionKeyPair[]
}

/**
 * A hop's side of the handshake, docs/protocol/craftnet.md §4: check the packet, learn the neighbour, nothing else.
 * Costs one X25519 operation for each onion key until one fits; hop keys are agreed only when they are first needed.
 * @param random for the hop's fresh key; kept until then
 * @throws CraftecError `protocol-violation`
 */
export function acceptCreate(
  packet: Uint8Array,
  self: HopSelf,
  random: RandomBytes,
  options: OnionOptions = {}
): AcceptedCreate {
  const settings = onionSettings(options)
  const { engine } = settings
  const header = decodeCreatePacket(packet)
  const { onionKey, firstSecret, keys } = openHeader(header, self, settings)

  const stream = new Uint8Array(SLOTS_BYTES + SLOT_BYTES)
  stream.set(header.slots)
  engine.chacha20Xor(keys.slots, ZERO_NONCE, 0, stream, stream)
  keys.mac.fill(0)
  keys.slots.fill(0)
  const slot = decodeSlot(stream.subarray(0, SLOT_BYTES))

  const agreement = {
    settings,
    random,
    key: { identity: self.identity, onionKey: onionKey.publicKey },
    point: header.point.slice(),
    firstSecret,
    replyKey: keys.reply,
    packetHash: engine.sha256(packet)
  }
  const replayTag = engine.sha256(header.point).slice(0, REPLAY_TAG_BYTES)
  if (slot.command === 'exit') {
    const hop = new AcceptedHop('exit', agreement, circuitKeys => createExitCipher(circuitKeys, settings))
    return { role: 'exit', hop, replayTag, epoch: onionKey.epoch }
  }
  if (constantTimeEqual(slot.next, self.identity))
    throw new CraftecError('protocol-violation', 'create packet: a hop was told to pass the circuit to itself')
  const hop = new AcceptedHop('forward', agreement, circuitKeys => createRelayCipher(circuitKeys, settings))
  const onward = encodeCreatePacket({ point: slot.point, mac: slot.mac, slots: stream.subarray(SLOT_BYTES) })
  return { role: 'forward', next: slot.next, packet: onward, hop, replayTag, epoch: onionKey.epoch }
}

interface OpenedHeader {
  readonly onionKey: OnionKeyPair
  readonly firstSecret: Uint8Array
  readonly keys: PacketKeys
}

/** The packet does not name an epoch, which would divide clients into groups; the mac tells which key was meant. */
function openHeader(header: CreatePacket, self: HopSelf, { engine }: OnionSettings): OpenedHeader {
  const covered = macInput(header.point, header.slots)
  for (const onionKey of self.onionKeys) {
    const firstSecret = engine.x25519SharedSecret(onionKey.privateKey, header.point)
    const hop = { identity: self.identity, onionKey: onionKey.publicKey }
    const keys = derivePacketKeys(engine, firstSecret, hop, header.point)
    if (constantTimeEqual(engine.hmacSha256(keys.mac, covered), header.mac)) return { onionKey, firstSecret, keys }
  }
  throw new CraftecError('protocol-violation', 'create packet: not made for any of the onion keys honoured, or altered')
}
