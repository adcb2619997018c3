import { type Remote, wrap } from 'comlink'
import { withDeadline } from '../../sdk/async/index.ts'
import { CraftecError } from '../../sdk/errors/index.ts'
import type { CodingEngine } from '../../sdk/obj/index.ts'
import { type CodecEngineOptions, type CodecHost, createCodecHost, type Outcome } from './codec-host.ts'
import type { CodecWorker } from './worker-endpoint.ts'

/** To load the worker's module and the kernels. */
const START_TIMEOUT_MS = 30_000

/** One worker, or the caller's own thread. */
export interface Lane {
  readonly host: CodecHost | Remote<CodecHost>
  readonly ready: Promise<CodingEngine['name']>
  /** Never resolves; rejects with {@link WorkerDied}. */
  readonly death: Promise<never>
  readonly worker: CodecWorker | undefined
  /** End the worker: whoever waits for it fails with `cause`. */
  kill(cause: unknown): void
  /** Jobs that it was given and that have not ended. */
  jobs: number
  /** Messages that it is in the middle of hashing. */
  hashes: number
}

export interface LaneOptions {
  /** Default: no worker, the caller's own thread. */
  readonly spawn?: () => CodecWorker
  readonly engineOptions: CodecEngineOptions
  /** The worker died, was killed, or did not start: give it nothing more. */
  readonly onDeath: () => void
}

/** @throws CraftecError `unsupported` when the runtime refuses to start a worker */
export function openLane({ spawn, engineOptions, onDeath }: LaneOptions): Lane {
  const worker = spawn && startWorker(spawn)
  const host = worker ? wrap<CodecHost>(worker.endpoint) : createCodecHost()
  let fail: (error: WorkerDied) => void = () => {}
  const death = new Promise<never>((_, reject) => {
    fail = reject
  })
  death.catch(() => {})
  const kill = (cause: unknown): void => {
    onDeath()
    // an uncaught error is reported as a death, but leaves the thread running
    worker?.terminate()
    fail(new WorkerDied(cause))
  }
  worker?.onDeath(kill)
  const ready = withDeadline({ timeoutMs: START_TIMEOUT_MS, what: 'start of a codec worker' }, () =>
    Promise.race([death, Promise.resolve(host.start(engineOptions)).then(unwrap)])
  )
  // The next job gets a fresh worker, and perhaps a better answer.
  ready.catch(kill)
  return { host, worker, death, ready, kill, jobs: 0, hashes: 0 }
}

function startWorker(spawn: () => CodecWorker): CodecWorker {
  try {
    return spawn()
  } catch (error) {
    throw CraftecError.from(
      error,
      'unsupported',
      'this runtime refuses to start a worker; use workers: 0, or workerUrl with an address its policy allows'
    )
  }
}

/** Not for callers: it is answered by another try, or turned into a CraftecError. */
export class WorkerDied extends Error {
  constructor(cause: unknown) {
    super('worker died', { cause })
  }
}

export function unwrap<T>(outcome: Outcome<T>): T {
  if ('error' in outcome) throw CraftecError.fromWire(outcome.error)
  return outcome.value
}
