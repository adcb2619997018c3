import { AbstractStream, type AbstractStreamInit, type SendResult } from '@libp2p/utils'

import type { WebTransportStream } from '../web-transport-server.ts'

/** A WebTransport stream as libp2p sees one. Adds no queue: what QUIC does not take stays in libp2p's write buffer. */
export class WebTransportMuxedStream extends AbstractStream {
  private readonly stream: WebTransportStream

  constructor(init: AbstractStreamInit, stream: WebTransportStream) {
    super(init)
    this.stream = stream
    stream.attach({
      onData: bytes => this.onData(bytes),
      onEnd: () => this.onRemoteCloseWrite(),
      onReset: () => {
        stream.reset(0) // a libp2p reset is of both directions
        this.onRemoteReset()
      },
      onStopped: () => {
        this.onRemoteCloseRead()
        this.safeDispatchEvent('drain') // a close() that waits for room need not
      },
      onWritable: () => this.safeDispatchEvent('drain')
    })
  }

  sendData(data: Parameters<AbstractStream['sendData']>[0]): SendResult {
    let sentBytes = 0
    for (const chunk of data) {
      const taken = this.stream.write(chunk)
      sentBytes += taken
      if (taken < chunk.length) return { sentBytes, canSendMore: false }
    }
    return { sentBytes, canSendMore: true }
  }

  sendReset(): void {
    this.stream.reset(0)
    this.stream.stop(0)
  }

  async sendCloseWrite(): Promise<void> {
    this.stream.finish()
  }

  async sendCloseRead(): Promise<void> {
    this.stream.stop(0)
  }

  sendPause(): void {
    this.stream.pause()
  }

  sendResume(): void {
    this.stream.resume()
  }
}
