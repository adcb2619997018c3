import { KEY_BYTES } from '../../crypto/index.ts'
import type { PeerId } from '../../identity/index.ts'
import { createProver } from '../audit/index.ts'
import { HealthKeeper, type HealthKeeperOptions } from '../keeper/index.ts'
import { ReceiptBook, serveReceipts } from '../receipts/index.ts'
import {
  createIntake,
  ManifestShelf,
  type ObjDuplex,
  recodePiece,
  type ServeTransferOptions,
  serveTransfer,
  type TransferStats
} from '../transfer/index.ts'
import { Announcer } from './announcer.ts'
import { type ObjContext, recodeContext } from './obj-context.ts'
import { privateChannel } from './private-channel.ts'

export interface StorageServiceOptions extends ServeTransferOptions {
  /** Take pieces for others, within the store's quotas. */
  readonly intake: boolean
  /** Whether this node stays: a tab does not, and does not say so. */
  readonly durable: boolean
  /** How a durable node looks after what it holds. */
  readonly keeper?: HealthKeeperOptions
}

export interface StorageService {
  readonly stats: TransferStats
  /** Audits other holders and repairs; absent in a node that does not stay. */
  readonly keeper: HealthKeeper | undefined
  /** Receipts that others gave this node for what it keeps; empty in a node that does not stay, because nobody audits it. */
  readonly earned: ReceiptBook
  /** Serve somebody who came over a circuit. */
  acceptPrivate(duplex: ObjDuplex): void
  stop(): void
}

/** Holders that somebody who asks is told of; the protocol takes no more. */
const MAX_TOLD = 16

/** Give what the store holds to whoever asks, keep pieces for others if wished, and let relays know. */
export function startStorageService(context: ObjContext, options: StorageServiceOptions): StorageService {
  const { node, store, hashing, clock, scores } = context
  const announcer = new Announcer(context, options.durable)
  const intake = options.intake
    ? createIntake({
        store,
        hashes: hashing,
        manifests: new ManifestShelf(store),
        onInvalid: peer => scores.ban(peer, clock.monotonic())
      })
    : undefined
  const prove = createProver(store, hashing)
  const keeper = options.durable ? new HealthKeeper(context, options.keeper) : undefined
  const service = serveTransfer(
    node,
    {
      store,
      intake,
      prove: (challenge, peer) => {
        keeper?.heard(peer, challenge)
        return prove(challenge)
      },
      recode: (manifestId, segment) => recodePiece(recodeContext(context), manifestId, segment),
      onRead: (manifestId, segment, pieces, k) => keeper?.read(manifestId, segment, pieces, k),
      holders: async contentId => {
        const own = await Promise.all((await store.byContentId(contentId)).map(content => announcer.record(content)))
        const known = context.ownTable?.find(contentId, MAX_TOLD, clock.now()) ?? []
        return [...own.filter(record => record !== undefined), ...known]
      }
    },
    { clock, ...options }
  )
  let visitors = 0
  // A name for each: budgets and slots are per peer.
  const nobody = () => ({ peerId: `private-${visitors++}` as PeerId, key: new Uint8Array(KEY_BYTES) })
  const earned = new ReceiptBook(store, 'earned')
  const holds = async (contentId: Uint8Array): Promise<boolean> =>
    (await store.byContentId(contentId)).some(({ pieces }) => pieces > 0)
  const endReceipts = options.durable ? serveReceipts(node, { book: earned, holds, clock }) : () => {}
  announcer.start()
  keeper?.start()
  return {
    earned,
    stats: service.stats,
    keeper,
    acceptPrivate: duplex => service.acceptAnonymous(privateChannel(duplex, nobody(), 'inbound')),
    stop: () => {
      keeper?.stop()
      endReceipts()
      announcer.stop()
      service.stop()
    }
  }
}
