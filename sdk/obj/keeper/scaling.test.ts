/** What scanners decide over many epochs, carried out on a network of numbers: no links, and time is a variable. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../../test/vectors/seeded-random.ts'
import { createJsEngine, createRecoder, targetPieces } from '../coding/index.ts'
import { type AuditedHolder, EPOCH_MS, planSegment, rankOf, scannerRanking } from '../health/index.ts'
import { DemandLog } from './demand-log.ts'

const engine = createJsEngine()
const BEGAN = 1_700_000_000_000 - (1_700_000_000_000 % EPOCH_MS)
const ID = new Uint8Array(32).fill(7)
const place = { manifestId: ID, segment: 0 }

interface Node {
  readonly name: string
  readonly key: Uint8Array
  readonly demand: DemandLog
  pieces: Uint8Array[]
  addedAtMs: number | undefined
}

class Network {
  readonly nodes: Node[]
  readonly k: number
  readonly #random: (length: number) => Uint8Array
  epoch = 0
  moves = 0

  constructor(k: number, count: number, seed: string) {
    this.k = k
    this.#random = seededRandom(seed)
    const each = Math.ceil(targetPieces(k) / count)
    this.nodes = Array.from({ length: count }, (_, index) => ({
      name: `node ${index}`,
      key: new Uint8Array(32).fill(index + 1),
      demand: new DemandLog(),
      pieces: Array.from({ length: each }, () => this.#random(k)),
      addedAtMs: undefined
    }))
  }

  get total(): number {
    return this.nodes.reduce((sum, { pieces }) => sum + pieces.length, 0)
  }

  get rank(): number {
    return rankOf(this.k, this.nodes, engine)
  }

  get nowMs(): number {
    return BEGAN + this.epoch * EPOCH_MS
  }

  /**
   * One epoch: `reads` of the whole segment, then one scan.
   * @param lies what others say that they hold without having it: they pass no audit for it
   */
  step(reads: number, lies = 0): { readonly retired: number; readonly level: number; readonly others: number } {
    const { k, nodes, nowMs } = this
    // a reader takes k pieces, from all holders alike, at four moments of the epoch
    for (let quarter = 0; quarter < 4; quarter++)
      for (const node of nodes)
        node.demand.read(place, reads / 4 / nodes.length, nowMs - EPOCH_MS + (quarter * EPOCH_MS) / 4)
    const ranking = scannerRanking(
      ID,
      this.epoch,
      nodes.map(({ key }) => key)
    )
    const scanner = nodes.find(({ key }) => key === ranking[0])
    if (!scanner) throw new Error('somebody scans')
    const others = nodes
      .filter(node => node !== scanner)
      .map(
        ({ name, pieces }): AuditedHolder => ({ holder: name, durable: true, passedAtMs: nowMs, pieces: [...pieces] })
      )
    const said: AuditedHolder[] = Array.from({ length: lies }, (_, index) => ({
      holder: `liar ${index}`,
      durable: true,
      passedAtMs: nowMs - EPOCH_MS,
      pieces: Array.from({ length: 64 }, () => this.#random(k))
    }))
    const level = scanner.demand.level(place, nodes.length, nowMs)
    const plan = planSegment({
      k,
      level,
      self: scanner.name,
      own: scanner.pieces,
      others: [...others, ...said],
      candidates: nodes.map(({ name }) => name),
      pinned: false,
      nowMs,
      sinceMs: nowMs,
      addedAtMs: scanner.addedAtMs,
      engine
    })
    for (const { to } of plan.repairs) {
      const node = nodes.find(({ name }) => name === to)
      const recoder = createRecoder(engine, { k, pieceBytes: 1 }, this.#random, 64)
      for (const coefficients of scanner.pieces) recoder.hold({ coefficients, data: new Uint8Array(1) })
      node?.pieces.push(recoder.recode().coefficients)
      recoder.release()
      if (node) node.addedAtMs = nowMs
    }
    scanner.pieces = scanner.pieces.filter((_, index) => !plan.retire.includes(index))
    this.moves += plan.repairs.length + plan.retire.length
    this.epoch++
    return {
      retired: plan.retire.length,
      level,
      others: others.reduce((sum, { pieces }) => sum + pieces.length, 0)
    }
  }
}

describe('scaling over many epochs', () => {
  it('gains pieces while it is read, gives them back when it is idle, and rests in between', () => {
    const network = new Network(4, 8, 'hot and cold')
    const base = targetPieces(4)
    for (let epoch = 0; epoch < 8; epoch++) network.step(200)
    const hot = network.total
    // k pieces are all that a node can make use of
    expect(hot).toBe(Math.min(4 * base, 4 * network.nodes.length))
    network.moves = 0
    for (let epoch = 0; epoch < 8; epoch++) network.step(200)
    expect(network.moves).toBe(0)
    for (let epoch = 0; epoch < 36; epoch++) network.step(0)
    expect(network.total).toBeLessThan(hot)
    expect(network.total).toBeGreaterThanOrEqual(base)
    network.moves = 0
    for (let epoch = 0; epoch < 10; epoch++) network.step(0)
    expect(network.moves).toBe(0)
    expect(network.rank).toBe(4)
  })

  it('never falls below the target, drops nothing on another’s word, and does not swing, whatever is read', () => {
    const trace = fc.array(
      fc.tuple(fc.integer({ min: 1, max: 15 }), fc.constantFrom(0, 5, 20, 31, 45, 62, 90, 130, 400)),
      { minLength: 1, maxLength: 3 }
    )
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 3, max: 7 }),
        fc.nat({ max: 3 }),
        trace,
        (k, count, lies, phases) => {
          const network = new Network(k, count, `${k} ${count} ${phases}`)
          const base = targetPieces(k)
          for (const [epochs, reads] of phases)
            for (let epoch = 0; epoch < epochs; epoch++) {
              const before = network.total
              const { retired, others } = network.step(reads, lies)
              if (retired > 0) expect(others).toBeGreaterThanOrEqual(Math.ceil(base * 1.1))
              expect(network.total).toBeGreaterThanOrEqual(Math.min(before, base))
              expect(network.rank).toBe(k)
            }
          // with whatever was read last going on for days, everything comes to rest
          const [, reads = 0] = phases.at(-1) ?? []
          for (let epoch = 0; epoch < 50; epoch++) network.step(reads, lies)
          network.moves = 0
          for (let epoch = 0; epoch < 10; epoch++) network.step(reads, lies)
          expect(network.moves).toBe(0)
        }
      ),
      { numRuns: 4 }
    )
  })
})
