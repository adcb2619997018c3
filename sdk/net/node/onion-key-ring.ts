/**
 * A relay's onion keys: docs/protocol/craftnet.md §4 and design.md §5. A new one at least daily; the one before stays
 * honoured for one epoch, because clients may still hold the descriptor that names it. Keys live in memory only: a key
 * that outlived a restart would have forgotten which packets it has seen.
 */
import type { RandomBytes } from '../../async/index.ts'
import { type CryptoEngine, cryptoEngine } from '../../crypto/index.ts'
import type { OnionKeyPair } from '../onion/index.ts'

export const EPOCH_MS = 24 * 3600 * 1000

export class OnionKeyRing {
  private readonly random: RandomBytes
  private readonly engine: CryptoEngine
  private pairs: readonly OnionKeyPair[]
  private rotatedMs: number

  /** @param nowMs milliseconds since the Unix epoch */
  constructor(random: RandomBytes, nowMs: number, engine: CryptoEngine = cryptoEngine()) {
    this.random = random
    this.engine = engine
    this.pairs = [this.makePair(nowMs, 0)]
    this.rotatedMs = nowMs
  }

  /** Newest first, one or two. */
  get keys(): readonly OnionKeyPair[] {
    return this.pairs
  }

  isDue(nowMs: number): boolean {
    return nowMs - this.rotatedMs >= EPOCH_MS
  }

  /** Replace the newest key; the one before the last is forgotten. */
  rotate(nowMs: number): void {
    const [newest, oldest] = this.pairs
    if (newest === undefined) return
    oldest?.privateKey.fill(0)
    this.pairs = [this.makePair(nowMs, newest.epoch + 1), newest]
    this.rotatedMs = nowMs
  }

  private makePair(nowMs: number, leastEpoch: number): OnionKeyPair {
    const { privateKey, publicKey } = this.engine.x25519KeyPair(this.random)
    const epoch = Math.max(leastEpoch, Math.floor(nowMs / EPOCH_MS))
    return { epoch, privateKey, publicKey, notAfter: Math.floor((nowMs + 2 * EPOCH_MS) / 1000) }
  }
}
