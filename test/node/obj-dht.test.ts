/** Content that no relay knows of, found through a real DHT: `provide` on one side, `findProviders` and peer exchange on the other. */
import { afterAll, expect, it } from 'vitest'
import { systemRandom } from '../../sdk/async/index.ts'
import { identityFromSeed } from '../../sdk/identity/index.ts'
import {
  createJsEngine,
  createJsHashEngine,
  createMemoryPieceStore,
  ObjClient,
  type ObjContext,
  objContext,
  startStorageService
} from '../../sdk/obj/index.ts'
import { createP2pNode, type P2pNode, type P2pOptions } from '../../sdk/p2p/index.ts'

const ends = new AsyncDisposableStack()
afterAll(() => ends.disposeAsync())

async function start(options: Partial<P2pOptions>): Promise<{ readonly node: P2pNode; readonly context: ObjContext }> {
  const seed = systemRandom(32)
  const node = await createP2pNode({ seed, bootstrap: [], allowPrivateAddresses: true, ...options })
  ends.defer(() => node.stop())
  const identity = identityFromSeed(seed)
  const context = objContext({
    node,
    store: createMemoryPieceStore(),
    identity,
    nodeIdentity: identity,
    coding: createJsEngine(),
    hashing: createJsHashEngine(),
    relays: () => [],
    storagePeers: () => []
  })
  return { node, context }
}

it('finds content by its id alone where relays know nobody', async () => {
  const listen = ['/ip4/127.0.0.1/tcp/0/ws']
  const hub = await start({ listen, dht: 'server' })
  const bootstrap = hub.node.addresses()
  const holder = await start({ listen, bootstrap, dht: 'server' })
  const reader = await start({ bootstrap, dht: 'client' })
  await Promise.all([holder.node.whenReady(), reader.node.whenReady()])
  const bytes = systemRandom(20_000)
  const { cid } = await new ObjClient(holder.context).put(bytes, { replicas: 0 })
  const service = startStorageService(holder.context, { intake: false, durable: true })
  ends.defer(() => service.stop())
  const client = new ObjClient(reader.context)
  // asks again until the holder has told the DHT, which it does when its table has somebody in it
  expect(await client.get(cid, { idleTimeoutMs: 50_000 }).bytes()).toEqual(bytes)
}, 60_000)
