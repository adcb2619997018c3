import type { Clock, RandomBytes } from '../../async/index.ts'
import type { PeerAddresses } from '../../p2p/index.ts'
import type { CodingEngine } from '../coding/index.ts'
import type { HashEngine } from '../hashing/index.ts'
import type { PieceStore } from '../store/index.ts'
import type { HolderSession } from './holder-session.ts'
import type { PeerScores } from './peer-scores.ts'
import type { SegmentCodec } from './segment-codec.ts'

/** What a peer did that an honest one does not. */
export interface PeerFault {
  readonly peer: string
  readonly why: 'invalid-piece' | 'protocol-violation' | 'stalled' | 'broken-promises' | 'polluted-piece'
  /** Of a polluted piece, where it could be had: convinces anyone with the manifest, see `judgeEvidence`. */
  readonly evidence?: Uint8Array
}

export interface FetchContext {
  readonly openSession: (peer: PeerAddresses, signal: AbortSignal) => Promise<HolderSession>
  readonly store: PieceStore
  readonly hashes: HashEngine
  readonly codec: SegmentCodec
  /** For small work in this thread: finding out who lied. */
  readonly engine: () => Promise<CodingEngine>
  readonly random: RandomBytes
  readonly scores: PeerScores
  readonly clock: Clock
}

export interface FetchOptions {
  /** Peers that may help, best guesses first; asked again when all were tried. It should end. */
  readonly findHolders: (signal: AbortSignal) => AsyncIterable<PeerAddresses>
  /** Peers to fetch from at once. Default 4. */
  readonly activePeers?: number
  /** Give up when nothing useful has come for this long. Default 30,000. */
  readonly idleTimeoutMs?: number
  /** Keep what was fetched in the store. Default true. */
  readonly keep?: boolean
  readonly onFault?: (fault: PeerFault) => void
  readonly onBytes?: (bytes: number, peer: string) => void
}
