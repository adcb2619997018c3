import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { identityFromSeed } from '../../identity/index.ts'
import { targetPieces } from '../coding/index.ts'
import { parityPieces } from '../manifest/index.ts'
import { shareOf, sharingPeers } from './spread-plan.ts'

describe('spread plan', () => {
  it('gives every committed piece to somebody, nobody more than there are, and the network what its health calls for', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 128 }), fc.integer({ min: 1, max: 16 }), (k, peers) => {
        const committed = k + parityPieces(k)
        const target = targetPieces(k)
        const shares = Array.from({ length: peers }, (_, peer) => shareOf(committed, target, peers, peer))
        const sizes = shares.map(share => share.committed.size + share.recoded)
        expect(new Set(shares.flatMap(share => [...share.committed])).size).toBe(committed)
        expect(Math.max(...sizes)).toBeLessThanOrEqual(Math.max(committed, Math.ceil(committed / peers)))
        expect(sizes.reduce((sum, size) => sum + size, 0)).toBeGreaterThanOrEqual(Math.min(target, peers * committed))
        // no piece twice, but between two peers, who shall each be enough, and where there is only one
        const copies = shares.reduce((sum, share) => sum + share.committed.size, 0)
        if (k === 1) expect([copies, ...sizes]).toEqual([peers, ...sizes.map(() => 1)])
        else if (peers !== 2) expect(copies).toBe(committed)
      })
    )
  })

  it('lets each of two peers be enough alone', () => {
    for (const k of [2, 5, 40, 128]) {
      const committed = k + parityPieces(k)
      for (const peer of [0, 1])
        expect(shareOf(committed, targetPieces(k), 2, peer).committed.size).toBeGreaterThanOrEqual(k)
    }
  })

  it('deals a content to the same peers, whatever order they are known in', () => {
    const peers = Array.from({ length: 30 }, (_, name) => {
      const { peerId } = identityFromSeed(new Uint8Array(32).fill(name))
      return { peerId, addresses: [] }
    })
    const [one, other] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)]
    const chosen = sharingPeers(peers, one)
    expect(chosen).toHaveLength(16)
    expect(sharingPeers([...peers].reverse(), one)).toEqual(chosen)
    expect(sharingPeers(peers, other)).not.toEqual(chosen)
  })
})
