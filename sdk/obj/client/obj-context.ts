import { type Clock, type RandomBytes, systemClock, systemRandom } from '../../async/index.ts'
import type { Identity, PeerId } from '../../identity/index.ts'
import type { P2pNode, PeerAddresses } from '../../p2p/index.ts'
import type { CodingEngine } from '../coding/index.ts'
import type { HashEngine } from '../hashing/index.ts'
import type { HolderTable, RecordRefusal } from '../holders/index.ts'
import { ReceiptBook } from '../receipts/index.ts'
import type { PieceStore } from '../store/index.ts'
import { inlineCodec, type ObjDuplex, PeerScores, type RecodeContext, type SegmentCodec } from '../transfer/index.ts'
import { BadManifests } from './bad-manifests.ts'
import { PeerExchange } from './peer-exchange.ts'

/** What the parts of the storage client share. */
export interface ObjContext {
  readonly node: Pick<P2pNode, 'peerId' | 'publicKey' | 'openChannel' | 'handle' | 'peers' | 'addresses' | 'dht'>
  readonly store: PieceStore
  /** Signs manifests. */
  readonly identity: Identity
  /** The identity of `node`: signs what it says of itself, and what it recodes. */
  readonly nodeIdentity: Identity
  readonly codec: SegmentCodec
  readonly coding: CodingEngine
  readonly hashing: HashEngine
  readonly scores: PeerScores
  readonly exchange: PeerExchange
  readonly badManifests: BadManifests
  /** Receipts that this node made about others: one book a store, because it makes its changes one after another. */
  readonly issued: ReceiptBook
  /** Holder records that relays told of, and that were left out: how many, and why. */
  readonly refusedRecords: Record<RecordRefusal, number>
  readonly clock: Clock
  readonly random: RandomBytes
  /** Relays that keep holder records for a content. */
  readonly relays: (contentId: Uint8Array) => readonly PeerAddresses[]
  /** The records that this node keeps for others, if it does: where it is itself a relay of a content. */
  readonly ownTable?: HolderTable
  /**
   * Open a stream to a storage node's store through a circuit that ends there. Absent where there are no circuits.
   * @throws CraftecError `no-path` | `circuit-failed` | `exit-refused` | `timeout` | `aborted` | `stopped`
   */
  readonly connectPrivately?: (peerId: PeerId, signal: AbortSignal) => Promise<ObjDuplex>
  /** Nodes that say they store for others. */
  readonly storagePeers: () => readonly PeerAddresses[]
}

/** What making new pieces needs; they are signed by the node. */
export function recodeContext({ store, coding, hashing, nodeIdentity, random }: ObjContext): RecodeContext {
  return { store, engine: coding, hashes: hashing, identity: nodeIdentity, random }
}

/** What nobody else can know, and whatever else the caller has. */
export type ObjParts = Pick<
  ObjContext,
  'node' | 'store' | 'identity' | 'nodeIdentity' | 'coding' | 'hashing' | 'relays' | 'storagePeers'
> &
  Partial<ObjContext>

/** Fill in what a context has unless the caller wants otherwise: coding in this thread, the machine's clock and randomness. */
export function objContext(parts: ObjParts): ObjContext {
  return {
    codec: inlineCodec(parts.coding, parts.hashing, systemRandom),
    scores: new PeerScores(),
    exchange: new PeerExchange(),
    badManifests: new BadManifests(),
    issued: new ReceiptBook(parts.store, 'issued'),
    refusedRecords: { future: 0, expired: 0, invalid: 0 },
    clock: systemClock,
    random: systemRandom,
    ...parts
  }
}
