import type { CraftecError } from '../../sdk/errors/index.ts'
import { type MuxStream, StreamMux } from '../../sdk/net/circuit/index.ts'

/** Both ends of one stream, their multiplexers joined without a circuit. */
export class StreamPair {
  readonly near: MuxStream
  readonly far: MuxStream
  /** How the near end ended, if it did and nobody else listens. */
  readonly ended: (CraftecError | undefined)[] = []
  private readonly client: StreamMux
  private readonly exit: StreamMux

  constructor() {
    const opened: MuxStream[] = []
    const common = { onOutput: () => {}, hold: () => {} }
    this.client = new StreamMux({ role: 'client', ...common })
    this.exit = new StreamMux({ role: 'exit', ...common, onStream: stream => opened.push(stream) })
    this.near = this.client.open({ host: 'origin.test', port: 80 })
    this.near.listener = {
      connected: () => {},
      readable: () => {},
      written: () => {},
      ended: error => this.ended.push(error)
    }
    this.pass()
    const [far] = opened
    if (far === undefined) throw new Error('the exit saw no stream')
    this.far = far
  }

  /** Let messages pass and promises settle until all is quiet. */
  async settle(): Promise<void> {
    for (let quiet = 0; quiet < 5; quiet = this.pass() ? 0 : quiet + 1)
      await new Promise(resolve => setImmediate(resolve))
  }

  /** The circuit is gone at the near end. */
  close(error: CraftecError): void {
    this.client.close(error)
  }

  private pass(): boolean {
    let moved = false
    for (const [from, to] of [
      [this.client, this.exit],
      [this.exit, this.client]
    ] as const)
      for (let payload = from.next(); payload !== undefined; payload = from.next()) {
        to.receive(payload)
        moved = true
      }
    return moved
  }
}
