import { AbstractMultiaddrConnection, type AbstractMultiaddrConnectionInit, type SendResult } from '@libp2p/utils'

import type { WebTransportSession } from '../web-transport-server.ts'

/** The session as libp2p's connection; its bytes go over streams, never over itself. */
export class WebTransportConnection extends AbstractMultiaddrConnection {
  private readonly session: WebTransportSession

  constructor(init: AbstractMultiaddrConnectionInit, session: WebTransportSession) {
    super(init)
    this.session = session
    void session.closed.then(error => this.onTransportClosed(error))
  }

  sendData(data: Parameters<AbstractMultiaddrConnection['sendData']>[0]): SendResult {
    return { sentBytes: data.byteLength, canSendMore: true }
  }

  sendReset(): void {
    this.session.close(1, 'reset')
  }

  async sendClose(): Promise<void> {
    this.session.close(0, '')
  }

  sendPause(): void {}

  sendResume(): void {}
}
