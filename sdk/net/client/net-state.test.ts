import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ERROR_CODES } from '../../errors/index.ts'
import { type NetFacts, netState } from './net-state.ts'

const READY: NetFacts = {
  stopped: false,
  node: { status: 'ready' },
  directoryUsable: true,
  directoryError: undefined,
  lastCircuit: 'built',
  storeLost: false
}

describe('netState', () => {
  it.each<[Partial<NetFacts>, ReturnType<typeof netState>]>([
    [{}, { status: 'ready' }],
    [{ stopped: true }, { status: 'stopped' }],
    [{ node: { status: 'stopped' } }, { status: 'stopped' }],
    [
      { directoryUsable: false, node: { status: 'connecting' } },
      { status: 'connecting', doing: 'links' }
    ],
    [{ directoryUsable: false }, { status: 'connecting', doing: 'directory' }],
    [
      { directoryUsable: false, directoryError: 'bootstrap-unreachable' },
      { status: 'degraded', why: 'bootstrap-unreachable' }
    ],
    [{ lastCircuit: undefined }, { status: 'connecting', doing: 'circuit' }],
    [{ lastCircuit: 'no-path' }, { status: 'degraded', why: 'no-path' }],
    [
      { node: { status: 'degraded', why: 'bootstrap-unreachable' } },
      { status: 'degraded', why: 'bootstrap-unreachable' }
    ],
    [{ node: { status: 'degraded', why: 'no-reservation' } }, { status: 'ready' }],
    [{ storeLost: true }, { status: 'degraded', why: 'storage-unavailable' }]
  ])('%o', (facts, state) => {
    expect(netState({ ...READY, ...facts })).toEqual(state)
  })

  it('is ready only when a circuit was built over a directory that is usable', () => {
    const facts = fc.record({
      stopped: fc.boolean(),
      node: fc.constantFrom<NetFacts['node']>({ status: 'connecting' }, { status: 'ready' }, { status: 'stopped' }),
      directoryUsable: fc.boolean(),
      directoryError: fc.option(fc.constantFrom(...ERROR_CODES), { nil: undefined }),
      lastCircuit: fc.option(fc.constantFrom('built' as const, ...ERROR_CODES), { nil: undefined }),
      storeLost: fc.boolean()
    })
    fc.assert(
      fc.property(facts, given => {
        const ready = netState(given).status === 'ready'
        expect(ready && (given.stopped || !given.directoryUsable || given.lastCircuit !== 'built')).toBe(false)
      })
    )
  })
})
