import { decodeHex, encodeHex } from '../../codec/index.ts'
import type { ObjContext } from './obj-context.ts'
import { pause } from './pause.ts'

/** A record lives a day in the DHT of those that keep it; telling costs a walk through it. */
const AGAIN_MS = 12 * 60 * 60_000
/** After a walk that found nobody: the table may just not have anybody in it yet. Doubles. */
const FIRST_RETRY_MS = 5_000
const MAX_RETRY_MS = 10 * 60_000
/** Contents remembered, and as many waiting; each is an id. */
const MAX_CONTENTS = 20_000

/**
 * Tells the DHT what a node that stays holds, one content after another. A tab says nothing there: its record would outlive it by a day,
 * while relays forget it within minutes.
 */
export class DhtProvider {
  readonly #context: Pick<ObjContext, 'node' | 'clock'>
  readonly #life = new AbortController()
  readonly #waiting = new Set<string>()
  /** When a content may be told again. */
  readonly #notBefore = new Map<string, number>()
  #running = false

  constructor(context: Pick<ObjContext, 'node' | 'clock'>) {
    this.#context = context
  }

  /** This node has something of the content; it is told in its turn, unless that was done of late. */
  note(contentId: Uint8Array): void {
    const { node, clock } = this.#context
    const name = encodeHex(contentId)
    if (!node.dht || this.#life.signal.aborted || this.#waiting.size >= MAX_CONTENTS) return
    if ((this.#notBefore.get(name) ?? 0) > clock.monotonic()) return
    this.#waiting.add(name)
    if (!this.#running) void this.#run()
  }

  stop(): void {
    this.#life.abort()
    this.#waiting.clear()
  }

  /** Never rejects. */
  async #run(): Promise<void> {
    this.#running = true
    const { node, clock } = this.#context
    const { signal } = this.#life
    let retryMs = FIRST_RETRY_MS
    for (let [name] = this.#waiting; name !== undefined && !signal.aborted; [name] = this.#waiting) {
      this.#waiting.delete(name)
      try {
        await node.dht?.provide(decodeHex(name), { signal })
        this.#told(name, clock.monotonic() + AGAIN_MS)
        retryMs = FIRST_RETRY_MS
      } catch {
        this.#waiting.add(name)
        await pause(clock, retryMs, signal)
        retryMs = Math.min(2 * retryMs, MAX_RETRY_MS)
      }
    }
    this.#running = false
  }

  #told(name: string, againMs: number): void {
    this.#notBefore.delete(name)
    this.#notBefore.set(name, againMs)
    const [oldest] = this.#notBefore.keys()
    if (this.#notBefore.size > MAX_CONTENTS && oldest !== undefined) this.#notBefore.delete(oldest)
  }
}
