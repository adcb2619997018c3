import type { Endpoint } from 'comlink'

/** A worker thread as the pool sees it. */
export interface CodecWorker {
  readonly endpoint: Endpoint
  /** Called once, when the worker has died of itself. */
  onDeath(listener: (cause: unknown) => void): void
  terminate(): void
}

/** This module's file, whatever its extension and query. */
const OWN_NAME = /worker-endpoint(?=\.\w+(\?.*)?$)/

/** The part of node:worker_threads that is used. */
interface WorkerThreads {
  readonly parentPort: Endpoint | null
  readonly Worker: new (url: URL) => NodeWorker
}

interface NodeWorker {
  postMessage(message: unknown, transfer?: Transferable[]): void
  on(event: string, listener: (value: unknown) => void): void
  off(event: string, listener: (value: unknown) => void): void
  unref(): void
  terminate(): Promise<number>
}

function workerThreads(): WorkerThreads | undefined {
  const { process } = globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } }
  return process?.getBuiltinModule?.('node:worker_threads') as WorkerThreads | undefined
}

/** The other side, seen from inside a worker. */
export function ownEndpoint(): Endpoint {
  return workerThreads()?.parentPort ?? (globalThis as unknown as Endpoint)
}

/** Whether this runtime can start workers: a service worker cannot. */
export function hasWorkers(): boolean {
  return typeof Worker === 'function' || workerThreads() !== undefined
}

/** Start the module at `url` as a worker; default the codec worker of this package. */
export function spawnWorker(url?: string | URL): CodecWorker {
  const threads = workerThreads()
  // Not written as an address beside this module: bundlers would ship the file to browsers, too, as it stands.
  if (threads) return nodeWorker(new threads.Worker(new URL(url ?? import.meta.url.replace(OWN_NAME, 'codec-worker'))))
  // Bundlers build a worker where they read these very words, and only there.
  return browserWorker(
    url === undefined
      ? new Worker(new URL('./codec-worker.ts', import.meta.url), { type: 'module' })
      : new Worker(url, { type: 'module' })
  )
}

function browserWorker(worker: Worker): CodecWorker {
  return {
    endpoint: worker,
    onDeath: listener => {
      worker.addEventListener('error', event => listener(event.message), { once: true })
    },
    terminate: () => worker.terminate()
  }
}

function nodeWorker(worker: NodeWorker): CodecWorker {
  // Node's Worker is an emitter, comlink wants an event target.
  const wrappers = new Map<unknown, (data: unknown) => void>()
  // An idle pool must not keep a process alive.
  worker.unref()
  return {
    endpoint: {
      postMessage: (message, transfer) => worker.postMessage(message, transfer),
      addEventListener: (_, listener) => {
        const wrapper = (data: unknown): void =>
          (typeof listener === 'function' ? listener : listener.handleEvent.bind(listener))({ data } as MessageEvent)
        wrappers.set(listener, wrapper)
        worker.on('message', wrapper)
      },
      removeEventListener: (_, listener) => {
        const wrapper = wrappers.get(listener)
        if (wrapper) worker.off('message', wrapper)
        wrappers.delete(listener)
      }
    },
    onDeath: listener => {
      worker.on('error', listener)
      worker.on('exit', code => listener(new Error(`worker ended with ${String(code)}`)))
    },
    terminate: () => void worker.terminate()
  }
}
