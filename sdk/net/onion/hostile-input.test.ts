import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  keyOf,
  makeCircuit,
  makeHop,
  sendBackward,
  sendForward,
  type TestHop
} from '../../../test/vectors/craftnet-circuit.ts'
import { seededRandom } from '../../../test/vectors/seeded-random.ts'
import type { RandomBytes } from '../../async/index.ts'
import { cryptoEngine } from '../../crypto/index.ts'
import { CraftecError } from '../../errors/index.ts'
import { encodeCreatePacket, macInput } from './create-packet.ts'
import { derivePacketKeys } from './handshake-keys.ts'
import {
  acceptCreate,
  answerCreate,
  BACKWARD_PAYLOAD_BYTES,
  BODY_BYTES,
  buildCreate,
  CREATE_PACKET_BYTES,
  CREATED_PACKET_BYTES,
  FORWARD_PAYLOAD_BYTES,
  finishCreate
} from './index.ts'

/** Every u-coordinate of order 1, 2, 4 or 8 on curve and twist, and their non-canonical spellings (cr.yp.to/ecdh.html#validate). */
const LOW_ORDER_POINTS = [
  '00'.repeat(32),
  `01${'00'.repeat(31)}`,
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  `ec${'ff'.repeat(30)}7f`,
  `ed${'ff'.repeat(30)}7f`,
  `ee${'ff'.repeat(30)}7f`
].flatMap(hex => {
  const point = Uint8Array.from(hex.match(/../g) ?? [], pair => Number.parseInt(pair, 16))
  const topBit = point.slice()
  topBit[31] = (topBit[31] ?? 0) ^ 0x80
  return [point, topBit]
})

function flip(bytes: Uint8Array, bit: number): Uint8Array {
  const flipped = bytes.slice()
  flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
  return flipped
}

function codeOf(task: () => unknown): string {
  try {
    task()
  } catch (error) {
    return error instanceof CraftecError ? error.code : `not typed: ${String(error)}`
  }
  return 'accepted'
}

/** A circuit as far as the answers, which the test may spoil. */
function ask(length: number, random: RandomBytes) {
  const hops = Array.from({ length }, () => makeHop(random))
  const { packet, pending } = buildCreate(hops.map(keyOf), random)
  return { hops, packet, pending }
}

function answerAll(hops: readonly TestHop[], packet: Uint8Array, random: RandomBytes): Uint8Array {
  const [self, ...others] = hops
  if (self === undefined) throw new Error('the path ended early')
  const accepted = acceptCreate(packet, self, random)
  const inner = accepted.role === 'forward' ? answerAll(others, accepted.packet, random) : undefined
  return answerCreate(accepted.hop, inner, 0, random)
}

describe('a create packet', () => {
  it('is refused by every hop when any one bit of it is changed', () => {
    const random = seededRandom('flip create')
    const circuit = makeCircuit(5, random)
    for (const [index, hop] of circuit.hops.entries()) {
      const packet = circuit.packets[index] ?? new Uint8Array(0)
      // All of version, point and mac byte by byte, and every slot at its start, middle and end.
      const bits = Array.from({ length: 65 }, (_, byte) => 8 * byte + (byte & 7))
      for (let slot = 0; slot < 5; slot++)
        for (const byte of [0, 1, 40, 70, 99]) bits.push(8 * (65 + 100 * slot + byte))
      for (const bit of bits)
        expect(codeOf(() => acceptCreate(flip(packet, bit), hop, random))).toBe('protocol-violation')
    }
  })

  it('is refused for another identity or another onion key', () => {
    const random = seededRandom('wrong keys')
    const { hops, packet } = ask(3, random)
    const [self] = hops
    if (self === undefined) throw new Error('no hop')
    const other = makeHop(random)
    expect(acceptCreate(packet, self, random).role).toBe('forward')
    for (const wrong of [
      { identity: other.identity, onionKeys: self.onionKeys },
      { identity: self.identity, onionKeys: other.onionKeys },
      { identity: self.identity, onionKeys: [] }
    ])
      expect(codeOf(() => acceptCreate(packet, wrong, random))).toBe('protocol-violation')
  })

  it('is refused when its point has low order', () => {
    const random = seededRandom('low order')
    const { hops, packet } = ask(2, random)
    for (const point of LOW_ORDER_POINTS) {
      const spoiled = packet.slice()
      spoiled.set(point, 1)
      for (const hop of hops) expect(codeOf(() => acceptCreate(spoiled, hop, random))).toBe('protocol-violation')
    }
  })

  it('cannot be made for a hop whose onion key has low order', () => {
    const random = seededRandom('low order onion key')
    const hops = [makeHop(random), makeHop(random)].map(keyOf)
    for (const onionKey of LOW_ORDER_POINTS) {
      const last = { identity: makeHop(random).identity, onionKey }
      expect(codeOf(() => buildCreate([...hops, last], random))).toBe('circuit-failed')
    }
  })

  it('opens with the previous onion key, and says which epoch it was', () => {
    const random = seededRandom('epochs')
    const { hops, packet } = ask(3, random)
    const [self] = hops
    if (self === undefined) throw new Error('no hop')
    const next = makeHop(random, 8).onionKeys[0]
    expect(acceptCreate(packet, { ...self, onionKeys: [next, ...self.onionKeys] }, random).epoch).toBe(7)
    expect(codeOf(() => acceptCreate(packet, { ...self, onionKeys: [next] }, random))).toBe('protocol-violation')
  })

  it('has one replay tag however often it comes, and another for every circuit', () => {
    const random = seededRandom('replay')
    const hop = makeHop(random)
    const tags = [0, 1].map(() => {
      const { packet } = buildCreate([keyOf(hop)], random)
      const [first, second] = [acceptCreate(packet, hop, random), acceptCreate(packet, hop, random)]
      expect(first.replayTag).toEqual(second.replayTag)
      expect(first.replayTag.length).toBe(16)
      return first.replayTag.join()
    })
    expect(new Set(tags).size).toBe(2)
  })

  it('is refused when its authentic slot is not a slot, or sends the hop to itself', () => {
    const random = seededRandom('forged slot')
    const self = makeHop(random)
    const forge = (change: (slot: Uint8Array, was: Uint8Array) => void): string => {
      const next = makeHop(random)
      const { packet, pending } = buildCreate([keyOf(self), keyOf(next)], random)
      const [hop] = pending.hops
      if (hop === undefined) throw new Error('no hop')
      const engine = cryptoEngine()
      const keys = derivePacketKeys(engine, hop.firstSecret, hop.key, hop.point)
      const plain = engine.chacha20Xor(keys.slots, new Uint8Array(12), 0, packet.subarray(65))
      change(plain, next.identity)
      const slots = engine.chacha20Xor(keys.slots, new Uint8Array(12), 0, plain)
      const mac = engine.hmacSha256(keys.mac, macInput(hop.point, slots))
      return codeOf(() => acceptCreate(encodeCreatePacket({ point: hop.point, mac, slots }), self, random))
    }
    expect(forge(() => {})).toBe('accepted')
    expect(forge(slot => slot.set(self.identity, 1))).toBe('protocol-violation')
    for (const command of [0, 3, 255]) expect(forge(slot => slot.set([command]))).toBe('protocol-violation')
    for (const byte of [97, 98, 99]) expect(forge(slot => slot.set([1], byte))).toBe('protocol-violation')
  })

  it('cannot be built with one node twice', () => {
    const random = seededRandom('loop')
    const self = makeHop(random)
    const again = { ...makeHop(random), identity: self.identity }
    expect(codeOf(() => buildCreate([keyOf(self), keyOf(makeHop(random)), keyOf(again)], random))).toBe(
      'invalid-argument'
    )
  })

  it('takes 1 to 5 hops with whole keys', () => {
    const random = seededRandom('arguments')
    const hops = Array.from({ length: 6 }, () => keyOf(makeHop(random)))
    const [first] = hops
    if (first === undefined) throw new Error('no hop')
    for (const wrong of [
      [],
      hops,
      [{ ...first, identity: new Uint8Array(31) }],
      [{ ...first, onionKey: new Uint8Array(33) }]
    ])
      expect(codeOf(() => buildCreate(wrong, random))).toBe('invalid-argument')
  })
})

describe('a created packet', () => {
  it('fails the circuit, naming the hop, when a bit of any entry is changed', () => {
    const random = seededRandom('flip created')
    for (let entry = 0; entry < 5; entry++) {
      for (const byte of [0, 31, 32, 35, 36, 67]) {
        const { hops, packet, pending } = ask(5, random)
        const created = answerAll(hops, packet, random)
        try {
          finishCreate(pending, flip(created, 8 * (68 * entry + byte)))
          expect.unreachable()
        } catch (error) {
          expect(error).toMatchObject({ code: 'circuit-failed', details: { hop: entry } })
        }
      }
    }
  })

  it('fails the circuit when a hop does not hold the onion key, whatever it answers', () => {
    const random = seededRandom('impostor')
    const { hops, packet, pending } = ask(1, random)
    const impostor = makeHop(random)
    const own = buildCreate([keyOf(impostor)], random)
    const answer = answerAll([impostor], own.packet, random)
    expect(hops.length).toBe(1)
    expect(packet.length).toBe(CREATE_PACKET_BYTES)
    expect(codeOf(() => finishCreate(pending, answer))).toBe('circuit-failed')
  })

  it('fails the circuit when a hop answers with a point of low order', () => {
    const random = seededRandom('low order answer')
    for (const point of LOW_ORDER_POINTS) {
      const { hops, packet, pending } = ask(1, random)
      const [self] = hops
      if (self === undefined) throw new Error('no hop')
      const created = answerCreate(acceptCreate(packet, self, random).hop, undefined, 0, random)
      const replyKey = pending.hops[0]?.replyKey ?? new Uint8Array(0)
      const nonce = new Uint8Array(12)
      const plain = cryptoEngine().chacha20Xor(replyKey, nonce, 0, created)
      plain.set(point)
      expect(codeOf(() => finishCreate(pending, cryptoEngine().chacha20Xor(replyKey, nonce, 0, plain)))).toBe(
        'circuit-failed'
      )
    }
  })

  it('of another circuit does not fit', () => {
    const random = seededRandom('crossed')
    const one = ask(2, random)
    const two = buildCreate(one.hops.map(keyOf), random)
    expect(codeOf(() => finishCreate(two.pending, answerAll(one.hops, one.packet, random)))).toBe('circuit-failed')
  })

  it('leaves no secret of the handshake behind, held or not', () => {
    const random = seededRandom('forgotten')
    const { hops, packet, pending } = ask(3, random)
    const accepted = hops.slice(0, 1).map(hop => acceptCreate(packet, hop, random))
    finishCreate(pending, answerAll(hops, packet, random))
    const secrets = pending.hops.flatMap(hop => [hop.privateKey, hop.firstSecret, hop.replyKey])
    for (const { hop } of accepted) {
      answerCreate(hop, new Uint8Array(CREATED_PACKET_BYTES), 1, random)
      secrets.push(hop.agreement.firstSecret, hop.agreement.replyKey)
    }
    expect(secrets.every(secret => secret.every(byte => byte === 0))).toBe(true)
  })
})

describe('a cell', () => {
  it('with any one bit changed dies at the next honest hop, and the circuit with it', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.nat(4),
        fc.nat(8 * BODY_BYTES - 1),
        fc.nat(),
        (length, where, bit, seed) => {
          const random = seededRandom(`flip cell ${seed}`)
          const { client, relays, exit } = makeCircuit(length, random)
          const at = where % length
          let body = client.sealForward(random(FORWARD_PAYLOAD_BYTES))
          for (const relay of relays.slice(0, at)) body = relay.forward(body)
          const hop = (bytes: Uint8Array) => relays[at]?.forward(bytes) ?? exit.openForward(bytes)
          expect(codeOf(() => hop(flip(body, bit)))).toBe('circuit-destroyed')
          expect(codeOf(() => hop(body))).toBe('circuit-destroyed')
          const back = new Uint8Array(BACKWARD_PAYLOAD_BYTES)
          const answer = () => relays[at]?.backward(body) ?? exit.sealBackward(back)
          expect(codeOf(answer)).toBe('circuit-destroyed')
        }
      ),
      { numRuns: 40 }
    )
  })

  it('coming back with any one bit changed, on any link, ends the circuit at the client', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.nat(4),
        fc.nat(8 * BODY_BYTES - 1),
        fc.nat(),
        (length, where, bit, seed) => {
          const random = seededRandom(`flip back ${seed}`)
          const { client, relays, exit } = makeCircuit(length, random)
          let body = exit.sealBackward(random(BACKWARD_PAYLOAD_BYTES))
          const links = relays.toReversed()
          for (const [index, relay] of links.entries())
            body = relay.backward(index === where % length ? flip(body, bit) : body)
          if (where % length >= links.length) body = flip(body, bit)
          expect(codeOf(() => client.openBackward(body))).toBe('circuit-destroyed')
          expect(codeOf(() => client.sealForward(new Uint8Array(FORWARD_PAYLOAD_BYTES)))).toBe('circuit-destroyed')
        }
      ),
      { numRuns: 40 }
    )
  })

  it.each(['replayed', 'reordered', 'dropped'])('%s ends the circuit, in either direction', how => {
    const order = { replayed: [0, 0], reordered: [1], dropped: [0, 2] }[how] ?? []
    const deliver = (seal: () => Uint8Array, open: (body: Uint8Array) => unknown): string => {
      const bodies = [seal(), seal(), seal()]
      for (const index of order.slice(0, -1)) open(bodies[index]?.slice() ?? new Uint8Array(0))
      return codeOf(() => open(bodies[order.at(-1) ?? 0]?.slice() ?? new Uint8Array(0)))
    }
    const random = seededRandom(how)
    const there = makeCircuit(3, random)
    const forward = deliver(
      () => there.client.sealForward(new Uint8Array(FORWARD_PAYLOAD_BYTES)),
      body => there.relays[0]?.forward(body)
    )
    const back = makeCircuit(1, random)
    const backward = deliver(
      () => back.exit.sealBackward(new Uint8Array(BACKWARD_PAYLOAD_BYTES)),
      body => back.client.openBackward(body)
    )
    expect([forward, backward]).toEqual(['circuit-destroyed', 'circuit-destroyed'])
  })

  it('that was not authentic is left as it was', () => {
    const random = seededRandom('untouched')
    const { relays } = makeCircuit(2, random)
    const body = random(BODY_BYTES)
    const before = body.slice()
    expect(codeOf(() => relays[0]?.forward(body))).toBe('circuit-destroyed')
    expect(body).toEqual(before)
  })

  it('of another size is refused before any cryptography', () => {
    const random = seededRandom('sizes')
    const { client, relays, exit } = makeCircuit(2, random)
    for (const size of [0, 1, 16, BODY_BYTES - 1, BODY_BYTES + 1]) {
      const body = new Uint8Array(size)
      for (const task of [
        () => relays[0]?.forward(body),
        () => relays[0]?.backward(body),
        () => exit.openForward(body),
        () => client.openBackward(body)
      ])
        expect(codeOf(task)).toBe('protocol-violation')
      expect(codeOf(() => client.sealForward(body))).toBe('invalid-argument')
      expect(codeOf(() => exit.sealBackward(body))).toBe('invalid-argument')
    }
    const payload = random(FORWARD_PAYLOAD_BYTES)
    const circuit = { ...makeCircuit(2, random), client, relays, exit }
    expect(sendForward(circuit, payload)).toEqual(payload)
  })

  it('is of no use once the circuit was destroyed by its owner', () => {
    const random = seededRandom('destroyed')
    const circuit = makeCircuit(2, random)
    const sealed = circuit.client.sealForward(new Uint8Array(FORWARD_PAYLOAD_BYTES))
    for (const end of [circuit.client, circuit.exit, ...circuit.relays]) end.destroy()
    expect(codeOf(() => circuit.relays[0]?.forward(sealed))).toBe('circuit-destroyed')
    expect(codeOf(() => circuit.relays[0]?.backward(sealed))).toBe('circuit-destroyed')
    expect(codeOf(() => circuit.exit.openForward(sealed))).toBe('circuit-destroyed')
    expect(codeOf(() => sendBackward(circuit, new Uint8Array(BACKWARD_PAYLOAD_BYTES)))).toBe('circuit-destroyed')
    expect(codeOf(() => circuit.client.openBackward(sealed))).toBe('circuit-destroyed')
  })
})
