import { systemClock, systemRandom } from './async/index.ts'
import { type CraftecObj, lazyObj, objStopped } from './craftec-obj.ts'
import { type CraftecOptions, checkCraftecOptions, type RelayWish } from './craftec-options.ts'
import { type CraftecSettlement, type LazySettlement, lazySettlement } from './craftec-settlement.ts'
import { CraftecError } from './errors/index.ts'
import { createIdentity, type Identity, identityFromSeed } from './identity/index.ts'
import type { ClientRelay, ClientStore, Directory, NetClient, NetState, OnionLinks, RelayStats } from './net/index.ts'
import type { P2pNode } from './p2p/index.ts'
import type { StartedObj } from './start-obj.ts'

export interface Craftec extends AsyncDisposable {
  /** Private requests. Another object after {@link start}: do not keep it over a restart. */
  readonly net: NetClient
  /** Storing and retrieving content. Its code is loaded, and its store opened, at the first call; the same object over restarts. */
  readonly obj: CraftecObj
  /** Paying. Its code is loaded, and the wallet connected, at the first call that needs it; the same object over restarts. */
  readonly settlement: CraftecSettlement
  /** Who the user is. Links to other nodes do not use it, see {@link createCraftec}. */
  readonly identity: Identity
  readonly state: NetState
  /** @param listener called with each new state, over restarts too. @returns a function that ends it */
  onState(listener: (state: NetState) => void): () => void
  /** What the relay of this page has done, in numbers; `undefined` unless `relay` was asked for and the node runs. */
  relayStats(): RelayStats | undefined
  /** Start again after {@link stop}, with a new link identity. Does nothing while running. */
  start(): Promise<void>
  /** Say goodbye to peers, end everything and free it. Idempotent; never rejects. */
  stop(): Promise<void>
}

const SEED_BYTES = 32
const DATABASE = 'craftec'

/**
 * Start a node. It returns as soon as the node runs; connections, directory and a first circuit come in the background, and
 * calls wait for them within their own deadlines. Nothing happens before this call, and nothing remains after `stop()` but what is stored.
 *
 * Links to other nodes are made with a fresh random key at every start, so that neither relays nor bootstrap nodes can tell that
 * two visits come from the same user. A page that relays for others publishes the key it has during this start.
 * @throws CraftecError `unknown-option` | `invalid-argument` | `unsupported` (this runtime has no transport)
 * @example
 * import { createCraftec } from '@craftec/web'
 * const bootstrap = ['/dns4/relay.example.org/tcp/443/wss/p2p/12D3KooWGRUVh9fbJCPaM2HYmEwaVpNyHYwyPkLXvHpTQGpyCvtn']
 * const craft = await createCraftec({ bootstrap })
 * const response = await craft.net.fetch('http://example.org/', { allowInsecure: true })
 * console.log(await response.text(), craft.net.explain(response).path)
 * await craft.stop()
 */
export async function createCraftec(options: CraftecOptions): Promise<Craftec> {
  checkCraftecOptions(options)
  const craft = new RunningCraftec(options)
  await craft.start()
  return craft
}

interface Run {
  readonly node: P2pNode
  readonly net: NetClient
  /** Absent unless the node relays. */
  readonly relay: ClientRelay | undefined
  readonly links: OnionLinks
  /** The storage client: started with the node if it was asked for, else by the first call. */
  readonly obj: () => Promise<StartedObj>
  /** Ends it, if it was started. */
  readonly stopObj: () => Promise<void>
}

class RunningCraftec implements Craftec {
  readonly identity: Identity
  readonly obj: CraftecObj
  readonly settlement: LazySettlement
  readonly #options: CraftecOptions
  readonly #listeners = new Set<(state: NetState) => void>()
  #net: NetClient | undefined
  /** Starts and stops one after another, whatever order they are called in. */
  #turn: Promise<unknown> = Promise.resolve()
  #run: Run | undefined

  constructor(options: CraftecOptions) {
    this.#options = options
    this.identity = options.identity ?? createIdentity()
    this.obj = lazyObj(async () => {
      await this.#turn
      if (!this.#run) throw objStopped()
      return this.#run.obj()
    })
    this.settlement = lazySettlement(options.wallet, async () => {
      await this.#turn
      if (!this.#run) throw objStopped()
    })
  }

  get net(): NetClient {
    if (this.#net) return this.#net
    throw new CraftecError('stopped', 'the node did not start')
  }

  get state(): NetState {
    return this.net.state
  }

  onState(listener: (state: NetState) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  relayStats(): RelayStats | undefined {
    return this.#run?.relay?.stats()
  }

  start(): Promise<void> {
    return this.#inTurn(async () => {
      if (!this.#run) this.#run = await this.#begin()
    })
  }

  stop(): Promise<void> {
    return this.#inTurn(async () => {
      const run = this.#run
      this.#run = undefined
      await this.settlement.end()
      await run?.stopObj()
      await run?.net.stop()
      await run?.relay?.stop()
      await run?.links.stop().catch(() => {})
      await run?.node.stop()
    })
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  #inTurn(task: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(task)
    this.#turn = turn.catch(() => {})
    return turn
  }

  async #begin(): Promise<Run> {
    const { bootstrap, hops, net: netOptions, obj: objWish, p2p, relay: wish = false } = this.#options
    // Not imported above: libp2p and the onion network are most of the weight, and a page may never start a node.
    const [netFolder, createNode] = await Promise.all([
      import('./net/index.ts'),
      p2p ?? import('./p2p/index.ts').then(({ createP2pNode }) => createP2pNode)
    ])
    const settings: RelayWish = typeof wish === 'object' ? wish : {}
    const seed = settings.seed ?? systemRandom(SEED_BYTES)
    const node = await createNode({
      seed,
      bootstrap,
      // to ask when relays know nobody; nothing of it is loaded before that
      dht: 'client',
      ...(wish === false && !objWish?.share ? {} : { reachable: true }),
      // A devnet on this machine; for any other network the node's own, stricter default holds.
      ...(netFolder.isLocalNetwork(bootstrap) ? { allowPrivateAddresses: true } : {})
    })
    const common = { node, bootstrap, clock: systemClock, random: systemRandom }
    const links = new netFolder.OnionLinks(common)
    const directory = new netFolder.Directory()
    let net: NetClient | undefined
    let relay: ClientRelay | undefined
    try {
      const stored = await this.#openStore(netFolder.openClientStore)
      net = new netFolder.NetClient({
        ...common,
        ...(hops === undefined ? {} : { hops }),
        store: stored.store ?? netFolder.memoryClientStore(),
        storeLost: stored.lost,
        tls: netOptions?.tls ?? netFolder.createTls13Engine({ roots: netOptions?.tlsRoots }),
        directory,
        links
      })
      if (wish !== false) {
        const { country, bandwidthKiBps } = settings
        const identity = identityFromSeed(seed)
        relay = netFolder.startClientRelay({ ...common, identity, directory, links, country, bandwidthKiBps })
      }
      net.onState(state => {
        for (const listener of [...this.#listeners]) listener(state)
      })
      await net.start()
      this.#net = net
      const obj = this.#objOf(node, seed, directory, net)
      if (objWish) await obj.start()
      return { node, net, relay, links, obj: obj.start, stopObj: obj.stop }
    } catch (error) {
      await net?.stop()
      await relay?.stop()
      await links.stop()
      await node.stop()
      throw error
    }
  }

  #objOf(
    node: P2pNode,
    seed: Uint8Array,
    directory: Directory,
    net: NetClient
  ): { readonly start: () => Promise<StartedObj>; readonly stop: () => Promise<void> } {
    const { bootstrap, obj: wish = {}, storage = 'indexedDB' in globalThis ? 'indexeddb' : 'memory' } = this.#options
    let started: Promise<StartedObj> | undefined
    return {
      start: () => {
        started ??= import('./start-obj.ts').then(({ startObj }) =>
          startObj({
            node,
            nodeIdentity: identityFromSeed(seed),
            identity: this.identity,
            bootstrap,
            directory,
            net,
            storage,
            wish
          })
        )
        // a store that did not open may open at the next call
        started.catch(() => {
          started = undefined
        })
        return started
      },
      stop: async () => {
        await (await started?.catch(() => undefined))?.stop()
      }
    }
  }

  async #openStore(
    open: (name: string) => Promise<ClientStore>
  ): Promise<{ readonly store: ClientStore | undefined; readonly lost: boolean }> {
    const { storage = 'indexedDB' in globalThis ? 'indexeddb' : 'memory' } = this.#options
    if (storage === 'memory') return { store: undefined, lost: false }
    try {
      return { store: await open(DATABASE), lost: false }
    } catch {
      return { store: undefined, lost: true }
    }
  }
}
