/** Bytes and messages with things wrong, all chosen by a {@link Random}: the same numbers give the same faults. */
import { handshake } from '../kit/scripted-tls-server.ts'

/** @returns an integer from 0 to `below` - 1 */
export type Random = (below: number) => number

const CERTIFICATE = 11
const MAX_CUT_BYTES = 64
/** What a field that holds a length, a type or a count is most likely to trip over. */
const INTERESTING = [0, 1, 2, 3, 4, 8, 11, 15, 16, 20, 22, 23, 24, 32, 0x7f, 0x80, 0xfe, 0xff]

/** One or two messages lost, doubled, moved, or changed; sometimes with a length that still fits. */
export function mutateMessages(messages: readonly Buffer[], random: Random): Buffer[] {
  const list = [...messages]
  for (let left = 1 + random(2); left > 0; left--) {
    const at = random(list.length)
    const message = list[at] ?? Buffer.alloc(0)
    const how = random(10)
    if (how === 0) list.splice(at, 1)
    else if (how === 1) list.splice(at, 0, message)
    else if (how === 2) list.push(...list.splice(at, 1))
    else if (how === 3 && message.length > 4) list[at] = handshake(message[0] ?? 0, mutate(message.subarray(4), random))
    else list[at] = mutateTimes(message, random)
  }
  return list
}

/** Certificates hold most of what there is to parse; with the length of their message right, all of it is reached. */
export function mutateCertificate(messages: readonly Buffer[], random: Random): Buffer[] {
  return messages.map(message =>
    message[0] === CERTIFICATE ? handshake(CERTIFICATE, mutateTimes(message.subarray(4), random)) : message
  )
}

/** One to four changes. */
export function mutateTimes(bytes: Buffer, random: Random): Buffer {
  let mutated = bytes
  for (let left = 1 + random(4); left > 0; left--) mutated = mutate(mutated, random)
  return mutated
}

function mutate(bytes: Buffer, random: Random): Buffer {
  if (bytes.length === 0) return Buffer.from([random(256)])
  const at = random(bytes.length)
  const end = Math.min(bytes.length, at + 1 + random(MAX_CUT_BYTES))
  const copy = Buffer.from(bytes)
  switch (random(7)) {
    case 0:
      copy[at] = (copy[at] ?? 0) ^ (1 << random(8))
      return copy
    case 1:
      copy[at] = INTERESTING[random(INTERESTING.length)] ?? 0
      return copy
    case 2:
      copy[at] = random(256)
      return copy
    case 3:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)])
    case 4:
      return Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)])
    case 5:
      return Buffer.concat([bytes.subarray(0, at), Buffer.alloc(1 + random(20), random(256)), bytes.subarray(at)])
    default:
      return bytes.subarray(0, at)
  }
}

export interface Intrusion {
  readonly type: number
  readonly content: Buffer
}

/** Alerts of all kinds, changes of cipher, messages and data that nobody waits for, types that do not exist; often malformed. */
const INTRUSIONS: readonly (readonly [type: number, content: readonly number[]])[] = [
  [20, [1]],
  [20, [2]],
  [20, [1, 1]],
  [20, []],
  [21, [2, 40]],
  [21, [2, 70]],
  [21, [1, 90]],
  [21, [2, 254]],
  [21, [2]],
  [21, [2, 40, 2, 40]],
  [22, []],
  [22, [0, 0, 0, 0]],
  [22, [24, 0, 0, 1, 0]],
  [22, [4, 0, 0, 0]],
  [22, [20, 0]],
  [23, []],
  [24, [1, 0, 0]],
  [99, [1]]
]

/** A record that nobody asked for. */
export function intrusion(random: Random): Intrusion {
  const [type = 0, content = []] = INTRUSIONS[random(INTRUSIONS.length)] ?? []
  return { type, content: Buffer.from(content) }
}

/** splitmix32 over both numbers: small, replayable, good enough to choose mutations. */
export function seededRandom(seed: number, caseNumber: number): Random {
  let state = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(caseNumber + 1, 0x85ebca6b)) >>> 0
  return below => {
    state = (state + 0x9e3779b9) >>> 0
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
    return ((mixed ^ (mixed >>> 15)) >>> 0) % below
  }
}
