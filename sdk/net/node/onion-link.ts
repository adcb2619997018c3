/**
 * An onion link on a channel: frames in go to the core, cells out are pulled from it while the channel takes them.
 * No promise and no allocation per cell on the way out.
 */
import { type Clock, type RandomBytes, withDeadline } from '../../async/index.ts'
import { CraftecError } from '../../errors/index.ts'
import type { Channel } from '../../p2p/index.ts'
import { LinkCore } from '../circuit/index.ts'
import { CELL_BYTES } from '../onion/index.ts'

/** A neighbour that takes nothing for this long while cells wait is as good as gone. */
const STALL_MS = 30_000

export interface OnionLinkOptions {
  readonly channel: Channel
  readonly localIdentity: Uint8Array
  readonly random: RandomBytes
  readonly clock: Clock
  readonly maxCircuits?: number
}

export class OnionLink {
  readonly core: LinkCore
  readonly channel: Channel
  private readonly clock: Clock
  private readonly frame = new Uint8Array(CELL_BYTES)
  /** `frame` holds a cell that the channel has not taken yet. */
  private frameFull = false
  private flushPlanned = false
  private waiting = false

  constructor(options: OnionLinkOptions) {
    const { channel, clock } = options
    this.channel = channel
    this.clock = clock
    this.core = new LinkCore({
      localIdentity: options.localIdentity,
      remoteIdentity: channel.remoteKey,
      random: options.random,
      onOutput: () => this.planFlush(),
      ...(options.maxCircuits === undefined ? {} : { maxCircuits: options.maxCircuits })
    })
  }

  /** Give every frame to `receive` until the channel ends, for whatever reason. Never rejects. */
  async run(receive: (frame: Uint8Array) => void): Promise<void> {
    try {
      for await (const frame of this.channel.frames()) {
        receive(frame)
        if (this.core.isClosed) return
      }
      // The neighbour said goodbye; answer in kind.
      await this.channel.close()
    } catch (error) {
      this.channel.abort(CraftecError.from(error, 'link-closed'))
    }
  }

  /** Send what waits and end the channel in an orderly way. */
  async close(): Promise<void> {
    this.flush()
    this.core.close()
    await this.channel.close()
  }

  private planFlush(): void {
    if (this.flushPlanned || this.waiting) return
    this.flushPlanned = true
    queueMicrotask(() => {
      this.flushPlanned = false
      this.flush()
    })
  }

  private flush(): void {
    if (this.waiting) return
    for (;;) {
      if (!this.frameFull && !this.core.pull(this.frame)) return
      this.frameFull = !this.channel.trySend(this.frame)
      if (!this.frameFull) continue
      void this.waitForRoom()
      return
    }
  }

  private async waitForRoom(): Promise<void> {
    this.waiting = true
    try {
      const deadline = { timeoutMs: STALL_MS, what: 'a neighbour to take a cell', clock: this.clock }
      await withDeadline(deadline, signal => this.channel.writable(signal))
      this.waiting = false
      this.flush()
    } catch (error) {
      // `waiting` stays set: nothing goes out any more. The reading side ends the link.
      this.channel.abort(CraftecError.from(error, 'link-closed'))
    }
  }
}
