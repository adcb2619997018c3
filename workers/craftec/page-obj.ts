import { type Remote, transfer } from 'comlink'
import { CraftecError } from '../../sdk/errors/index.ts'
import type { CraftecObj } from '../../sdk/index.ts'
import {
  type ContentInfo,
  type Distribution,
  type DistributionState,
  DistributionWatch,
  type GetOptions,
  type PutSource,
  retrievedContent
} from '../../sdk/obj/index.ts'
import type { Outcome } from './craftec-wire.ts'
import { streamWithRealErrors, streamWithWireErrors } from './error-stream.ts'
import type { ObjHost, ObjNews, WireSource } from './obj-wire.ts'
import { streamOfIterable } from './stream-of-iterable.ts'

export interface PageObjOptions {
  /** @throws CraftecError of the worker, or `stopped` when it is no more */
  readonly call: <T>(call: (host: Remote<ObjHost>) => Promise<Outcome<T>>) => Promise<T>
  /** Fires when the worker is no more. */
  readonly gone: AbortSignal
}

/** The page's side of `craft.obj` in a worker: the same calls, carried over. */
export function createPageObj({ call, gone }: PageObjOptions): CraftecObj {
  const reading = ({ signal, onProgress, onFault, ...options }: GetOptions) => {
    const onNews = (news: ObjNews): void => {
      if (news.type === 'get-progress') onProgress?.(news.progress)
      else if (news.type === 'fault') onFault?.(news.fault)
    }
    const hear = { signal, onNews }
    const read = (ask: (host: Remote<ObjHost>, control: MessagePort) => Promise<Outcome<ReadableStream<Uint8Array>>>) =>
      streamed(control => call(host => ask(host, control)), gone, hear)
    return { options, hear, read }
  }

  return {
    put: async (source, { signal, onProgress, ...options } = {}) => {
      const watch = new DistributionWatch()
      const onNews = (news: ObjNews): void => {
        if (news.type === 'put-progress') onProgress?.(news.progress)
        else if (news.type === 'distribution') watch.set(news.state)
      }
      const port = openPort({ signal, onNews })
      try {
        const sent = sendable(source)
        const { distribution, ...result } = await call(host => host.put(sent, options, transfer(port.far, [port.far])))
        return { ...result, distribution: followed(watch, distribution, port.close, gone) }
      } catch (error) {
        port.close()
        throw error
      }
    },
    get: (ref, given = {}) => {
      const { options, hear, read } = reading(given)
      return retrievedContent({
        info: () => controlled(control => call(host => host.info(ref, options, control)), hear),
        read: range => read((host, control) => host.read(ref, options, range, control))
      })
    },
    stat: (ref, { signal } = {}) => controlled(control => call(host => host.stat(ref, control)), { signal }),
    holders: (ref, { signal, ...options } = {}) =>
      controlled(control => call(host => host.holders(ref, options, control)), { signal }),
    pin: async (ref, given = {}) => {
      const { options, hear } = reading(given)
      await controlled(control => call(host => host.pin(ref, options, control)), hear)
    },
    export: (ref, given = {}) => {
      const { options, read } = reading(given)
      return streamOfIterable(read((host, control) => host.export(ref, options, control)))
    },
    import: (source, { signal, ...options } = {}) =>
      controlled(control => call(host => host.import(sendable(source), options, control)), { signal }),
    distribution: async manifestId => {
      const watch = new DistributionWatch()
      const port = openPort({ onNews: news => void (news.type === 'distribution' && watch.set(news.state)) })
      try {
        const state = await call(host => host.distribution(manifestId, transfer(port.far, [port.far])))
        if (state) return followed(watch, state, port.close, gone)
        port.close()
        return undefined
      } catch (error) {
        port.close()
        throw error
      }
    },
    ls: async function* () {
      yield* chunksOf<ContentInfo>(streamWithRealErrors(await call(host => host.ls()), gone))
    },
    unpin: async ref => void (await call(host => host.unpin(ref))),
    remove: ref => call(host => host.remove(ref)),
    usage: () => call(host => host.usage()),
    engines: () => call(host => host.engines())
  }
}

interface Hearing {
  readonly signal?: AbortSignal | undefined
  readonly onNews?: (news: ObjNews) => void
}

/** The ends of a control port: `far` goes to the worker with the call, the signal's end goes through this one. */
function openPort({ signal, onNews }: Hearing): { readonly far: MessagePort; readonly close: () => void } {
  if (signal?.aborted) throw abortError(signal)
  const { port1: near, port2: far } = new MessageChannel()
  const onAbort = (): void => near.postMessage(abortError(signal).toWire())
  signal?.addEventListener('abort', onAbort, { once: true })
  near.onmessage = ({ data }: MessageEvent<ObjNews>) => onNews?.(data)
  return {
    far,
    close: () => {
      signal?.removeEventListener('abort', onAbort)
      near.close()
    }
  }
}

async function controlled<T>(ask: (control: MessagePort) => Promise<T>, hear: Hearing): Promise<T> {
  const port = openPort(hear)
  try {
    return await ask(transfer(port.far, [port.far]))
  } finally {
    port.close()
  }
}

/** What a transferred stream brings; its port lives as long as it is read. */
async function* streamed(
  ask: (control: MessagePort) => Promise<ReadableStream<Uint8Array>>,
  gone: AbortSignal,
  hear: Hearing
): AsyncGenerator<Uint8Array, void, undefined> {
  const port = openPort(hear)
  try {
    yield* chunksOf(streamWithRealErrors(await ask(transfer(port.far, [port.far])), gone))
  } finally {
    port.close()
  }
}

/** By its reader: not every browser's streams are async iterable. */
async function* chunksOf<Chunk>(stream: ReadableStream<Chunk>): AsyncGenerator<Chunk, void, undefined> {
  const reader = stream.getReader()
  let ended = false
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      yield value
    }
    ended = true
  } finally {
    if (!ended) await reader.cancel().catch(() => {})
    reader.releaseLock()
  }
}

/** A distribution that goes on in the worker, from the state that it had; it stops with the worker. */
function followed(
  watch: DistributionWatch,
  state: DistributionState,
  close: () => void,
  gone: AbortSignal
): Distribution {
  const onGone = (): void => watch.set({ status: 'stopped' })
  gone.addEventListener('abort', onGone, { once: true })
  void watch.done.then(() => {
    gone.removeEventListener('abort', onGone)
    close()
  })
  if (gone.aborted) onGone()
  else watch.set(state)
  return watch
}

/** A stream among the arguments of a call is moved by naming it. */
function sendable(source: PutSource): WireSource {
  if (source instanceof Blob || source instanceof Uint8Array) return source
  const stream = source instanceof ReadableStream ? source : streamOfIterable(source)
  const sent = streamWithWireErrors(stream)
  return transfer(sent, [sent])
}

function abortError(signal: AbortSignal | undefined): CraftecError {
  return CraftecError.from(signal?.reason, 'aborted', 'storage: aborted by the caller')
}
