import { decodeHex, encodeHex } from '../../codec/index.ts'
import type { ObjContext } from './obj-context.ts'

/** A record lives a day in the DHT of those that keep it; telling costs a walk through it. */
const AGAIN_MS = 12 * 60 * 60_000
/** After a walk that found nobody: the table may just not have anybody in it yet. */
const RETRY_MS = 5 * 60_000
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
    for (const name of this.#waiting) {
      const { node, clock } = this.#context
      const told = await node.dht?.provide(decodeHex(name), { signal: this.#life.signal }).then(
        () => true,
        () => false
      )
      this.#waiting.delete(name)
      this.#notBefore.delete(name)
      this.#notBefore.set(name, clock.monotonic() + (told ? AGAIN_MS : RETRY_MS))
      const [oldest] = this.#notBefore.keys()
      if (this.#notBefore.size > MAX_CONTENTS && oldest !== undefined) this.#notBefore.delete(oldest)
    }
    this.#running = false
  }
}
