import type { CraftecError } from '../../errors/index.ts'
import type { MuxStream, MuxStreamListener } from '../circuit/index.ts'

/** Turns what a stream reports into promises, one waiter for each kind. None rejects: the waiter looks at the stream again. */
export class StreamWaits implements MuxStreamListener {
  /** Why the stream was cut, once it was. */
  error: CraftecError | undefined
  private onReadable: (() => void) | undefined
  private onWritten: (() => void) | undefined
  private readonly onConnected: () => void
  private readonly onEnded: (error: CraftecError | undefined) => void

  constructor(
    stream: MuxStream,
    options: { readonly connected?: () => void; readonly ended: (error: CraftecError | undefined) => void }
  ) {
    this.onConnected = options.connected ?? (() => {})
    this.onEnded = options.ended
    stream.listener = this
  }

  /** Something arrived, or the stream ended. */
  nextReadable(): Promise<void> {
    return new Promise(resolve => {
      this.onReadable = resolve
    })
  }

  /** A chunk went out, or the stream ended. */
  nextWritten(): Promise<void> {
    return new Promise(resolve => {
      this.onWritten = resolve
    })
  }

  connected(): void {
    this.onConnected()
  }

  readable(): void {
    const resolve = this.onReadable
    this.onReadable = undefined
    resolve?.()
  }

  written(): void {
    const resolve = this.onWritten
    this.onWritten = undefined
    resolve?.()
  }

  ended(error: CraftecError | undefined): void {
    this.error = error
    this.onEnded(error)
    this.readable()
    this.written()
  }
}
