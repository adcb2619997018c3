import { CraftecError } from './errors/index.ts'
import type { GetOptions, ObjClient, RetrievedContent, RetrievedInfo } from './obj/index.ts'
import type { ObjEngines, StartedObj } from './start-obj.ts'

/** Storing and retrieving content: `ObjClient`, whose code is loaded when it is first used. */
export type CraftecObj = Pick<
  ObjClient,
  | 'put'
  | 'get'
  | 'stat'
  | 'ls'
  | 'pin'
  | 'unpin'
  | 'remove'
  | 'usage'
  | 'distribution'
  | 'holders'
  | 'export'
  | 'import'
> & {
  /** Which engines do the work, and whether workers could be had for it. */
  engines(): Promise<ObjEngines>
}

/** {@link CraftecObj} over a client that comes when it is needed. */
export function lazyObj(started: () => Promise<StartedObj>): CraftecObj {
  const client = async (): Promise<ObjClient> => (await started()).client
  return {
    put: async (source, options) => (await client()).put(source, options),
    get: (ref, options) => lazyContent(client, ref, options),
    stat: async (ref, options) => (await client()).stat(ref, options),
    ls: async function* () {
      yield* (await client()).ls()
    },
    pin: async (ref, options) => (await client()).pin(ref, options),
    unpin: async ref => (await client()).unpin(ref),
    remove: async ref => (await client()).remove(ref),
    usage: async () => (await client()).usage(),
    distribution: async manifestId => (await client()).distribution(manifestId),
    holders: async (ref, options) => (await client()).holders(ref, options),
    engines: async () => (await started()).engines(),
    export: (ref, options) => lazyStream(async () => (await client()).export(ref, options)),
    import: async (source, options) => (await client()).import(source, options)
  }
}

function lazyContent(client: () => Promise<ObjClient>, ref: string, options: GetOptions = {}): RetrievedContent {
  let found: Promise<RetrievedContent> | undefined
  const content = (): Promise<RetrievedContent> => {
    found ??= client().then(obj => obj.get(ref, options))
    return found
  }
  return {
    info: async (): Promise<RetrievedInfo> => (await content()).info(),
    bytes: async () => (await content()).bytes(),
    blob: async () => (await content()).blob(),
    response: async request => (await content()).response(request),
    stream: () => lazyStream(async () => (await content()).stream()),
    [Symbol.asyncIterator]: async function* () {
      yield* await content()
    }
  }
}

function lazyStream(open: () => Promise<ReadableStream<Uint8Array>>): ReadableStream<Uint8Array> {
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined
  return new ReadableStream<Uint8Array>(
    {
      pull: async controller => {
        reader ??= (await open()).getReader()
        const { done, value } = await reader.read()
        if (done) controller.close()
        else controller.enqueue(value)
      },
      cancel: reason => reader?.cancel(reason)
    },
    { highWaterMark: 0 }
  )
}

/** @throws CraftecError `stopped` */
export function objStopped(): CraftecError {
  return new CraftecError('stopped', 'the node is not running; start it first')
}
