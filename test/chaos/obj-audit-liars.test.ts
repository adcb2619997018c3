/** Holders that claim everything and lie when they are audited: each is named, nobody honest is, and none of it counts for health. */
import { describe, expect, it } from 'vitest'
import { demoBytes } from '../../relay-server/devnet/demo-bytes.ts'
import { type Clock, systemClock } from '../../sdk/async/index.ts'
import type { Identity } from '../../sdk/identity/index.ts'
import {
  answerChallenge,
  createMemoryPieceStore,
  createProver,
  decodeChallenge,
  EPOCH_MS,
  encodeChallenge,
  encodeProvenance,
  epochOf,
  findHolders,
  IndexSet,
  MAX_TRANSFER_FRAME_BYTES,
  ObjClient,
  type ObjContext,
  parseLink,
  type SegmentHealth,
  signRecoded,
  TAKEOVER_MS,
  TRANSFER_PROTOCOL
} from '../../sdk/obj/index.ts'
import { TransferLink } from '../../sdk/obj/transfer/transfer-link.ts'
import type { Channel } from '../../sdk/p2p/index.ts'
import { loopbackStorage } from '../kit/storage-nodes.ts'

const FILE_BYTES = 1_200_000
const PIECE_BYTES = 256 * 1024
const K = Math.ceil(FILE_BYTES / PIECE_BYTES)
const HONEST = 3
/** So many that the others have all of the segment, whoever of them scans: that is what a recoded piece is checked against. */
const HONEST_FOR_PROOF = 8
const COMMITTED = K + 1
const MEMORY_BYTES = 100 * 1024 * 1024
const ROUND_MS = 300_000

type Prove = (challenge: Uint8Array) => Promise<Uint8Array | undefined>
interface Means {
  /** Has all committed pieces. */
  readonly publisher: ObjContext
  readonly identity: Identity
}

/** Claims all committed pieces, or recoded ones, and proves them in its own way. */
const auditee =
  (recoded: number, makeProve: (means: Means) => Prove, publisher: ObjContext) =>
  async (channel: Channel, identity: Identity): Promise<void> => {
    const link = new TransferLink(channel, systemClock)
    const prove = makeProve({ publisher, identity })
    const committed = recoded > 0 ? new IndexSet() : IndexSet.of(...Array.from({ length: COMMITTED }, (_, at) => at))
    for (;;) {
      const message = await link.receive()
      if (message === undefined) return
      if (message.kind === 'query') {
        const segments = [{ committed, recoded }]
        await link.send({ kind: 'have', request: message.request, first: 0, more: false, segments })
      } else if (message.kind === 'challenge') {
        const bytes = await prove(message.bytes)
        if (bytes) await link.send({ kind: 'proof', request: message.request, bytes })
        else await link.send({ kind: 'end', request: message.request, reason: 'unknown', retryAfterMs: 0 })
      } else if ('request' in message && message.kind !== 'cancel')
        await link.send({ kind: 'end', request: message.request, reason: 'refused', retryAfterMs: 0 })
    }
  }

const honestly = ({ publisher }: Means): Prove => createProver(publisher.store, publisher.hashing)

const LIES: readonly (readonly [string, string, number, (means: Means) => Prove])[] = [
  ['has nothing of what it claims', 'no-answer', 0, () => async () => undefined],
  ['answers with noise', 'malformed', 0, () => async () => crypto.getRandomValues(new Uint8Array(9_000))],
  [
    'shows another piece than it was asked for',
    'other-piece',
    0,
    means => async bytes => {
      const challenge = decodeChallenge(bytes)
      const index = challenge.target.kind === 'committed' ? (challenge.target.index + 1) % COMMITTED : 0
      return honestly(means)(encodeChallenge({ ...challenge, target: { kind: 'committed', index } }))
    }
  ],
  [
    'shows other leaves than it was asked for',
    'wrong-leaves',
    0,
    means => async bytes => {
      const challenge = decodeChallenge(bytes)
      return honestly(means)(encodeChallenge({ ...challenge, nonce: new Uint8Array(32) }))
    }
  ],
  [
    'signed a piece that nobody else has',
    'unproven',
    0,
    means => async bytes => {
      const proof = await honestly(means)(bytes)
      // Its coefficients come first: the manifest commits to others.
      return proof?.with(1, (proof[1] ?? 0) ^ 1)
    }
  ],
  [
    'signed noise as a recoded piece, and shows it faithfully',
    'false-recoding',
    1,
    ({ publisher, identity }) =>
      async bytes => {
        const challenge = decodeChallenge(bytes)
        const data = demoBytes(5, PIECE_BYTES)
        const coefficients = new Uint8Array(K).fill(7)
        const root = publisher.hashing.pieceRoot(data)
        const { manifestId, segment } = challenge
        const signature = await signRecoded(identity, { manifestId, segment, coefficients, root })
        const provenance = encodeProvenance({ kind: 'recoded', recoder: identity.publicKey, signature })
        return answerChallenge(publisher.hashing, challenge, { coefficients, root, provenance }, data)
      }
  ]
]

describe('an audit finds out who', () => {
  it.each(LIES)('%s (%s)', { timeout: ROUND_MS }, async (_, why, recoded, makeProve) => {
    const honest = recoded > 0 ? HONEST_FOR_PROOF : HONEST
    await using network = await loopbackStorage(TRANSFER_PROTOCOL, MAX_TRANSFER_FRAME_BYTES)
    let aheadMs = 0
    const clock: Clock = { ...systemClock, now: () => systemClock.now() + aheadMs }
    const faults: [string, string][] = []
    const seen: SegmentHealth[] = []
    const keeper = {
      onFault: (peer: string, why: string) => void faults.push([peer, why]),
      onHealth: (_: Uint8Array, __: number, health: SegmentHealth) => void seen.push(health)
    }
    const holders = await Promise.all(Array.from({ length: honest }, () => network.holder({ keeper }, { clock })))
    const publisher = await network.client({ store: createMemoryPieceStore() })
    const client = new ObjClient(publisher)
    const { link, manifestId, distribution } = await client.put(demoBytes(0, FILE_BYTES))
    expect(await distribution.done).toMatchObject({ status: 'done', peers: honest })
    await client.stop()
    const { contentId } = parseLink(link)
    const liar = await network.liar(auditee(recoded, makeProve, publisher))
    await liar.claim({ contentId, manifestId })
    const [relay] = publisher.relays(contentId)
    if (!relay) throw new Error('a network has a relay')
    await expect.poll(() => findHolders(publisher.node, relay, contentId), { timeout: 30_000 }).toHaveLength(honest + 1)
    const first = epochOf(systemClock.now())
    const before = process.memoryUsage()
    // A holder that cannot be reached in time is not accused; the next scan finds it.
    for (let epoch = 0; epoch < 2; epoch++) {
      for (const { service } of holders) {
        // Late in an epoch: if the liar was elected, the next in rank takes over.
        aheadMs = (first + epoch) * EPOCH_MS + 2 * TAKEOVER_MS - systemClock.now()
        if (faults.length === 0) await service.keeper?.round()
      }
    }
    const after = process.memoryUsage()
    expect(faults).toEqual([[liar.peerId, why]])
    expect(seen.at(-1)).toMatchObject({ holders: honest, rank: K })
    const grown = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers
    expect(grown).toBeLessThan(MEMORY_BYTES)
  })
})
