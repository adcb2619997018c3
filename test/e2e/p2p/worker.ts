/** A P2P node inside a worker of any kind: on a message with a bootstrap address it opens a channel and echoes 1 MB. */
import { systemRandom } from '../../../sdk/async/index.ts'
import { createP2pNode } from '../../../sdk/p2p/index.ts'

export interface WorkerReport {
  readonly scope: string
  readonly transports: readonly string[]
  readonly unavailable: readonly string[]
  readonly echoed: number
  readonly error?: string
}

async function run(address: string): Promise<WorkerReport> {
  const node = await createP2pNode({ seed: systemRandom(32), bootstrap: [address] })
  try {
    await node.whenReady()
    const [peerId] = node.peers()
    if (peerId === undefined) throw new Error('ready without a peer')
    const channel = await node.openChannel({ peerId, addresses: [address] }, '/echo/1', { maxFrameBytes: 65_536 })
    const sending = (async () => {
      for (let i = 0; i < 20; i++) await channel.send(new Uint8Array(50_000).fill(i))
    })()
    let echoed = 0
    for await (const frame of channel.frames()) {
      if (frame.some(byte => byte !== echoed / 50_000)) throw new Error('wrong byte')
      echoed += frame.length
      if (echoed === 1_000_000) break
    }
    await sending
    await channel.close()
    return {
      scope: Object.prototype.toString.call(globalThis),
      transports: node.transports,
      unavailable: node.unavailable.map(({ name }) => name),
      echoed
    }
  } finally {
    await node.stop()
  }
}

addEventListener('message', event => {
  const { data, ports } = event as MessageEvent<string>
  const report = run(data).catch(error => ({
    scope: '',
    transports: [],
    unavailable: [],
    echoed: 0,
    error: `${error}`
  }))
  // a service worker lives as long as the event it handles
  if ('waitUntil' in event) (event as ExtendableMessageEvent).waitUntil(report)
  void report.then(value => ports[0]?.postMessage(value))
})

interface ExtendableMessageEvent extends MessageEvent {
  waitUntil(promise: Promise<unknown>): void
}
