import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { seededRandom } from '../../../test/vectors/seeded-random.ts'
import { createJsEngine, createRecoder, targetPieces, unitVector } from '../coding/index.ts'
import {
  AUDIT_VALID_MS,
  type AuditedHolder,
  assessSegment,
  countedHolders,
  MAX_RETIRED,
  planAudits,
  planRepair,
  planRetirement,
  QUIET_MS,
  type RepairTask,
  type RetirementView,
  rankOf,
  samplesFor
} from './index.ts'

const NOW = 1_700_000_000_000
const engine = createJsEngine()
let random = seededRandom('health')
// Random rows are dependent now and then: those of a test are the same in every run, whatever the properties before it drew.
beforeEach(() => {
  random = seededRandom('health')
})
const holder = (name: string, pieces: readonly Uint8Array[], extra: Partial<AuditedHolder> = {}): AuditedHolder => ({
  holder: name,
  durable: true,
  passedAtMs: NOW,
  pieces,
  ...extra
})
const randomRows = (k: number, count: number): Uint8Array[] => Array.from({ length: count }, () => random(k))

/** `names.length` holders with `each` random pieces. */
const network = (k: number, names: readonly string[], each: number): AuditedHolder[] =>
  names.map(name => holder(name, randomRows(k, each)))
const names = (count: number, prefix = 'h'): string[] => Array.from({ length: count }, (_, i) => `${prefix}${i}`)

function recode(pieces: readonly Uint8Array[]): Uint8Array {
  const k = pieces[0]?.length ?? 1
  const recoder = createRecoder(engine, { k, pieceBytes: 1 }, random, Math.max(2, pieces.length))
  for (const coefficients of pieces) recoder.hold({ coefficients, data: new Uint8Array(1) })
  const { coefficients } = recoder.recode()
  recoder.release()
  return coefficients
}

/** What the holders would do with a plan. */
function carryOut(holders: readonly AuditedHolder[], tasks: readonly RepairTask[]): AuditedHolder[] {
  const held = new Map(holders.map(({ holder, pieces }) => [holder, [...pieces]]))
  for (const { recoder, how, from, to } of tasks) {
    const own = held.get(recoder) ?? []
    const fetched = from === undefined ? [] : (held.get(from) ?? []).slice(0, 1)
    const made = how === 'copy' ? own[0] : recode([...own, ...fetched])
    if (made) held.set(to, [...(held.get(to) ?? []), made])
  }
  return Array.from(held, ([name, pieces]) => holder(name, pieces))
}

describe('the health of a segment', () => {
  it('counts durable holders whose audit is fresh, and nobody else', () => {
    const holders = [
      holder('relay', randomRows(4, 1)),
      holder('tab', randomRows(4, 9), { durable: false }),
      holder('stale', randomRows(4, 9), { passedAtMs: NOW - AUDIT_VALID_MS - 1 }),
      holder('just in time', randomRows(4, 1), { passedAtMs: NOW - AUDIT_VALID_MS }),
      holder('before a clock was set back', randomRows(4, 1), { passedAtMs: NOW + 10 * AUDIT_VALID_MS })
    ]
    expect(countedHolders(holders, NOW).map(({ holder }) => holder)).toEqual([
      'relay',
      'just in time',
      'before a clock was set back'
    ])
    expect(assessSegment(4, holders, NOW)).toMatchObject({ state: 'lost', pieces: 3, rank: 3, holders: 3 })
  })

  it('is not fooled by copies: rank decides whether it can be read', () => {
    const copies = names(20).map(name => holder(name, [unitVector(8, 0)]))
    expect(assessSegment(8, copies, NOW)).toMatchObject({ state: 'lost', rank: 1, pieces: 20 })
  })

  it('is critical while any one holder cannot be spared', () => {
    const one = [holder('all', randomRows(8, 32))]
    expect(assessSegment(8, one, NOW)).toMatchObject({ state: 'critical', missing: 0, exposed: 8, tolerance: 0 })
    const uneven = [holder('big', randomRows(8, 30)), holder('small', randomRows(8, 3))]
    expect(assessSegment(8, uneven, NOW)).toMatchObject({ state: 'critical', exposed: 5 })
  })

  it('is degraded below the target, and healthy from there on', () => {
    expect(targetPieces(8)).toBe(32)
    expect(assessSegment(8, network(8, names(31), 1), NOW)).toMatchObject({ state: 'degraded', missing: 1 })
    expect(assessSegment(8, network(8, names(16), 2), NOW)).toMatchObject({
      state: 'healthy',
      missing: 0,
      tolerance: 12
    })
  })

  it('never calls a segment safer than it is', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 7 }),
        (k, sizes) => {
          const holders = sizes.map((size, index) => holder(`h${index}`, randomRows(k, size)))
          const { state, exposed, rank } = assessSegment(k, holders, NOW)
          const survives = holders.every(
            lost =>
              rankOf(
                k,
                holders.filter(other => other !== lost)
              ) === k
          )
          expect(state === 'healthy' || state === 'degraded').toBe(rank === k && survives)
          expect(exposed === 0).toBe(rank === k && survives)
        }
      ),
      { numRuns: 100 }
    )
  })
})

describe('repair', () => {
  it('brings a segment back to its target after losses, with two pieces moved for each at most, and never decodes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 12 }), fc.integer({ min: 1, max: 5 }), (k, lost) => {
        const all = network(k, names(10), Math.ceil(targetPieces(k) / 10) + 1)
        let holders = all.slice(lost)
        const candidates = [...holders.map(({ holder }) => holder), ...names(lost, 'new')]
        let moved = 0
        let made = 0
        for (let epoch = 0; epoch < 10; epoch++) {
          const health = assessSegment(k, holders, NOW)
          expect(health.rank).toBe(k)
          const tasks = planRepair({ health, self: holders[0]?.holder ?? '', holders, candidates })
          if (tasks.length === 0) break
          moved += tasks.reduce((sum, task) => sum + task.moved, 0)
          made += tasks.length
          holders = carryOut(holders, tasks)
        }
        expect(assessSegment(k, holders, NOW).state).toBe('healthy')
        expect(moved).toBeLessThanOrEqual(2 * made)
      }),
      { numRuns: 20 }
    )
  })

  it('moves two pieces for each where nobody has more than one', () => {
    const holders = network(8, names(24), 1)
    const tasks = planRepair({
      health: assessSegment(8, holders, NOW),
      self: 'h3',
      holders,
      candidates: names(8, 'new')
    })
    expect(tasks.length).toBe(8)
    for (const { how, moved, from, recoder, to } of tasks) {
      expect([how, moved]).toEqual(['fetch-and-recode', 2])
      expect(new Set([from, recoder, to]).size).toBe(3)
    }
    expect(assessSegment(8, carryOut(holders, tasks), NOW).state).toBe('healthy')
  })

  it('copies where every piece is as good as any, to whoever has none', () => {
    const holders = names(3).map(name => holder(name, [Uint8Array.of(1)]))
    const tasks = planRepair({
      health: assessSegment(1, holders, NOW),
      self: 'h0',
      holders,
      candidates: ['h0', 'h1', 'a', 'b']
    })
    expect(tasks.map(({ how, to, moved }) => [how, to, moved])).toEqual([
      ['copy', 'a', 1],
      ['copy', 'b', 2]
    ])
  })

  it('spreads what one holder alone has, though there are pieces enough', () => {
    const holders = [holder('all', randomRows(8, 32))]
    const tasks = planRepair({
      health: assessSegment(8, holders, NOW),
      self: 'all',
      holders,
      candidates: names(4, 'new')
    })
    expect(tasks.length).toBe(8)
    expect(assessSegment(8, carryOut(holders, tasks), NOW).state).toBe('healthy')
  })

  it('does nothing for a segment that is well, lost, or that nobody would take', () => {
    const well = network(4, names(24), 1)
    expect(planRepair({ health: assessSegment(4, well, NOW), self: 'h0', holders: well, candidates: ['x'] })).toEqual(
      []
    )
    const lost = network(4, names(3), 1)
    expect(planRepair({ health: assessSegment(4, lost, NOW), self: 'h0', holders: lost, candidates: ['x'] })).toEqual(
      []
    )
    const short = network(4, names(12), 2).slice(0, 6)
    expect(planRepair({ health: assessSegment(4, short, NOW), self: 'h0', holders: short, candidates: [] })).toEqual([])
  })

  it('is bounded: a plan has 16 tasks at most, whatever is missing', () => {
    const holders = network(32, names(10), 4)
    const health = assessSegment(32, holders, NOW)
    expect(health.missing).toBe(40)
    expect(planRepair({ health, self: 'h0', holders, candidates: names(50), maxRepairs: 1000 }).length).toBe(16)
  })
})

describe('retirement', () => {
  const k = 8
  const view = {
    k,
    target: 32,
    pinned: false,
    own: randomRows(k, 4),
    others: network(k, names(12), 3),
    elected: true,
    nowMs: NOW,
    sinceMs: NOW - 1000
  }

  it('drops all but two when the others were seen to have more than enough, sixteen at most', () => {
    expect(planRetirement(view)).toEqual([2, 3])
    const [first] = planRetirement({ ...view, own: randomRows(k, 40) })
    expect(first).toBe(40 - MAX_RETIRED)
  })

  it.each<[string, Partial<RetirementView>]>([
    ['it is pinned', { pinned: true }],
    ['it is not this node’s turn', { elected: false }],
    ['two pieces are left', { own: randomRows(k, 2) }],
    ['the others have the target and no more', { others: network(k, names(11), 3) }],
    ['demand asks for more', { target: 64 }],
    ['a piece came in of late', { addedAtMs: NOW - QUIET_MS + 1 }],
    ['nobody was audited in this scan', { sinceMs: NOW + 1 }],
    ['nobody was audited of late', { others: view.others.map(other => ({ ...other, passedAtMs: 0 })) }],
    ['the others are tabs', { others: view.others.map(other => ({ ...other, durable: false })) }],
    [
      'the others have copies of one piece',
      { others: view.others.map(other => ({ ...other, pieces: new Array(3).fill(unitVector(k, 0)) })) }
    ],
    ['two of the others hold it all', { others: network(k, names(2), 30) }]
  ])('keeps everything when %s', (_, change) => {
    expect(planRetirement({ ...view, ...change })).toEqual([])
  })
})

describe('audits', () => {
  it('go to everyone once before anyone twice, longest unseen first, for pieces nobody can foresee', () => {
    const candidates = names(5).map((name, index) => ({
      holder: name,
      pieces: Array.from({ length: index }, (_, piece) => Uint8Array.of(index, piece)),
      ...(index === 3 ? {} : { passedAtMs: NOW - index })
    }))
    const planned = planAudits(candidates, random, 8)
    expect(planned.map(({ holder }) => holder)).toEqual(['h3', 'h4', 'h2', 'h1', 'h3', 'h4', 'h2', 'h3'])
    expect(new Set(planned.map(({ piece }) => String(piece))).size).toBe(8)
    expect(planAudits(candidates, random, 1000).length).toBe(10)
    const firsts = new Set(
      Array.from({ length: 60 }, () => String(planAudits(candidates.slice(4), random, 1)[0]?.piece))
    )
    expect(firsts.size).toBe(4)
    expect([1, 26, 96, 272, 512].map(samplesFor)).toEqual([16, 16, 5, 4, 4])
  })
})
