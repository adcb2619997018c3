/**
 * One store for all tabs, workers and service workers of an origin. Slab files have one writer, so one context owns the store and
 * serves the others; a Web Lock says who. Whoever waits for the lock is the next owner: the browser gives it away when the owner
 * dies, however it dies. Contexts find each other through a broadcast channel, and talk through one of their own: that works in
 * every browser and in service workers, where ports cannot be passed from tab to tab.
 */
import { type Clock, systemClock, throwIfAborted } from '../../../async/index.ts'
import { CraftecError } from '../../../errors/index.ts'
import { ChangeListeners } from '../change-listeners.ts'
import type { PieceStore } from '../piece-store.ts'
import { broadcastPort } from './broadcast-port.ts'
import { localLink } from './local-link.ts'
import { portLink } from './port-link.ts'
import { serveStore } from './serve-store.ts'
import type { CallOptions, StoreCall, StoreLink, StorePort } from './store-link.ts'

/** Contexts that one owner serves: a few tabs, their workers and a service worker; more is a defect of the site. */
const MAX_CLIENTS = 256
/** To find the owner, or to become it; opening a store takes tens of milliseconds. */
const ROUTE_TIMEOUT_MS = 30_000
/** From tab to tab and back takes milliseconds. */
const WELCOME_TIMEOUT_MS = 500

export interface SharedLinkOptions {
  readonly name: string
  /** Opens the store itself; called by the owner only. */
  readonly open: () => Promise<PieceStore>
  /** An owner gives way to a context of higher rank: who writes slab files comes before who cannot. */
  readonly rank: number
  readonly clock?: Clock
}

type BoardMessage =
  | { readonly type: 'owner'; readonly owner: string; readonly rank: number }
  | { readonly type: 'who'; readonly rank: number }
  | { readonly type: 'join'; readonly owner: string; readonly client: string; readonly pipe: string }

/** A way to the store as it is now. */
interface Route {
  readonly owner: string
  readonly link: StoreLink
  /** Reject calls that are under way on it. */
  readonly calls: Set<(error: CraftecError) => void>
  /** Nothing of the link is used any more. */
  end(): void
}

/** @throws CraftecError `storage-unavailable` where the browser has no locks: outside of https */
export function sharedStoreLink(options: SharedLinkOptions): StoreLink {
  if (globalThis.navigator?.locks === undefined || globalThis.BroadcastChannel === undefined)
    throw new CraftecError(
      'storage-unavailable',
      'no Web Locks here; they need https, or localhost. Use a store in memory'
    )
  return new SharedLink(options)
}

class SharedLink implements StoreLink {
  readonly #name: string
  readonly #open: () => Promise<PieceStore>
  readonly #rank: number
  readonly #clock: Clock
  readonly #self = crypto.randomUUID()
  readonly #board: BroadcastChannel
  readonly #listeners = new ChangeListeners()
  readonly #closing = new AbortController()
  /** This context has the lock that tells owners that it lives. */
  readonly #alive = Promise.withResolvers<void>()
  /** Who waits for a route. */
  readonly #seekers = new Set<{ resolve: (route: Route) => void; reject: (error: unknown) => void }>()
  #route: Route | undefined
  /** Set while this context owns the store: ends that. */
  #abdicate: (() => void) | undefined
  #reign: Promise<void> | undefined
  #serve: ((join: Extract<BoardMessage, { type: 'join' }>) => void) | undefined
  /** A name for each time that this context owns the store: whoever was served the time before has to come again. */
  #reigns = 0
  #joining: { readonly owner: string; readonly port: StorePort; end(): void } | undefined
  #joins = 0

  constructor({ name, open, rank, clock = systemClock }: SharedLinkOptions) {
    this.#name = `craftec-store/${name}`
    this.#open = open
    this.#rank = rank
    this.#clock = clock
    this.#board = new BroadcastChannel(this.#name)
    this.#board.onmessage = ({ data }) => this.#onBoard(data as BoardMessage)
    // Held as long as this context lives: the owner learns of its end.
    void navigator.locks
      .request(lockOf(this.#name, this.#self), { signal: this.#closing.signal }, () => {
        this.#alive.resolve()
        return untilAborted(this.#closing.signal)
      })
      .catch(() => {})
    this.#candidate()
  }

  async call(call: StoreCall, options: CallOptions = {}): Promise<unknown> {
    for (let failures = 0; ; ) {
      throwIfAborted(options.signal, call.method)
      const route = await this.#findRoute()
      let giveUp: ((error: CraftecError) => void) | undefined
      try {
        return await new Promise<unknown>((resolve, reject) => {
          giveUp = reject
          route.calls.add(reject)
          route.link.call(call, options).then(resolve, reject)
        })
      } catch (error) {
        const { code } = error as CraftecError
        if (this.#closing.signal.aborted) throw error
        if (code === 'storage-unavailable') {
          // Site data that was cleared, a database that was closed: opened anew it may be well. Once: it may fail for ever.
          if (route.owner === this.#reignName) this.#abdicate?.()
          if (++failures > 1) throw error
        } else if (code !== 'stopped') throw error
        // The owner went: the call may have been carried out or not, and is made again at the next.
        if (this.#route === route) this.#leave()
      } finally {
        if (giveUp) route.calls.delete(giveUp)
      }
    }
  }

  onChange(listener: Parameters<StoreLink['onChange']>[0]): () => void {
    return this.#listeners.add(listener)
  }

  async close(): Promise<void> {
    this.#closing.abort()
    const error = new CraftecError('stopped', 'the store is closed; open it again')
    for (const seeker of this.#seekers) seeker.reject(error)
    this.#abdicate?.()
    await this.#reign
    this.#leave()
    this.#board.close()
    this.#listeners.clear()
  }

  /** Wait for the lock, and for whoever has it to answer: one of both happens. */
  #candidate(): void {
    this.#reign = navigator.locks
      .request(this.#name, { signal: this.#closing.signal }, () => this.#rule())
      .catch((error: unknown) => {
        if (this.#closing.signal.aborted) return
        for (const seeker of this.#seekers) seeker.reject(CraftecError.from(error, 'storage-unavailable'))
        this.#reign = undefined
      })
    this.#say({ type: 'who', rank: this.#rank })
  }

  /** Own the store until somebody better comes, or to the end. The lock is given back when it has been closed. */
  async #rule(): Promise<void> {
    if (this.#closing.signal.aborted) return
    const store = await this.#open()
    const link = localLink(store)
    // Who is served learns of the failure first.
    const served = whenBroken(link, () => this.#clock.after(0, () => this.#abdicate?.()))
    this.#reigns++
    const clients = new Map<string, () => void>()
    const ended = new Promise<void>(resolve => {
      this.#abdicate = resolve
    })
    this.#serve = ({ client, pipe }) => {
      if (clients.size >= MAX_CLIENTS) return
      clients.get(client)?.()
      const port = broadcastPort(pipe)
      clients.set(client, serveStore(served, port))
      port.post({ type: 'welcome' })
      void navigator.locks
        .request(lockOf(this.#name, client), () => {
          clients.get(client)?.()
          clients.delete(client)
        })
        .catch(() => {})
    }
    // Calls that the last owner did not answer are made again, here.
    this.#leave()
    this.#take({ owner: this.#reignName, link, calls: new Set(), end: () => {} })
    this.#say({ type: 'owner', owner: this.#reignName, rank: this.#rank })
    if (this.#closing.signal.aborted) this.#abdicate?.()
    await ended
    this.#abdicate = undefined
    this.#serve = undefined
    for (const end of clients.values()) end()
    this.#leave()
    // A store that is broken may fail to close, too; there is nothing left to be done for it.
    await store.close().catch(() => {})
    if (!this.#closing.signal.aborted) queueMicrotask(() => this.#candidate())
  }

  get #reignName(): string {
    return `${this.#self}/${this.#reigns}`
  }

  #onBoard(message: BoardMessage): void {
    if (message.type === 'owner') {
      this.#join(message.owner)
      // Who stood before us in the queue for the lock came first, and has to give way like the one before.
      if (message.rank < this.#rank) this.#say({ type: 'who', rank: this.#rank })
    } else if (message.type === 'join' && message.owner === this.#reignName) this.#serve?.(message)
    else if (message.type === 'who' && this.#serve !== undefined) {
      if (message.rank > this.#rank) this.#abdicate?.()
      else this.#say({ type: 'owner', owner: this.#reignName, rank: this.#rank })
    }
  }

  #join(owner: string): void {
    // What a former owner said may arrive when this context has the store already.
    if (this.#closing.signal.aborted || this.#serve !== undefined) return
    if ([this.#route?.owner, this.#joining?.owner].includes(owner)) return
    this.#leave()
    const pipe = `${this.#name}/${this.#self}/${this.#joins++}`
    const port = broadcastPort(pipe, () => {
      if (this.#joining?.port !== port) return
      this.#joining = undefined
      cancel()
      const link = portLink(port, this.#clock)
      this.#take({ owner, link, calls: new Set(), end: () => port.close() })
    })
    // No welcome: it was a former owner, or it died just then. Whoever has the store now answers.
    const cancel = this.#clock.after(WELCOME_TIMEOUT_MS, () => {
      if (this.#joining?.port !== port) return
      this.#leave()
      this.#say({ type: 'who', rank: this.#rank })
    })
    this.#joining = {
      owner,
      port,
      end: () => {
        cancel()
        port.close()
      }
    }
    // Not before: locks and messages take different ways, and an owner that gets this context's lock takes it for dead.
    void this.#alive.promise.then(() => {
      if (this.#joining?.port === port) this.#say({ type: 'join', owner, client: this.#self, pipe })
    })
  }

  #take(route: Route): void {
    this.#route = route
    route.link.onChange(change => {
      if (this.#route === route) this.#listeners.emit(change)
    })
    for (const seeker of this.#seekers) seeker.resolve(route)
  }

  /** The route is no more; calls on it find another. */
  #leave(): void {
    this.#joining?.end()
    this.#joining = undefined
    const route = this.#route
    this.#route = undefined
    if (route === undefined) return
    const error = new CraftecError('stopped', 'the store has another owner now')
    for (const giveUp of route.calls) giveUp(error)
    route.end()
  }

  async #findRoute(): Promise<Route> {
    if (this.#closing.signal.aborted) throw new CraftecError('stopped', 'the store is closed; open it again')
    if (this.#route !== undefined) return this.#route
    if (this.#reign === undefined) this.#candidate()
    else this.#say({ type: 'who', rank: this.#rank })
    const { promise, resolve, reject } = Promise.withResolvers<Route>()
    const seeker = { resolve, reject }
    this.#seekers.add(seeker)
    const cancel = this.#clock.after(ROUTE_TIMEOUT_MS, () =>
      reject(new CraftecError('timeout', `nobody has opened the store within ${ROUTE_TIMEOUT_MS} ms`))
    )
    try {
      return await promise
    } finally {
      cancel()
      this.#seekers.delete(seeker)
    }
  }

  #say(message: BoardMessage): void {
    if (!this.#closing.signal.aborted) this.#board.postMessage(message)
  }
}

function whenBroken(link: StoreLink, giveUp: () => void): StoreLink {
  return {
    ...link,
    call: async (call, options) => {
      try {
        return await link.call(call, options)
      } catch (error) {
        if ((error as CraftecError).code === 'storage-unavailable') giveUp()
        throw error
      }
    }
  }
}

function lockOf(name: string, client: string): string {
  return `${name}/${client}`
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
