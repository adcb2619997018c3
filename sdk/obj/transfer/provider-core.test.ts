import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CraftecError } from '../../errors/index.ts'
import { IndexSet } from './index-set.ts'
import { MAX_OPEN_OFFERS, MAX_OPEN_REQUESTS, ProviderCore } from './provider-core.ts'
import type { TransferMessage } from './transfer-message.ts'

const id = new Uint8Array(32)
const query = (request: number): TransferMessage => ({ kind: 'query', request, manifestId: id, first: 0 })
const offer = (request: number, pieces = 2): TransferMessage => ({
  kind: 'offer',
  request,
  manifestId: id,
  segment: 0,
  pieces,
  pieceBytes: 10
})
const piece = (request: number): TransferMessage => ({
  kind: 'piece',
  request,
  coefficients: Uint8Array.of(1),
  root: id,
  provenance: new Uint8Array(1)
})
const chunk = (bytes: number): TransferMessage => ({ kind: 'chunk', data: new Uint8Array(bytes) })
const end = (request: number): TransferMessage => ({ kind: 'end', request, reason: 'done', retryAfterMs: 0 })
const violation = expect.objectContaining({ code: 'protocol-violation' })

describe('a holder’s side of a channel', () => {
  it('answers so many requests at once, and is busy for more', () => {
    const core = new ProviderCore()
    for (let request = 0; request < MAX_OPEN_REQUESTS; request++)
      expect(core.take(query(request))).toMatchObject([{ type: 'holdings', request }])
    expect(core.take(query(99))).toMatchObject([{ type: 'send', message: { kind: 'end', reason: 'busy' } }])
    core.finish(0)
    expect(core.take(query(99))).toMatchObject([{ type: 'holdings', request: 99 }])
  })

  it('refuses a request number that is in use', () => {
    const core = new ProviderCore()
    core.take(query(1))
    expect(() => core.take(query(1))).toThrow(violation)
  })

  it('stores what was offered, granted and sent, and nothing else', () => {
    const core = new ProviderCore()
    core.take(offer(1))
    expect(() => core.take(piece(1))).toThrow(violation)
    expect(core.grant(1, 1, false)).toEqual({ kind: 'grant', request: 1, pieces: 1, manifest: false })
    core.take(piece(1))
    core.take(chunk(4))
    core.take(chunk(6))
    expect(() => core.take(piece(1))).toThrow('more pieces than were granted')
    expect(core.take(end(1))).toMatchObject([{ type: 'store', request: 1, pieces: [{ request: 1 }] }])
    expect(() => core.take(end(1))).toThrow(violation)
  })

  it('takes a manifest only when it asked for one, whole, and of the length it said', () => {
    const part = (total: number, bytes: number): TransferMessage => ({
      kind: 'manifest',
      request: 1,
      total,
      bytes: new Uint8Array(bytes)
    })
    const granted = (wantsManifest: boolean): ProviderCore => {
      const core = new ProviderCore()
      core.take(offer(1))
      core.grant(1, 1, wantsManifest)
      return core
    }
    expect(() => granted(false).take(part(5, 5))).toThrow(violation)
    const core = granted(true)
    core.take(part(5, 3))
    expect(() => core.take(part(6, 1))).toThrow(violation)
    expect(() => core.take(part(5, 3))).toThrow(violation)
    expect(() => core.take(end(1))).toThrow('before its manifest')
    core.take(part(5, 2))
    expect(core.take(end(1))).toMatchObject([{ type: 'store', manifest: new Uint8Array(5) }])
  })

  it('bounds open offers', () => {
    const core = new ProviderCore()
    for (let request = 0; request < MAX_OPEN_OFFERS; request++) core.take(offer(request))
    expect(core.take(offer(9))).toMatchObject([{ type: 'send', message: { reason: 'busy' } }])
  })

  it('knows what was cancelled, and does not mind a cancel that crossed its answer', () => {
    const core = new ProviderCore()
    const want = { manifestId: id, segment: 0, committed: IndexSet.of(1), recoded: 0, fresh: 0, rows: [] }
    core.take({ kind: 'want', request: 1, ...want })
    expect(core.isCancelled(1)).toBe(false)
    core.take({ kind: 'cancel', request: 1 })
    expect(core.isCancelled(1)).toBe(true)
    expect(core.take({ kind: 'cancel', request: 7 })).toEqual([])
  })

  it('survives any order of messages: answers, violations, and never anything else', () => {
    const number = fc.integer({ min: 0, max: 3 })
    const message = fc.oneof(
      number.map(query),
      number.map(request => offer(request)),
      number.map(piece),
      number.map(end),
      fc.constantFrom(1, 5, 10, 11).map(chunk),
      number.map((request): TransferMessage => ({ kind: 'cancel', request })),
      number.map((request): TransferMessage => ({ kind: 'grant', request, pieces: 1, manifest: false }))
    )
    fc.assert(
      fc.property(fc.array(message, { maxLength: 60 }), fc.boolean(), (messages, grants) => {
        const core = new ProviderCore()
        let granted = 0
        for (const next of messages)
          try {
            for (const action of core.take(next)) {
              if (action.type === 'admit' && grants) core.grant(action.request, 1, false)
              if (action.type === 'admit') granted++
              if (action.type === 'store') {
                expect(action.pieces.length).toBeLessThanOrEqual(1)
                core.finish(action.request)
                granted--
              }
            }
            expect(granted).toBeLessThanOrEqual(MAX_OPEN_OFFERS)
          } catch (error) {
            expect(error).toBeInstanceOf(CraftecError)
            expect(error).toMatchObject({ code: 'protocol-violation' })
            return
          }
      }),
      { numRuns: 500 }
    )
  })
})
