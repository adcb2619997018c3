import { describe, expect, it } from 'vitest'
import { systemRandom } from '../../async/index.ts'
import { CELL_BYTES, CREATE_PACKET_BYTES, CREATED_PACKET_BYTES } from '../onion/index.ts'
import {
  CIRCUIT_WINDOW_CELLS,
  CREDIT_STEP_CELLS,
  decodeCell,
  encodeCredit,
  encodeDestroy,
  encodeHandshake,
  encodeRelay,
  type LinkCell
} from './cell.ts'
import type { CircuitEnd, CircuitHalf } from './circuit-half.ts'
import { DESTROY } from './destroy-reason.ts'
import { LinkCore } from './link-core.ts'

const LOW = new Uint8Array(32).fill(1)
const HIGH = new Uint8Array(32).fill(2)
const CREATE = new Uint8Array(CREATE_PACKET_BYTES)
const CREATED = new Uint8Array(CREATED_PACKET_BYTES)

/** Always has a body to send; remembers what it was told. */
class TestEnd implements CircuitEnd {
  toSend = Number.POSITIVE_INFINITY
  readonly log: string[] = []

  nextBody(_half: CircuitHalf, body: Uint8Array): boolean {
    if (this.toSend === 0) return false
    this.toSend--
    body.fill(7)
    return true
  }
  created(): void {
    this.log.push('created')
  }
  relayed(): void {
    this.log.push('relayed')
  }
  ended(_half: CircuitHalf, reason: number): void {
    this.log.push(`ended ${reason}`)
  }
}

/** The link under test, seen from LOW, whose ids have the top bit clear. */
function lowLink(options: { maxCircuits?: number } = {}): LinkCore {
  return new LinkCore({
    localIdentity: LOW,
    remoteIdentity: HIGH,
    random: systemRandom,
    onOutput: () => {},
    ...options
  })
}

function pulled(link: LinkCore, limit = 10_000): LinkCell[] {
  const cells: LinkCell[] = []
  for (
    let frame = new Uint8Array(CELL_BYTES);
    cells.length < limit && link.pull(frame);
    frame = new Uint8Array(CELL_BYTES)
  )
    cells.push(decodeCell(frame))
  return cells
}

function frame(write: (frame: Uint8Array) => void): Uint8Array {
  const bytes = new Uint8Array(CELL_BYTES)
  write(bytes)
  return bytes
}

const relay = (id: number): Uint8Array => frame(cell => encodeRelay(cell, id))
const credit = (circuitId: number, cells: number): Uint8Array =>
  frame(cell => encodeCredit(cell, [{ circuitId, cells }]))

/** A circuit that the link opened and the neighbour confirmed. */
function established(link: LinkCore): { half: CircuitHalf; end: TestEnd } {
  const end = new TestEnd()
  const half = link.open(end)
  if (half === undefined) throw new Error('the link is full')
  half.create(CREATE)
  pulled(link)
  link.receive(frame(cell => encodeHandshake(cell, 'created', half.id, CREATED, systemRandom)))
  return { half, end }
}

/** A circuit that the neighbour opened and the link confirmed. */
function accepted(link: LinkCore, id = 0x80000001): { half: CircuitHalf; end: TestEnd } {
  const end = new TestEnd()
  const halves: CircuitHalf[] = []
  link.acceptor = half => {
    half.end = end
    half.answer(CREATED)
    halves.push(half)
  }
  link.receive(frame(cell => encodeHandshake(cell, 'create', id, CREATE, systemRandom)))
  pulled(link)
  const [half] = halves
  if (half === undefined) throw new Error('not accepted')
  return { half, end }
}

describe('onion link', () => {
  it('gives the top bit of circuit ids to the higher identity and never chooses an id twice', () => {
    const high = new LinkCore({ localIdentity: HIGH, remoteIdentity: LOW, random: systemRandom, onOutput: () => {} })
    for (const [link, bit] of [
      [lowLink(), 0],
      [high, 1]
    ] as const) {
      const ids = Array.from({ length: 100 }, () => link.open(new TestEnd())?.id ?? 0)
      expect(new Set(ids).size).toBe(100)
      for (const id of ids) expect(id >>> 31).toBe(bit)
    }
  })

  it('sends a window of cells and waits for credit, however much there is to send', () => {
    const link = lowLink()
    const { half } = established(link)
    half.ready()
    expect(pulled(link)).toHaveLength(CIRCUIT_WINDOW_CELLS)
    link.receive(credit(half.id, 5))
    expect(pulled(link)).toHaveLength(5)
  })

  it('takes a window of cells and ends the circuit at the next, but no other', () => {
    const link = lowLink()
    const { half, end } = accepted(link)
    const other = accepted(link, 0x80000002)
    for (let n = 0; n < CIRCUIT_WINDOW_CELLS; n++) link.receive(relay(half.id))
    expect(half.alive).toBe(true)
    link.receive(relay(half.id))
    expect(end.log.at(-1)).toBe(`ended ${DESTROY.protocol}`)
    expect(pulled(link)).toEqual([{ command: 'destroy', circuitId: half.id, reason: DESTROY.protocol }])
    expect(other.half.alive).toBe(true)
    expect(link.counters.circuitViolations).toBe(1)
  })

  it('gives credit back in steps, for cells that were passed on only', () => {
    const link = lowLink()
    const { half } = accepted(link)
    for (let n = 0; n < CIRCUIT_WINDOW_CELLS; n++) link.receive(relay(half.id))
    for (let n = 0; n < CREDIT_STEP_CELLS - 1; n++) half.passed()
    expect(pulled(link)).toEqual([])
    half.passed()
    expect(pulled(link)).toEqual([{ command: 'credit', credits: [{ circuitId: half.id, cells: CREDIT_STEP_CELLS }] }])
    for (let n = 0; n < CREDIT_STEP_CELLS; n++) link.receive(relay(half.id))
    expect(half.alive).toBe(true)
  })

  it('ends a circuit whose neighbour gives more credit than it took cells', () => {
    const link = lowLink()
    const { half, end } = established(link)
    link.receive(credit(half.id, 1))
    expect(end.log).toEqual(['created', `ended ${DESTROY.protocol}`])
  })

  it('takes turns: a circuit with one cell to send does not wait behind one with many', () => {
    const link = lowLink()
    const greedy = established(link)
    const modest = established(link)
    modest.end.toSend = 1
    greedy.half.ready()
    modest.half.ready()
    const ids = pulled(link, 3).map(cell => (cell.command === 'relay' ? cell.circuitId : 0))
    expect(ids.slice(0, 2)).toContain(modest.half.id)
  })

  it('goes on with others when one circuit has no window', () => {
    const link = lowLink()
    const stalled = established(link)
    stalled.half.ready()
    pulled(link)
    const { half, end } = established(link)
    end.toSend = 3
    half.ready()
    expect(pulled(link).map(cell => cell.command)).toEqual(['relay', 'relay', 'relay'])
  })

  it('lets no RELAY cell pass before CREATED', () => {
    const link = lowLink()
    const end = new TestEnd()
    const half = link.open(end)
    half?.create(CREATE)
    half?.ready()
    expect(pulled(link).map(cell => cell.command)).toEqual(['create'])
    link.receive(relay(half?.id ?? 0))
    expect(end.log).toEqual([`ended ${DESTROY.protocol}`])
  })

  it.each([
    ['twice', 2],
    ['for a circuit the neighbour opened itself', 0]
  ])('ends a circuit that is confirmed %s', (_, times) => {
    const link = lowLink()
    const { half, end } = times === 2 ? established(link) : accepted(link)
    link.receive(frame(cell => encodeHandshake(cell, 'created', half.id, CREATED, systemRandom)))
    expect(end.log.at(-1)).toBe(`ended ${DESTROY.protocol}`)
  })

  it('drops and counts cells for circuits that are gone or never were', () => {
    const link = lowLink()
    const { half } = established(link)
    half.destroy(DESTROY.none)
    link.receive(relay(half.id))
    link.receive(relay(77))
    link.receive(credit(half.id, 1))
    link.receive(frame(cell => encodeDestroy(cell, half.id, 0, systemRandom)))
    expect(link.counters.cellsDropped).toBe(3)
  })

  it('tells the neighbour of an end once, and not at all when it never heard of the circuit', () => {
    const link = lowLink()
    const { half } = established(link)
    half.destroy(DESTROY.idle)
    half.destroy(DESTROY.none)
    const unsent = link.open(new TestEnd())
    unsent?.create(CREATE)
    unsent?.destroy(DESTROY.none)
    expect(pulled(link)).toEqual([{ command: 'destroy', circuitId: half.id, reason: DESTROY.idle }])
  })

  it('refuses circuits when it is full, and all of them when nobody accepts any', () => {
    const full = lowLink({ maxCircuits: 1 })
    accepted(full)
    full.receive(frame(cell => encodeHandshake(cell, 'create', 0x80000002, CREATE, systemRandom)))
    expect(pulled(full)).toEqual([{ command: 'destroy', circuitId: 0x80000002, reason: DESTROY.limit }])
    expect(full.open(new TestEnd())).toBeUndefined()
    const client = lowLink()
    client.receive(frame(cell => encodeHandshake(cell, 'create', 0x80000002, CREATE, systemRandom)))
    expect(pulled(client)).toEqual([{ command: 'destroy', circuitId: 0x80000002, reason: DESTROY.noRoute }])
    expect(client.circuitCount).toBe(0)
  })

  it('is broken by ids of the wrong side or in use, and by CREATE without end from one who does not read', () => {
    const create = (id: number): Uint8Array => frame(cell => encodeHandshake(cell, 'create', id, CREATE, systemRandom))
    expect(() => lowLink().receive(create(5))).toThrow('ours to choose')
    const link = lowLink()
    accepted(link)
    expect(() => link.receive(create(0x80000001))).toThrow('in use')
    const unread = lowLink({ maxCircuits: 10 })
    let received = 0
    expect(() => {
      for (; received < 100_000; received++) unread.receive(create(0x80000001 + received))
    }).toThrow('without reading')
    expect(received).toBeLessThan(1100)
  })

  it('ends every circuit when it closes, and is silent afterwards', () => {
    const link = lowLink()
    const { half, end } = established(link)
    half.ready()
    link.close()
    link.close()
    expect(end.log).toEqual(['created', `ended ${DESTROY.linkLost}`])
    half.destroy(DESTROY.none)
    link.receive(relay(half.id))
    expect(pulled(link)).toEqual([])
    expect(link.open(new TestEnd())).toBeUndefined()
  })
})
