/** What crosses between a page and the worker that holds the node. Only what structured clone and transfer can carry. */
import type { ErrorWire } from '../../sdk/errors/index.ts'
import type { CraftecOptions, KernelUrls, ObjWish } from '../../sdk/index.ts'
import type {
  CircuitInfo,
  Explanation,
  NetFetchInit,
  NetState,
  NetWebSocketInit,
  WebSocketChannel
} from '../../sdk/net/index.ts'
import type { ObjHost } from './obj-wire.ts'

/** Errors cross as records: structured clone would drop their code. */
export type Outcome<T> = { readonly value: T } | { readonly error: ErrorWire }

/** Options of `createCraftec` that can cross. */
export interface WorkerOptions extends Pick<CraftecOptions, 'bootstrap' | 'hops' | 'storage'> {
  readonly net?: Pick<NonNullable<CraftecOptions['net']>, 'tlsRoots'>
  readonly obj?: Pick<ObjWish, 'share'> & { readonly wasmUrls?: WireKernelUrls }
}

/** `KernelUrls` as text: a URL cannot cross. */
export interface WireKernelUrls extends KernelUrls {
  readonly coding?: { readonly strict: string; readonly relaxed: string }
  readonly hashing?: string
}

/** `NetFetchInit` without what cannot cross; the body is a stream or something that clones. */
export interface WireInit extends Omit<NetFetchInit, 'signal' | 'headers' | 'body' | 'window'> {
  readonly headers?: readonly (readonly [string, string])[]
  readonly body?: ReadableStream<Uint8Array> | Blob | Uint8Array | string
}

export interface WireResponse {
  /** For {@link CraftecHost.explain}. */
  readonly id: number
  readonly status: number
  readonly statusText: string
  readonly headers: readonly (readonly [string, string])[]
  readonly url: string
  readonly redirected: boolean
  readonly body: ReadableStream<Uint8Array> | null
}

/** `NetWebSocketInit` without what cannot cross. */
export interface WireWebSocketInit extends Omit<NetWebSocketInit, 'signal' | 'headers'> {
  readonly headers: readonly (readonly [string, string])[]
}

/** Both streams are transferred. */
export type WireWebSocket = Pick<WebSocketChannel, 'protocol' | 'path' | 'readable' | 'writable'>

/** The worker's side, called through comlink. */
export interface CraftecHost {
  start(options: WorkerOptions, onState: (state: NetState) => void): Promise<Outcome<NetState>>
  /** @param abort a message on it, an {@link ErrorWire}, ends the fetch and its body */
  fetch(url: string, init: WireInit, abort: MessagePort): Promise<Outcome<WireResponse>>
  explain(id: number): Outcome<Explanation>
  /**
   * @param control an {@link ErrorWire} on it ends the WebSocket, a `Partial<WebSocketCloseInfo>` closes it; an
   *   `Outcome<WebSocketCloseInfo>` comes back when it is over
   */
  webSocket(
    url: string,
    protocols: readonly string[],
    init: WireWebSocketInit,
    control: MessagePort
  ): Promise<Outcome<WireWebSocket>>
  readonly obj: ObjHost
  newPath(): Outcome<undefined>
  circuits(): Outcome<CircuitInfo[]>
  stop(): Promise<Outcome<undefined>>
}
