import type { Clock } from '../../async/index.ts'
import type { Dht, PeerAddresses } from '../../p2p/index.ts'
import { pause } from './pause.ts'

/** Who the DHT says holds a content. It ends, and does not fail. */
export type AskDht = (dht: Dht, contentId: Uint8Array, signal: AbortSignal) => Promise<readonly PeerAddresses[]>

/** Others are waiting for somebody who may not exist. */
const TIMEOUT_MS = 5_000
/** Of a search that is made again soon. */
const PATIENCE_MS = 100

/** One walk, to its end. */
export const walkDht: AskDht = (dht, contentId, signal) =>
  dht.findProviders(contentId, { signal, timeoutMs: TIMEOUT_MS }).catch(() => [])

/**
 * For one get: the walk goes on behind its searches, and none waits long for it. Relays are asked again meanwhile, because whoever has just
 * put a content tells them within moments. A later search has what the walk found.
 */
export function patientDht(clock: Clock): AskDht {
  let walk: Promise<readonly PeerAddresses[]> | undefined
  return async (dht, contentId, signal) => {
    walk ??= walkDht(dht, contentId, signal)
    const found = await Promise.race([walk, pause(clock, PATIENCE_MS, signal)])
    if (found) walk = undefined
    return found ?? []
  }
}
