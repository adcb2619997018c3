/** What of `craft.obj` crosses between a page and the worker that holds the node. Signals and listeners cross as a port each. */
import type { ErrorWire } from '../../sdk/errors/index.ts'
import type { CraftecObj, ObjEngines } from '../../sdk/index.ts'
import type {
  ByteRange,
  ContentHolders,
  ContentStat,
  DistributionState,
  GetOptions,
  GetProgress,
  ObjPutOptions,
  PeerFault,
  PutProgress,
  PutResult,
  RetrievedInfo,
  StoreUsage,
  SurveyOptions
} from '../../sdk/obj/index.ts'
import type { Outcome } from './craftec-wire.ts'

/** A stream is transferred; the rest is cloned, a Blob without its bytes. */
export type WireSource = Blob | Uint8Array | ReadableStream<Uint8Array>

export type WirePutOptions = Omit<ObjPutOptions, 'signal' | 'onProgress'>
export type WireGetOptions = Omit<GetOptions, 'signal' | 'onProgress' | 'onFault'>
export type WireSurveyOptions = Omit<SurveyOptions, 'signal'>
export type WireImportOptions = Omit<NonNullable<Parameters<CraftecObj['import']>[1]>, 'signal'>

/** The state in which the spreading is now; what follows comes through the port of the call. */
export type WirePutResult = Omit<PutResult, 'distribution'> & { readonly distribution: DistributionState }

/** From the worker, while a call runs; states of a distribution also afterwards, until the last. */
export type ObjNews =
  | { readonly type: 'put-progress'; readonly progress: PutProgress }
  | { readonly type: 'get-progress'; readonly progress: GetProgress }
  | { readonly type: 'fault'; readonly fault: PeerFault }
  | { readonly type: 'distribution'; readonly state: DistributionState }

/** From the page: the call is to end, for this reason. */
export type ObjAbort = ErrorWire

/**
 * The worker's side. `control` carries {@link ObjNews} one way and {@link ObjAbort} the other.
 * Streams are transferred, and carry errors as records.
 */
export interface ObjHost {
  put(source: WireSource, options: WirePutOptions, control: MessagePort): Promise<Outcome<WirePutResult>>
  info(ref: string, options: WireGetOptions, control: MessagePort): Promise<Outcome<RetrievedInfo>>
  read(
    ref: string,
    options: WireGetOptions,
    range: ByteRange | undefined,
    control: MessagePort
  ): Promise<Outcome<ReadableStream<Uint8Array>>>
  stat(ref: string, control: MessagePort): Promise<Outcome<ContentStat>>
  holders(ref: string, options: WireSurveyOptions, control: MessagePort): Promise<Outcome<ContentHolders>>
  pin(ref: string, options: WireGetOptions, control: MessagePort): Promise<Outcome<undefined>>
  export(ref: string, options: WireGetOptions, control: MessagePort): Promise<Outcome<ReadableStream<Uint8Array>>>
  import(source: WireSource, options: WireImportOptions, control: MessagePort): Promise<Outcome<ContentStat>>
  /** @returns undefined for content that was not put here; the port is not used then */
  distribution(manifestId: Uint8Array, control: MessagePort): Promise<Outcome<DistributionState | undefined>>
  /** A stream of `ContentInfo`. */
  ls(): Promise<Outcome<ReadableStream>>
  unpin(ref: string): Promise<Outcome<undefined>>
  remove(ref: string): Promise<Outcome<boolean>>
  usage(): Promise<Outcome<StoreUsage>>
  engines(): Promise<Outcome<ObjEngines>>
}
