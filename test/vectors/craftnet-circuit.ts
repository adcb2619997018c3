/** A whole circuit in memory: the client and all hops, with every message between them. For vectors and tests only. */
import type { RandomBytes } from '../../sdk/async/index.ts'
import { cryptoEngine } from '../../sdk/crypto/index.ts'
import {
  type AcceptedCreate,
  acceptCreate,
  answerCreate,
  buildCreate,
  type ClientCipher,
  type ExitCipher,
  finishCreate,
  type HopKey,
  type OnionKeyPair,
  type OnionOptions,
  type RelayCipher
} from '../../sdk/net/onion/index.ts'

export interface TestHop {
  readonly seed: Uint8Array
  readonly identity: Uint8Array
  readonly onionKeys: readonly [OnionKeyPair, ...OnionKeyPair[]]
}

export interface TestCircuit {
  readonly hops: readonly TestHop[]
  /** As each hop received it. */
  readonly packets: readonly Uint8Array[]
  /** As each hop sent it. */
  readonly createds: readonly Uint8Array[]
  readonly accepted: readonly AcceptedCreate[]
  readonly client: ClientCipher
  readonly relays: readonly RelayCipher[]
  readonly exit: ExitCipher
  readonly waitsUs: readonly number[]
}

export function makeHop(random: RandomBytes, epoch = 7): TestHop {
  const engine = cryptoEngine()
  const seed = random(32)
  const keyPair = { ...engine.x25519KeyPair(random), epoch, notAfter: 2_000_000_000 }
  return { seed, identity: engine.ed25519PublicKey(seed), onionKeys: [keyPair] }
}

export function keyOf(hop: TestHop): HopKey {
  return { identity: hop.identity, onionKey: hop.onionKeys[0].publicKey }
}

/** @param waitUs what relay `index` says it waited */
export function makeCircuit(
  length: number,
  random: RandomBytes,
  options: OnionOptions = {},
  waitUs: (index: number) => number = index => 1000 * (length - 1 - index)
): TestCircuit {
  const hops = Array.from({ length }, () => makeHop(random))
  const { packet, pending } = buildCreate(hops.map(keyOf), random, options)
  const packets: Uint8Array[] = []
  const accepted: AcceptedCreate[] = []
  let onward: Uint8Array | undefined = packet
  for (const hop of hops) {
    if (onward === undefined) throw new Error('the path ended early')
    packets.push(onward)
    const result = acceptCreate(onward, hop, random, options)
    accepted.push(result)
    onward = result.role === 'forward' ? result.packet : undefined
  }
  const createds: Uint8Array[] = []
  let inner: Uint8Array | undefined
  for (let index = length - 1; index >= 0; index--) {
    const hop = accepted[index]?.hop
    if (hop === undefined) throw new Error('the path ended early')
    inner = answerCreate(hop, inner, inner === undefined ? 0 : waitUs(index), random)
    createds.unshift(inner)
  }
  const { cipher: client, waitsUs } = finishCreate(pending, createds[0] ?? new Uint8Array(0))
  const relays = accepted.flatMap(each => (each.role === 'forward' ? [each.hop.cipher] : []))
  const [exit] = accepted.flatMap(each => (each.role === 'exit' ? [each.hop.cipher] : []))
  if (exit === undefined) throw new Error('no exit')
  return { hops, packets, createds, accepted, client, relays, exit, waitsUs }
}

/** Client to exit. @returns the exit's payload */
export function sendForward(circuit: TestCircuit, payload: Uint8Array): Uint8Array {
  let body = circuit.client.sealForward(payload)
  for (const relay of circuit.relays) body = relay.forward(body)
  return circuit.exit.openForward(body)
}

/** Exit to client. @returns the client's payload */
export function sendBackward(circuit: TestCircuit, payload: Uint8Array): Uint8Array {
  let body = circuit.exit.sealBackward(payload)
  for (const relay of circuit.relays.toReversed()) body = relay.backward(body)
  return circuit.client.openBackward(body)
}
