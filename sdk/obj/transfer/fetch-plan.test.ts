import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { FetchEffect, FetchEvent } from './fetch-event.ts'
import { FETCH_LIMITS } from './fetch-limits.ts'
import { FetchPlan } from './fetch-plan.ts'
import { IndexSet } from './index-set.ts'

const wants = (effects: readonly FetchEffect[]) => effects.filter(effect => effect.type === 'want')
const have = (peer: string, ...indices: number[]): FetchEvent => ({
  type: 'have',
  peer,
  first: 0,
  segments: [{ committed: IndexSet.of(...indices), recoded: 0 }]
})
const segment = (k: number, ...held: number[]): FetchEvent => ({
  type: 'segment',
  segment: 0,
  k,
  rank: held.length,
  held: IndexSet.of(...held),
  recoded: true
})
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)

describe('fetch plan', () => {
  it('asks nobody for what is here, and nobody for what another was asked for', () => {
    const plan = new FetchPlan()
    plan.handle(segment(8, 0, 1), 0)
    const asked = [
      ...wants(plan.handle(have('a', ...range(0, 8)), 0)),
      ...wants(plan.handle(have('b', ...range(0, 8)), 0))
    ]
    const indices = asked.flatMap(({ committed }) => [...committed])
    expect(indices.toSorted((x, y) => x - y)).toEqual(range(2, 8))
  })

  it('shares the work: no peer owes more than the limit', () => {
    const plan = new FetchPlan()
    plan.handle(segment(40), 0)
    const asked = wants(plan.handle(have('a', ...range(0, 40)), 0))
    expect(asked.reduce((sum, { committed }) => sum + committed.size, 0)).toBe(FETCH_LIMITS.outstandingPieces)
    expect(asked.every(({ committed }) => committed.size <= FETCH_LIMITS.batchPieces)).toBe(true)
  })

  it('asks a peer for recoded pieces once at a time: it would send the same ones twice', () => {
    const plan = new FetchPlan()
    plan.handle(segment(12), 0)
    const segments = [{ committed: new IndexSet(), recoded: 12 }]
    const [first, ...more] = wants(plan.handle({ type: 'have', peer: 'a', first: 0, segments }, 0))
    expect(more).toEqual([])
    const request = first?.request ?? 0
    const pieces = range(0, first?.recoded ?? 0).flatMap(() =>
      plan.handle({ type: 'piece', peer: 'a', request, index: undefined, innovative: true }, 1)
    )
    const ended = plan.handle({ type: 'end', peer: 'a', request, reason: 'done', retryAfterMs: 0 }, 1)
    expect(wants([...pieces, ...ended])).toHaveLength(1)
  })

  it('does not take it for a broken promise when what a peer recoded is of no use any more', () => {
    const plan = new FetchPlan()
    plan.handle(segment(12), 0)
    const segments = [{ committed: new IndexSet(), recoded: 3 }]
    let effects = plan.handle({ type: 'have', peer: 'a', first: 0, segments }, 0)
    for (let round = 0; round < 2 * FETCH_LIMITS.maxBroken; round++) {
      const [want] = wants(effects)
      if (want)
        plan.handle({ type: 'end', peer: 'a', request: want.request, reason: 'exhausted', retryAfterMs: 0 }, round)
      effects = plan.handle({ type: 'have', peer: 'a', first: 0, segments }, round)
      expect(effects).toEqual([])
    }
    const more = [{ committed: new IndexSet(), recoded: 4 }]
    expect(wants(plan.handle({ type: 'have', peer: 'a', first: 0, segments: more }, 99))).toHaveLength(1)
  })

  it('asks others for other pieces when a peer is late, and cancels it when the segment is complete', () => {
    const plan = new FetchPlan()
    plan.handle(segment(2), 0)
    const [late] = wants(plan.handle(have('late', 0, 1), 0))
    expect(wants(plan.handle(have('quick', 1, 2, 3), 0))).toEqual([])
    const [instead] = wants(plan.handle({ type: 'tick' }, FETCH_LIMITS.lateMs))
    expect(instead).toMatchObject({ peer: 'quick' })
    const effects = [...(instead?.committed ?? [])].flatMap(index =>
      plan.handle({ type: 'piece', peer: 'quick', request: instead?.request ?? 0, index, innovative: true }, 2000)
    )
    expect(effects).toContainEqual({ type: 'cancel', peer: 'late', request: late?.request })
  })

  it('asks a late peer for nothing more, and drops it when it stalls', () => {
    const plan = new FetchPlan()
    plan.handle(segment(20), 0)
    plan.handle(have('a', ...range(0, 20)), 0)
    expect(wants(plan.handle({ type: 'tick' }, FETCH_LIMITS.lateMs))).toEqual([])
    expect(plan.handle({ type: 'tick' }, FETCH_LIMITS.stallMs)).toContainEqual({
      type: 'drop',
      peer: 'a',
      why: 'stalled'
    })
  })

  it('leaves a busy peer alone for as long as it asked', () => {
    const plan = new FetchPlan()
    plan.handle(segment(4), 0)
    const [want] = wants(plan.handle(have('a', 0, 1, 2, 3), 0))
    const end = { peer: 'a', request: want?.request ?? 0, reason: 'busy', retryAfterMs: 700 } as const
    expect(wants(plan.handle({ type: 'end', ...end }, 0))).toEqual([])
    expect(wants(plan.handle({ type: 'tick' }, 699))).toEqual([])
    expect(wants(plan.handle({ type: 'tick' }, 701))).toHaveLength(1)
  })

  it('gives up on a peer that claims to hold everything and has nothing', () => {
    const plan = new FetchPlan()
    plan.handle(segment(40), 0)
    let effects = plan.handle(have('liar', ...range(0, 48)), 0)
    const seen: FetchEffect[] = []
    for (let turn = 0; turn < 20 && wants(effects).length > 0; turn++) {
      seen.push(...effects)
      effects = wants(effects).flatMap(({ request }) =>
        plan.handle({ type: 'end', peer: 'liar', request, reason: 'exhausted', retryAfterMs: 0 }, turn)
      )
    }
    expect([...seen, ...effects]).toContainEqual({ type: 'drop', peer: 'liar', why: 'broken-promises' })
  })

  it('asks for a part of a segment only, in as many pieces as it has', () => {
    const plan = new FetchPlan()
    const part = { ...segment(40), sources: IndexSet.of(7, 8, 9) } as FetchEvent
    plan.handle(part, 0)
    const asked = [
      ...wants(plan.handle(have('a', ...range(0, 9)), 0)),
      ...wants(plan.handle(have('b', ...range(0, 40)), 0))
    ]
    // a does not have all of the part, so any pieces help until b is known
    const ofB = asked.filter(({ peer }) => peer === 'b').flatMap(({ committed }) => [...committed])
    expect(ofB).toEqual(
      [7, 8, 9].filter(index => !asked.some(({ peer, committed }) => peer === 'a' && committed.has(index)))
    )
  })

  it('asks for the whole segment when nobody has all of a part, so that it can be computed', () => {
    const plan = new FetchPlan()
    plan.handle({ ...segment(4), sources: IndexSet.of(2) } as FetchEvent, 0)
    const [want] = wants(plan.handle(have('a', 0, 1, 3, 4), 0))
    expect([...(want?.committed ?? [])]).toEqual([0, 1, 3, 4])
  })

  it('lets a peer owe more the faster it brings, and less when it gets slow', () => {
    const owed = (everyMs: number): number => {
      const plan = new FetchPlan()
      plan.handle(segment(128), 0)
      const open = new Map<number, number[]>()
      const note = (effects: readonly FetchEffect[]): void => {
        for (const { request, committed } of wants(effects)) open.set(request, [...committed])
      }
      note(plan.handle(have('a', ...range(0, 128)), 0))
      for (let piece = 1; piece <= 60; piece++) {
        const [request = 0, pieces = []] = [...open].find(([, { length }]) => length > 0) ?? []
        const index = pieces.shift()
        note(plan.handle({ type: 'piece', peer: 'a', request, index, innovative: true }, piece * everyMs))
      }
      return [...open.values()].flat().length
    }
    expect(owed(200)).toBeLessThanOrEqual(FETCH_LIMITS.outstandingPieces)
    expect(owed(1)).toBeGreaterThan(FETCH_LIMITS.maxOutstandingPieces - FETCH_LIMITS.batchPieces)
    expect(owed(1)).toBeLessThanOrEqual(FETCH_LIMITS.maxOutstandingPieces)
  })

  it('ignores what comes from wants that it has cancelled', () => {
    const plan = new FetchPlan()
    plan.handle(segment(1), 0)
    const [want] = wants(plan.handle(have('a', 0), 0))
    plan.handle({ type: 'forget', segment: 0 }, 0)
    const late: FetchEvent = { type: 'piece', peer: 'a', request: want?.request ?? 0, index: 0, innovative: true }
    expect(plan.handle(late, 1)).toEqual([])
  })

  /** A network of peers, each honest, slow, silent, lying about what it has, or leaving, driven to its end. */
  it('completes every segment whose pieces honest peers have, whatever the others do', () => {
    const kind = fc.constantFrom('honest', 'honest', 'slow', 'silent', 'liar', 'leaver')
    const network = fc.record({
      k: fc.integer({ min: 1, max: 12 }),
      segments: fc.integer({ min: 1, max: 3 }),
      peers: fc.array(fc.record({ kind, holds: fc.array(fc.boolean(), { minLength: 16, maxLength: 16 }) }), {
        minLength: 1,
        maxLength: 6
      })
    })
    fc.assert(
      fc.property(network, ({ k, segments, peers }) => {
        const honest = IndexSet.of()
        for (const peer of peers)
          if (peer.kind === 'honest' || peer.kind === 'slow')
            for (const [index, holds] of peer.holds.entries()) if (holds) honest.add(index)
        const plan = new FetchPlan()
        const held = Array.from({ length: segments }, () => new IndexSet())
        const queue: { readonly atMs: number; readonly event: FetchEvent }[] = []
        const open = new Map<number, number>()
        let duplicates = 0
        const perform = (effects: readonly FetchEffect[], nowMs: number): void => {
          for (const effect of effects) {
            if (effect.type === 'cancel') open.delete(effect.request)
            if (effect.type !== 'want') continue
            const peer = peers[Number(effect.peer)]
            open.set(effect.request, effect.segment)
            for (const index of effect.committed) if (held[effect.segment]?.has(index)) duplicates++
            const { kind, holds } = peer ?? { kind: 'silent', holds: [] }
            if (kind === 'silent') continue
            if (kind === 'leaver') {
              queue.push({ atMs: nowMs + 5, event: { type: 'lost', peer: effect.peer } })
              continue
            }
            let at = nowMs
            for (const index of effect.committed) {
              if (kind === 'liar' || !holds[index]) continue
              at += kind === 'slow' ? 2000 : 10
              const { peer, request } = effect
              queue.push({ atMs: at, event: { type: 'piece', peer, request, index, innovative: true } })
            }
            const reason = kind === 'liar' ? ('exhausted' as const) : ('done' as const)
            queue.push({
              atMs: at + 1,
              event: { type: 'end', peer: effect.peer, request: effect.request, reason, retryAfterMs: 0 }
            })
          }
        }
        for (let index = 0; index < segments; index++)
          perform(
            plan.handle({ type: 'segment', segment: index, k, rank: 0, held: new IndexSet(), recoded: true }, 0),
            0
          )
        for (const [name, peer] of peers.entries()) {
          const committed = peer.kind === 'liar' ? range(0, 16) : range(0, 16).filter(index => peer.holds[index])
          const holdings = Array.from({ length: segments }, () => ({
            committed: IndexSet.of(...committed),
            recoded: 0
          }))
          perform(plan.handle({ type: 'have', peer: String(name), first: 0, segments: holdings }, 0), 0)
        }
        let nextTick = 250
        for (let nowMs = 0; nowMs < 400_000 && held.some(({ size }) => size < Math.min(k, honest.size)); ) {
          queue.sort((a, b) => a.atMs - b.atMs)
          const next = queue[0]
          if (next && next.atMs <= nextTick) {
            queue.shift()
            nowMs = next.atMs
            const { event } = next
            if (event.type === 'piece') {
              const number = open.get(event.request)
              const segment = number === undefined ? undefined : held[number]
              if (number === undefined || !segment || segment.size === k) continue
              // a late peer sends what another brought meanwhile: it kept its word, and adds nothing
              const innovative = !segment.has(event.index ?? 0)
              segment.add(event.index ?? 0)
              perform(plan.handle({ ...event, innovative }, nowMs), nowMs)
              if (segment.size === k) perform(plan.handle({ type: 'forget', segment: number }, nowMs), nowMs)
            } else perform(plan.handle(event, nowMs), nowMs)
          } else {
            nowMs = nextTick
            nextTick += 250
            perform(plan.handle({ type: 'tick' }, nowMs), nowMs)
          }
        }
        for (const segment of held) expect(segment.size).toBe(Math.min(k, honest.size))
        expect(duplicates).toBe(0)
      }),
      { numRuns: 150 }
    )
  })
})
