/**
 * A node's part in the directory: serve it, publish the own descriptor, learn the others'.
 * Each round asks every bootstrap node and one node picked at random, so that the network outlives its bootstrap nodes.
 */
import { type Clock, type RandomBytes, systemClock, systemRandom } from '../../async/index.ts'
import { CraftecError } from '../../errors/index.ts'
import type { P2pNode, PeerAddresses } from '../../p2p/index.ts'
import type { Directory } from './directory.ts'
import { bootstrapSources, directoryNodes } from './directory-sources.ts'
import { serveDirectory } from './serve-directory.ts'
import { announceDescriptor, syncDirectory } from './sync-directory.ts'

export interface DirectoryParticipantOptions {
  readonly node: P2pNode
  readonly directory: Directory
  /** Multiaddrs that end in `/p2p/PEER-ID`. */
  readonly bootstrap: readonly string[]
  /** Answer others that ask for the directory. Default true; a page, which may close at any moment, is no place to ask. */
  readonly serve?: boolean
  readonly clock?: Clock
  readonly random?: RandomBytes
  /** Called with each failed exchange: expected while nodes come and go. */
  readonly onFailure?: (error: CraftecError) => void
}

export interface DirectoryParticipant {
  /** Take over a new descriptor of this node: into its own directory, and to others with the next round, which starts at once. */
  publish(descriptor: Uint8Array): void
  stop(): void
}

/** A young network changes by the second, an old one by the hour: rounds come closer when they bring something, else rarer. */
const FIRST_PAUSE_MS = 250
const MAX_PAUSE_MS = 60_000
const PAUSE_GROWTH = 1.6
/** Positions remembered per server; a forgotten one costs a full reading. */
const MAX_POSITIONS = 256

/** Begin, and go on until `stop`. @throws CraftecError `invalid-argument` for a bootstrap address that names no peer */
export function participateInDirectory(options: DirectoryParticipantOptions): DirectoryParticipant {
  const { node, directory, serve = true, clock = systemClock, random = systemRandom, onFailure = () => {} } = options
  const bootstrap = bootstrapSources(options.bootstrap).filter(peer => peer.peerId !== node.peerId)
  const stopServing = serve ? serveDirectory(node, directory, { clock }) : () => {}
  const life = new AbortController()
  const positions = new Map<string, bigint>()
  /** Peers that have the current descriptor. */
  let told = new Set<string>()
  let descriptor: Uint8Array | undefined
  let pauseMs = FIRST_PAUSE_MS
  let cancelNext = (): void => {}
  let inRound = false

  const exchange = async (peer: PeerAddresses): Promise<boolean> => {
    const call = { signal: life.signal, clock }
    try {
      const current = descriptor
      if (current !== undefined && !told.has(peer.peerId)) {
        const tellingTo = told
        await announceDescriptor(node, peer, current, call)
        tellingTo.add(peer.peerId)
      }
      const { taken, next } = await syncDirectory(node, peer, directory, {
        ...call,
        since: positions.get(peer.peerId) ?? 0n
      })
      positions.delete(peer.peerId)
      positions.set(peer.peerId, next)
      for (const oldest of positions.keys()) if (positions.size > MAX_POSITIONS) positions.delete(oldest)
      return taken > 0
    } catch (error) {
      if (!life.signal.aborted) onFailure(CraftecError.from(error))
      return false
    }
  }

  const round = async (): Promise<void> => {
    if (inRound) return
    inRound = true
    cancelNext()
    const learned = await Promise.all([...bootstrap, ...randomPeer(options, clock.now(), random)].map(exchange))
    inRound = false
    if (life.signal.aborted) return
    pauseMs = learned.some(Boolean) ? FIRST_PAUSE_MS : Math.min(pauseMs * PAUSE_GROWTH, MAX_PAUSE_MS)
    cancelNext = clock.after(pauseMs, () => void round())
  }

  void round()
  return {
    publish(bytes) {
      descriptor = bytes
      told = new Set()
      directory.add(bytes, clock.now())
      pauseMs = FIRST_PAUSE_MS
      void round()
    },
    stop() {
      life.abort(new CraftecError('stopped', 'the node is shutting down'))
      cancelNext()
      stopServing()
    }
  }
}

function randomPeer(options: DirectoryParticipantOptions, nowMs: number, random: RandomBytes): PeerAddresses[] {
  const { node, directory } = options
  const others = directoryNodes(directory.view(nowMs)).filter(({ peerId }) => peerId !== node.peerId)
  const [a = 0, b = 0] = random(2)
  const chosen = others[((a << 8) | b) % Math.max(others.length, 1)]
  return chosen === undefined ? [] : [chosen]
}
