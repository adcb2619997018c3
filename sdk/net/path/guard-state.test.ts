import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../../test/vectors/seeded-random.ts'
import { encodeHex } from '../../codec/index.ts'
import type { Descriptor, DirectoryView } from '../directory/index.ts'
import { choosePath, type GuardState, NO_GUARDS, type PathRequest, parseGuardState, reportGuard } from './index.ts'

const START_MS = 1_700_000_000_000
const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS

function node(index: number, isExit: boolean): Descriptor {
  return {
    identity: new Uint8Array(32).fill(index),
    sequence: 1n,
    issuedAt: 0,
    expiresAt: 1,
    roles: { relay: !isExit, exit: isExit, directory: false, storage: false },
    onionKeys: [{ epoch: 1, publicKey: new Uint8Array(32), notAfter: 2 ** 40 }],
    addresses: [`/ip4/10.${index}.0.1/tcp/1`],
    country: '??',
    region: '',
    family: [],
    bandwidthKiBps: 100,
    priceLamportsPerGiB: 0n,
    exitPorts: [{ from: 1, to: 65_535 }]
  }
}

/** A client over time: its guards, and a network of relays 1.. and exits 200.. */
function client(relayCount: number, seed: string) {
  const random = seededRandom(seed)
  let guards: GuardState = NO_GUARDS
  let nowMs = START_MS
  const gone = new Set<number>()
  const view = (): DirectoryView => {
    const relays = Array.from({ length: relayCount }, (_, index) => node(index + 1, false))
    return {
      nowMs,
      nodes: [...relays.filter(({ identity }) => !gone.has(identity[0] ?? 0)), node(200, true), node(201, true)]
    }
  }
  return {
    gone,
    wait: (ms: number) => {
      nowMs += ms
    },
    /** @returns the number of the first hop */
    choose: (request: Partial<PathRequest> = {}): number => {
      const path = choosePath(view(), guards, { hops: 3, ...request }, random)
      guards = path.guards
      return path.hops[0]?.identity[0] ?? 0
    },
    report: (guard: number, worked: boolean) => {
      guards = reportGuard(guards, new Uint8Array(32).fill(guard), worked, nowMs)
    },
    guards: () => guards.guards.map(({ identity }) => Number.parseInt(identity.slice(0, 2), 16))
  }
}

describe('guards', () => {
  it('stay: every circuit starts at the one that works', () => {
    const { choose, report, wait, guards } = client(50, 'stay')
    const first = choose()
    report(first, true)
    for (let circuit = 0; circuit < 50; circuit++) {
      expect(choose()).toBe(first)
      wait(DAY_MS / 2)
      report(first, true)
    }
    expect(guards()).toEqual([first])
  })

  it('are drawn at random, so that clients spread over the network', () => {
    const firsts = new Set(Array.from({ length: 40 }, (_, index) => client(50, `client ${index}`).choose()))
    expect(firsts.size).toBeGreaterThan(20)
  })

  it('that fail are left alone for a while, then tried first again', () => {
    const { choose, report, wait } = client(50, 'failing')
    const first = choose()
    report(first, true)
    report(first, false)
    const second = choose()
    expect(second).not.toBe(first)
    report(second, true)
    wait(10 * MINUTE_MS - 1)
    expect(choose()).toBe(second)
    wait(1)
    expect(choose()).toBe(first)
    report(first, false)
    wait(6 * 60 * MINUTE_MS)
    expect(choose()).toBe(first)
    report(first, false)
    wait(89 * MINUTE_MS)
    expect(choose()).toBe(second)
    report(first, true)
    expect(choose()).toBe(first)
  })

  it('never worked come after those that did', () => {
    const { choose, report, wait } = client(50, 'confirmed')
    const first = choose()
    report(first, false)
    const second = choose()
    report(second, true)
    wait(DAY_MS)
    expect(choose()).toBe(second)
  })

  it('stay few, however many links fail: one fifth of the network, at least 6, at most 20', () => {
    for (const [relayCount, most] of [
      [8, 6],
      [50, 10],
      [150, 20]
    ] as const) {
      const { choose, report, guards } = client(relayCount, `few ${relayCount}`)
      for (let circuit = 0; circuit < 60; circuit++) report(choose(), false)
      expect(guards().length).toBe(most)
    }
  })

  it('are still used when all of them failed: it was the own network', () => {
    const { choose, report, guards } = client(8, 'offline')
    for (let circuit = 0; circuit < 20; circuit++) report(choose(), false)
    expect(guards()).toContain(choose())
  })

  it('do not change beyond three because circuits fail and nodes are avoided', () => {
    const { choose, guards } = client(50, 'pushed')
    for (let attack = 0; attack < 30; attack++) {
      try {
        choose({ exclude: guards().map(guard => encodeHex(new Uint8Array(32).fill(guard))) })
      } catch (error) {
        expect(error).toMatchObject({ code: 'no-path' })
      }
    }
    expect(guards().length).toBe(3)
  })

  it('that leave the directory are replaced, come back if they do soon, and are forgotten after 20 days', () => {
    const { choose, report, wait, gone, guards } = client(50, 'unlisted')
    const first = choose()
    report(first, true)
    gone.add(first)
    const second = choose()
    report(second, true)
    wait(19 * DAY_MS)
    gone.clear()
    expect(choose()).toBe(first)
    gone.add(first)
    expect(choose()).toBe(second)
    wait(20 * DAY_MS)
    expect(choose()).toBe(second)
    expect(guards()).toEqual([second])
  })

  it('end: 60 days after their first use, and 120 days after they were drawn', () => {
    const used = client(200, 'confirmed life')
    const first = used.choose()
    used.report(first, true)
    used.wait(60 * DAY_MS - 1)
    expect(used.choose()).toBe(first)
    used.wait(1)
    used.choose()
    expect(used.guards()).not.toContain(first)

    const unused = client(200, 'sampled life')
    const drawn = unused.choose()
    unused.wait(120 * DAY_MS - 1)
    expect(unused.choose()).toBe(drawn)
    unused.wait(1)
    unused.choose()
    expect(unused.guards()).not.toContain(drawn)
  })

  it('are not touched by a path without relays', () => {
    const { choose, guards } = client(8, 'direct')
    expect([200, 201]).toContain(choose({ hops: 0 }))
    expect(guards()).toEqual([])
  })

  it('survive a store as they are; anything else in the store is none', () => {
    const { choose, report } = client(8, 'store')
    const first = choose()
    report(first, true)
    const state = choosePath(
      { nowMs: START_MS, nodes: [node(1, false), node(200, true)] },
      NO_GUARDS,
      { hops: 1 },
      seededRandom('x')
    ).guards
    expect(parseGuardState(structuredClone(state))).toEqual(state)
    const [guard] = state.guards
    for (const other of [
      undefined,
      null,
      7,
      'guards',
      {},
      { guards: 1 },
      { guards: [null] },
      { guards: [{ ...guard, identity: 'x' }] },
      { guards: [{ ...guard, addedAtMs: Number.NaN }] },
      { guards: [{ ...guard, confirmedAtMs: '1' }] },
      { guards: new Array(21).fill(guard) }
    ])
      expect(parseGuardState(other)).toEqual(NO_GUARDS)
    fc.assert(
      fc.property(fc.anything(), value => {
        expect(Array.isArray(parseGuardState(value).guards)).toBe(true)
      })
    )
  })
})
