/**
 * A second reading of docs/protocol/craftnet.md §4-5, hop by hop, on the noble primitives and nothing of the SDK. Slow and
 * literal on purpose: it is what the vectors are checked against.
 */
import { chacha20, chacha20poly1305 } from '@noble/ciphers/chacha.js'
import { concatBytes, equalBytes } from '@noble/ciphers/utils.js'
import { x25519 } from '@noble/curves/ed25519.js'
import { expand, extract } from '@noble/hashes/hkdf.js'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'

const text = (value: string): Uint8Array => new TextEncoder().encode(value)
const zeroNonce = new Uint8Array(12)

export interface ReferenceHop {
  readonly clientPoint: Uint8Array
  readonly replayTag: Uint8Array
  readonly macKey: Uint8Array
  readonly slotKey: Uint8Array
  readonly replyKey: Uint8Array
  readonly command: number
  readonly next: Uint8Array
  readonly onward: Uint8Array
  readonly hopPoint: Uint8Array
  readonly transcript: Uint8Array
  readonly authKey: Uint8Array
  readonly forwardKey: Uint8Array
  readonly fillerKey: Uint8Array
  readonly backwardKey: Uint8Array
}

/** §4 from the hop's side. @param y the hop's fresh private key */
export function referenceHop(
  packet: Uint8Array,
  identity: Uint8Array,
  onionPrivate: Uint8Array,
  y: Uint8Array
): ReferenceHop {
  const onionPublic = x25519.getPublicKey(onionPrivate)
  const e = packet.slice(1, 33)
  const mac = packet.slice(33, 65)
  const slots = packet.slice(65, 565)

  const s1 = x25519.getSharedSecret(onionPrivate, e)
  const prk1 = extract(sha256, s1, text('craftec-onion-1'))
  const first = (label: string): Uint8Array =>
    expand(sha256, prk1, concatBytes(text(label), identity, onionPublic, e), 32)
  const macKey = first('create mac')
  if (packet.length !== 565 || packet[0] !== 1) throw new Error('not a create packet')
  if (!equalBytes(hmac(sha256, macKey, concatBytes(Uint8Array.of(1), e, slots)), mac)) throw new Error('mac')
  const slotKey = first('create slots')
  const opened = chacha20(slotKey, zeroNonce, concatBytes(slots, new Uint8Array(100)))
  if (opened[97] !== 0 || opened[98] !== 0 || opened[99] !== 0) throw new Error('reserved bytes')

  const hopPoint = x25519.getPublicKey(y)
  const s2 = x25519.getSharedSecret(y, e)
  const transcript = sha256(
    concatBytes(text('craftec-onion-1 transcript'), identity, onionPublic, e, hopPoint, sha256(packet))
  )
  const prk2 = extract(sha256, concatBytes(s1, s2), transcript)
  const second = (label: string): Uint8Array => expand(sha256, prk2, text(label), 32)
  return {
    clientPoint: e,
    replayTag: sha256(e).slice(0, 16),
    macKey,
    slotKey,
    replyKey: first('created reply'),
    command: opened[0] ?? 0,
    next: opened.slice(1, 33),
    onward: concatBytes(Uint8Array.of(1), opened.slice(33, 65), opened.slice(65, 97), opened.slice(100)),
    hopPoint,
    transcript,
    authKey: second('auth'),
    forwardKey: second('forward'),
    fillerKey: second('forward filler'),
    backwardKey: second('backward')
  }
}

/** @param behind what came back from the next hop, or the exit's 272 random bytes */
export function referenceCreated(hop: ReferenceHop, waitUs: number, behind: Uint8Array): Uint8Array {
  const wait = new Uint8Array(4)
  new DataView(wait.buffer).setUint32(0, waitUs)
  const proof = hmac(sha256, hop.authKey, concatBytes(hop.transcript, wait))
  return chacha20(hop.replyKey, zeroNonce, concatBytes(hop.hopPoint, wait, proof, behind.slice(0, 272)))
}

function keyAt(key: Uint8Array, n: number, rekeyCells: number): Uint8Array {
  let current = key
  for (let used = rekeyCells; used <= n; used += rekeyCells) current = expand(sha256, current, text('rekey'), 32)
  return current
}

function cellNonce(n: number): Uint8Array {
  const nonce = new Uint8Array(12)
  new DataView(nonce.buffer).setBigUint64(4, BigInt(n), true)
  return nonce
}

type DataKeys = Pick<ReferenceHop, 'forwardKey' | 'fillerKey' | 'backwardKey'>

/** §5, a relay's or the exit's opening of the n-th forward cell: 4,072 bytes. */
export function referenceOpen(keys: DataKeys, n: number, rekeyCells: number, body: Uint8Array): Uint8Array {
  const key = keyAt(keys.forwardKey, n, rekeyCells)
  return chacha20poly1305(key, cellNonce(n)).decrypt(concatBytes(body.slice(16), body.slice(0, 16)))
}

/** §5, what a relay sends on. */
export function referenceForward(keys: DataKeys, n: number, rekeyCells: number, body: Uint8Array): Uint8Array {
  const m = n % rekeyCells
  const stream = chacha20(keyAt(keys.fillerKey, n, rekeyCells), zeroNonce, new Uint8Array(16 * (m + 1)))
  return concatBytes(referenceOpen(keys, n, rekeyCells, body), stream.slice(16 * m))
}

/**
 * §5, the client: the body on every link, first hop to exit.
 * @param rest payload and the bytes behind it that the client is free to choose
 */
export function referenceClient(
  hops: readonly DataKeys[],
  n: number,
  rekeyCells: number,
  rest: Uint8Array
): Uint8Array[] {
  const nonce = cellNonce(n)
  const stream = (hop: DataKeys): Uint8Array =>
    chacha20(keyAt(hop.forwardKey, n, rekeyCells), nonce, new Uint8Array(4072), undefined, 1)
  const xor = (a: Uint8Array, b: Uint8Array): Uint8Array => a.map((byte, index) => byte ^ (b[index] ?? 0))
  const m = n % rekeyCells
  // Let the relays work on a cell of zeros: its end comes out as the end of every cell does.
  let ghost: Uint8Array = new Uint8Array(4088)
  for (const hop of hops.slice(0, -1)) {
    const filler = chacha20(keyAt(hop.fillerKey, n, rekeyCells), zeroNonce, new Uint8Array(16 * (m + 1))).slice(16 * m)
    ghost = concatBytes(xor(ghost.slice(16), stream(hop)), filler)
  }
  const exit = hops.at(-1)
  if (exit === undefined) throw new Error('no exit')
  let plaintext: Uint8Array = concatBytes(rest, xor(ghost.slice(16), stream(exit)).slice(rest.length))
  const bodies: Uint8Array[] = []
  for (const hop of hops.toReversed()) {
    const sealed = chacha20poly1305(keyAt(hop.forwardKey, n, rekeyCells), nonce).encrypt(plaintext)
    const body = concatBytes(sealed.slice(-16), sealed.slice(0, -16))
    bodies.unshift(body)
    plaintext = body.slice(0, 4072)
  }
  return bodies
}

export function referenceSeal(keys: DataKeys, n: number, rekeyCells: number, payload: Uint8Array): Uint8Array {
  const sealed = chacha20poly1305(keyAt(keys.backwardKey, n, rekeyCells), cellNonce(n)).encrypt(payload)
  return concatBytes(sealed.slice(-16), sealed.slice(0, -16))
}

export function referenceBackward(keys: DataKeys, n: number, rekeyCells: number, body: Uint8Array): Uint8Array {
  const m = n % rekeyCells
  return chacha20(keyAt(keys.backwardKey, n, rekeyCells), zeroNonce, body, undefined, 64 * m)
}
