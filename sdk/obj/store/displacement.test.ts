import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { byValue, type KeptContent, mostPieces, type Push, planDisplacement, type StoreSums } from './displacement.ts'
import { storePolicy } from './store-policy.ts'

const NOW = 1_000_000
const TENURE_MS = 1_000
const PEERS = ['ann', 'bob', 'cyd']

const peer = fc.constantFrom(...PEERS)
const kept = fc
  .array(
    fc.record({
      owner: fc.option(peer, { nil: undefined, freq: 5 }),
      pinned: fc.boolean(),
      bytes: fc.integer({ min: 0, max: 9 }),
      value: fc.integer({ min: 0, max: 4 }),
      age: fc.constantFrom(0, TENURE_MS - 1, TENURE_MS, 10 * TENURE_MS)
    }),
    { maxLength: 12 }
  )
  .map(contents =>
    contents
      .map(({ owner, age, ...rest }, number): KeptContent => {
        const whose = owner === undefined ? ({ origin: 'own' } as const) : ({ origin: 'peer', peer: owner } as const)
        return { manifest: `m${number}`, ...whose, ...rest, addedAt: NOW - age }
      })
      .sort(byValue)
  )
const cap = fc.integer({ min: 0, max: 60 })
const situation = fc
  .record({
    kept,
    peer,
    owner: fc.oneof({ weight: 4, arbitrary: fc.constant('same') }, fc.option(peer, { nil: undefined })),
    manifest: fc.constantFrom('m0', 'm1', 'new'),
    addedBytes: fc.integer({ min: 0, max: 12 }),
    value: fc.integer({ min: 0, max: 5 }),
    caps: fc.record({ quotaBytes: cap, peersQuotaBytes: cap, peerQuotaBytes: cap }),
    turnoverBytes: fc.integer({ min: 0, max: 30 }),
    promised: fc.array(fc.record({ peer, bytes: fc.integer({ min: 0, max: 5 }) }), { maxLength: 2 })
  })
  .map(({ kept, peer, owner, manifest, addedBytes, value, caps, turnoverBytes, promised }) => {
    const push: Push = { manifest, peer, owner: owner === 'same' ? peer : owner, addedBytes, value }
    const bytesOf = (name: string): number => total(kept.filter(content => content.peer === name))
    const sums: StoreSums = {
      now: NOW,
      quotaBytes: caps.quotaBytes,
      bytes: total(kept),
      peersBytes: total(kept.filter(({ origin }) => origin === 'peer')),
      bytesOf,
      turnoverBytes,
      promised
    }
    const policy = storePolicy({ ...caps, tenureMs: TENURE_MS })
    return { kept, push, sums, policy, plan: planDisplacement(push, sums, policy, kept) }
  })
type Situation = typeof situation extends fc.Arbitrary<infer T> ? T : never

function total(contents: readonly { readonly bytes: number }[]): number {
  return contents.reduce((sum, { bytes }) => sum + bytes, 0)
}

function displacedBy({ plan }: Situation): readonly KeptContent[] {
  return plan.outcome === 'fits' ? plan.displaced : []
}

function holds(property: (situation: Situation) => void): void {
  fc.assert(fc.property(situation, property), { numRuns: 2_000 })
}

describe('what gives way to a push', () => {
  it('is never the device’s own, nor pinned, nor the content that grows', () => {
    holds(situation => {
      for (const { origin, pinned, manifest } of displacedBy(situation))
        expect([origin, pinned, manifest === situation.push.manifest]).toEqual(['peer', false, false])
    })
  })

  it('is worth strictly less, and has been here for its tenure', () => {
    holds(situation => {
      for (const { value, addedAt } of displacedBy(situation)) {
        expect(value).toBeLessThan(situation.push.value)
        expect(NOW - addedAt).toBeGreaterThanOrEqual(TENURE_MS)
      }
    })
  })

  it('lets nobody’s share grow at the cost of somebody who is left with less', () => {
    holds(situation => {
      const { push, sums } = situation
      const displaced = displacedBy(situation)
      const lost = (name: string): number => total(displaced.filter(content => content.peer === name))
      const promised = total(sums.promised.filter(({ peer }) => peer === push.peer))
      const share = sums.bytesOf(push.peer) + promised - lost(push.peer) + push.addedBytes
      for (const name of PEERS)
        if (name !== push.peer && lost(name) > 0) expect(sums.bytesOf(name) - lost(name)).toBeGreaterThanOrEqual(share)
    })
  })

  it('is of others only when all that the pusher may give up is not enough, and no more of them than may go today', () => {
    holds(situation => {
      const { kept, push, sums } = situation
      const displaced = displacedBy(situation)
      const ofOthers = displaced.filter(content => content.peer !== push.peer)
      if (ofOthers.length === 0) return
      expect(total(ofOthers)).toBeLessThanOrEqual(sums.turnoverBytes)
      const own = kept.filter(
        content =>
          content.peer === push.peer &&
          !content.pinned &&
          content.value < push.value &&
          content.manifest !== push.manifest &&
          NOW - content.addedAt >= TENURE_MS
      )
      expect(total(displaced) - total(ofOthers)).toBe(total(own))
    })
  })

  it('makes room for all of the push, under every cap that counts, or is nothing', () => {
    holds(({ push, sums, policy, plan }) => {
      if (plan.outcome === 'refused') return
      const freed = total(plan.displaced)
      const promised = total(sums.promised)
      const fits = (taken: number, cap: number): void => {
        // Without anything to add there is nothing to refuse: what is over a cap by now stays.
        if (taken + push.addedBytes > cap) expect(taken + push.addedBytes - freed).toBeLessThanOrEqual(cap)
      }
      fits(sums.bytes + promised, sums.quotaBytes)
      if (push.owner === undefined) return
      fits(sums.peersBytes + promised, policy.peersQuotaBytes)
      const own = total(plan.displaced.filter(content => content.peer === push.owner))
      const taken = sums.bytesOf(push.owner) + total(sums.promised.filter(({ peer }) => peer === push.owner))
      expect(taken + push.addedBytes - own).toBeLessThanOrEqual(Math.max(policy.peerQuotaBytes, 0))
    })
  })

  it('is at most one content more than is needed', () => {
    holds(situation => {
      const { push, sums, policy } = situation
      const displaced = displacedBy(situation)
      if (displaced.length === 0) return
      const promised = total(sums.promised)
      const promisedHere = total(sums.promised.filter(one => one.peer === push.peer))
      const needed = Math.max(
        sums.bytes + promised + push.addedBytes - sums.quotaBytes,
        sums.peersBytes + promised + push.addedBytes - policy.peersQuotaBytes,
        sums.bytesOf(push.peer) + promisedHere + push.addedBytes - policy.peerQuotaBytes
      )
      expect(total(displaced.slice(0, -1))).toBeLessThan(needed)
    })
  })

  it('is nothing where somebody else’s content, or the device’s, would grow', () => {
    holds(situation => {
      if (situation.push.owner !== situation.push.peer) expect(displacedBy(situation)).toEqual([])
    })
  })

  it('is the same for the same store, in whatever order its contents were found', () => {
    fc.assert(
      fc.property(situation, fc.infiniteStream(fc.integer()), ({ kept, push, sums, policy, plan }, keys) => {
        const shuffled = kept.map(content => ({ content, key: keys.next().value ?? 0 }))
        shuffled.sort((left, right) => left.key - right.key)
        const again = shuffled.map(({ content }) => content).sort(byValue)
        expect(planDisplacement(push, sums, policy, again)).toEqual(plan)
      }),
      { numRuns: 500 }
    )
  })

  it('fits for fewer pieces whenever it fits for more, so that the most that fit are found by halving', () => {
    holds(({ kept, push, sums, policy }) => {
      const plan = (pieces: number) => planDisplacement({ ...push, addedBytes: pieces }, sums, policy, kept)
      const fits = Array.from({ length: 20 }, (_, pieces) => plan(pieces + 1).outcome === 'fits')
      const most = fits.lastIndexOf(true) + 1
      expect(fits.indexOf(false) === -1 ? 20 : fits.indexOf(false)).toBe(most)
      expect(mostPieces(20, plan)).toBe(most)
    })
  })
})

describe('a node that strangers filled', () => {
  const policy = storePolicy({ quotaBytes: 100, peersQuotaBytes: 100, peerQuotaBytes: 40, tenureMs: TENURE_MS })
  const content = (number: number, peer: string, bytes: number, value: number): KeptContent => ({
    manifest: `m${number}`,
    origin: 'peer',
    peer,
    pinned: false,
    bytes,
    value,
    addedAt: 0
  })
  const sumsOf = (kept: readonly KeptContent[], turnoverBytes: number): StoreSums => ({
    now: NOW,
    quotaBytes: policy.quotaBytes,
    bytes: total(kept),
    peersBytes: total(kept),
    bytesOf: name => total(kept.filter(({ peer }) => peer === name)),
    turnoverBytes,
    promised: []
  })

  it('loses to any number of fresh names no more of its idle content than may go in a day', () => {
    let kept = Array.from({ length: 20 }, (_, number) => content(number, `honest ${number % 4}`, 5, 0.25))
    let turnover = 12
    for (let number = 0; number < 1_000; number++) {
      const push = {
        manifest: `junk ${number}`,
        peer: `junk ${number}`,
        owner: `junk ${number}`,
        addedBytes: 1,
        value: 4
      }
      const plan = planDisplacement(push, sumsOf(kept, turnover), policy, [...kept].sort(byValue))
      if (plan.outcome === 'refused') continue
      turnover -= total(plan.displaced)
      kept = kept.filter(one => !plan.displaced.includes(one))
      kept.push({ ...content(1_000 + number, push.peer, 1, 4), manifest: push.manifest, addedAt: NOW })
    }
    const honest = kept.filter(({ peer }) => peer?.startsWith('honest'))
    expect(total(honest)).toBe(90)
    expect(total(kept)).toBe(100)
  })

  it('takes from whoever fills it for whoever is new, until both have the same', () => {
    const kept = Array.from({ length: 10 }, (_, number) =>
      content(number, number < 4 ? 'greedy' : `peer ${number}`, 10, 1)
    )
    const push = (addedBytes: number): Push => ({ manifest: 'new', peer: 'new', owner: 'new', addedBytes, value: 2 })
    const plan = (addedBytes: number, promisedBytes = 0) => {
      const promised = [{ peer: 'new', bytes: promisedBytes }]
      return planDisplacement(push(addedBytes), { ...sumsOf(kept, 100), promised }, policy, kept)
    }
    const both = { outcome: 'fits', displaced: [{ peer: 'greedy' }, { peer: 'greedy' }] }
    expect(plan(20)).toMatchObject(both)
    expect(plan(21)).toEqual({ outcome: 'refused', by: 'peers-quota' })
    // What is promised counts as had.
    expect(plan(10, 10)).toMatchObject(both)
    expect(plan(10, 11)).toEqual({ outcome: 'refused', by: 'peers-quota' })
  })
})
