import { describe, expect, it } from 'vitest'
import type { ContentHolders, HolderReport } from '../sdk/obj/index.ts'
import { AmountFormat } from './amount-format.ts'
import { picturedDistribution, picturedHolders } from './health-picture.ts'
import { distributionText, holdersText } from './health-text.ts'
import { ENGLISH } from './storage-strings.ts'

const format = new AmountFormat('en')
const peer = (audit: HolderReport['audit'], durable = true): HolderReport =>
  ({ peer: `${audit} ${durable}`, durable, audit, pieces: audit === 'proven' ? 4 : 0 }) as HolderReport
const health = { segment: 0, k: 2, rank: 2, pieces: 8, target: 20, missing: 12, holders: 2, exposed: 0, tolerance: 1 }
const report = (
  holders: readonly HolderReport[],
  state: 'healthy' | 'critical' | 'degraded' | 'lost'
): ContentHolders => ({ holders, health: { ...health, state, holders: holders.length } }) as unknown as ContentHolders

describe('what is said of holders', () => {
  it('tells how safe a content is, and who did not prove what they claim', () => {
    const found = report([peer('proven'), peer('proven'), peer('failed'), peer('unreachable')], 'degraded')
    expect(holdersText(found, ENGLISH, format)).toBe(
      'Storage peers that proved what they hold: 2, with 8 of 20 pieces. Any 1 of them may vanish. ' +
        'Storage peers that could not prove what they claim: 1. Out of reach: 1.'
    )
    expect(holdersText(report([peer('proven')], 'healthy'), ENGLISH, format)).toContain(
      'Safe. Storage peers that proved what they hold: 1.'
    )
    expect(holdersText(report([], 'lost'), ENGLISH, format)).toBe(ENGLISH.heldByNobody)
  })

  it('draws what it says, tabs left out, and everything acknowledged once it was copied', () => {
    const { holders, health } = report(
      [peer('proven'), peer('failed'), peer('empty'), peer('proven', false)],
      'degraded'
    )
    expect(picturedHolders(holders, health)).toEqual({ peers: ['proven', 'failed', 'absent'], share: 0.4 })
    expect(picturedHolders([], undefined)).toEqual({ peers: [], share: 0 })
    const sending = { status: 'sending', piecesStored: 1, piecesWanted: 4, peers: 2 } as const
    expect(picturedDistribution(sending)).toEqual({ peers: ['sent', 'sent'], share: 0.25 })
    const done = { status: 'done', piecesStored: 9, peers: 1000 } as const
    expect(picturedDistribution(done)).toMatchObject({ share: 1, peers: { length: 12 } })
    expect(distributionText(done, ENGLISH, format)).toContain('Held by 1,000 storage peers')
  })
})
