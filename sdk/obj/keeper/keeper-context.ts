import type { Clock, RandomBytes } from '../../async/index.ts'
import type { Identity, PeerId } from '../../identity/index.ts'
import type { P2pNode, PeerAddresses } from '../../p2p/index.ts'
import type { AuditFailure, SignedStorageReceipt } from '../audit/index.ts'
import type { CodingEngine } from '../coding/index.ts'
import type { HashEngine } from '../hashing/index.ts'
import type { SegmentHealth } from '../health/index.ts'
import type { ReceiptBook } from '../receipts/index.ts'
import type { PieceStore } from '../store/index.ts'
import type { PeerScores } from '../transfer/index.ts'

/** What a keeper works with; an `ObjContext` is one. */
export interface KeeperContext {
  readonly node: Pick<P2pNode, 'peerId' | 'openChannel'>
  readonly store: PieceStore
  /** Signs receipts and recoded pieces: the identity of `node`. */
  readonly nodeIdentity: Identity
  readonly coding: CodingEngine
  readonly hashing: HashEngine
  readonly scores: PeerScores
  /** Receipts that this node makes about others. */
  readonly issued: ReceiptBook
  readonly clock: Clock
  readonly random: RandomBytes
  /** Relays that know who holds a content. */
  readonly relays: (contentId: Uint8Array) => readonly PeerAddresses[]
  /** Nodes that would take pieces. */
  readonly storagePeers: () => readonly PeerAddresses[]
}

export interface KeeperEvents {
  /** A holder passed an audit. */
  readonly onReceipt?: (receipt: SignedStorageReceipt) => void
  /**
   * A holder failed one, or `false-recoding`: it signed a piece that is no combination of the segment. `no-answer`: it said that it cannot
   * prove what it claimed. `link-lost`: it was gone before it could.
   * @param evidence of a false recoding, for `judgeEvidence`, where the audit showed enough for it; nothing else that a holder answers is signed
   */
  readonly onFault?: (
    peer: PeerId,
    why: AuditFailure | 'no-answer' | 'link-lost' | 'false-recoding',
    evidence?: Uint8Array
  ) => void
  /** What was found of a segment, before anything was done about it. */
  readonly onHealth?: (manifestId: Uint8Array, segment: number, health: SegmentHealth) => void
}
