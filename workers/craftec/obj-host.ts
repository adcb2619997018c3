import { transfer } from 'comlink'
import { CraftecError, isErrorWire } from '../../sdk/errors/index.ts'
import type { CraftecObj } from '../../sdk/index.ts'
import type { Distribution, DistributionState, PutSource } from '../../sdk/obj/index.ts'
import type { Outcome } from './craftec-wire.ts'
import { streamWithRealErrors, streamWithWireErrors } from './error-stream.ts'
import type { ObjHost, ObjNews, WireSource } from './obj-wire.ts'
import { outcomeOf } from './outcome.ts'
import { streamOfIterable } from './stream-of-iterable.ts'

/** @param obj of the node that runs; throws when none does */
export function createObjHost(obj: () => CraftecObj): ObjHost {
  /** A call with its port: `task` ends when the page says so. */
  const run = <T>(control: MessagePort, task: (obj: CraftecObj, call: Call) => Promise<T>): Promise<Outcome<T>> =>
    outcomeOf(() => task(obj(), openCall(control)))
  const getOptions = ({ signal, tell }: Call) => ({
    signal,
    onProgress: (progress: Extract<ObjNews, { type: 'get-progress' }>['progress']) =>
      tell({ type: 'get-progress', progress }),
    onFault: (fault: Extract<ObjNews, { type: 'fault' }>['fault']) => tell({ type: 'fault', fault })
  })

  return {
    put: (source, options, control) =>
      run(control, async (obj, { signal, tell }) => {
        const onProgress = (progress: Extract<ObjNews, { type: 'put-progress' }>['progress']): void =>
          tell({ type: 'put-progress', progress })
        const { distribution, ...result } = await obj.put(received(source), { ...options, signal, onProgress })
        return { ...result, distribution: reported(distribution, tell) }
      }),
    info: (ref, options, control) =>
      run(control, (obj, call) => obj.get(ref, { ...options, ...getOptions(call) }).info()),
    read: async (ref, options, range, control) =>
      moved(
        await run(control, async (obj, call) =>
          streamWithWireErrors(obj.get(ref, { ...options, ...(range ? { range } : {}), ...getOptions(call) }).stream())
        )
      ),
    stat: (ref, control) => run(control, (obj, { signal }) => obj.stat(ref, { signal })),
    holders: (ref, options, control) => run(control, (obj, { signal }) => obj.holders(ref, { ...options, signal })),
    pin: (ref, options, control) =>
      run(control, async (obj, call) => {
        await obj.pin(ref, { ...options, ...getOptions(call) })
        return undefined
      }),
    export: async (ref, options, control) =>
      moved(
        await run(control, async (obj, call) =>
          streamWithWireErrors(obj.export(ref, { ...options, ...getOptions(call) }))
        )
      ),
    import: (source, options, control) =>
      run(control, (obj, { signal }) => obj.import(received(source), { ...options, signal })),
    distribution: (manifestId, control) =>
      run(control, async (obj, { tell }) => {
        const distribution = await obj.distribution(manifestId)
        return distribution && reported(distribution, tell)
      }),
    ls: async () => moved(await outcomeOf(async () => streamWithWireErrors(streamOfIterable(obj().ls())))),
    unpin: ref =>
      outcomeOf(async () => {
        await obj().unpin(ref)
        return undefined
      }),
    remove: ref => outcomeOf(() => obj().remove(ref)),
    usage: () => outcomeOf(() => obj().usage()),
    engines: () => outcomeOf(() => obj().engines())
  }
}

interface Call {
  readonly signal: AbortSignal
  tell(news: ObjNews): void
}

function openCall(control: MessagePort): Call {
  const controller = new AbortController()
  control.onmessage = ({ data }) =>
    controller.abort(
      isErrorWire(data) ? CraftecError.fromWire(data) : new CraftecError('aborted', 'aborted by the page')
    )
  return { signal: controller.signal, tell: news => control.postMessage(news) }
}

/** @returns the state now; all that follow are told */
function reported(distribution: Distribution, tell: Call['tell']): DistributionState {
  const end = distribution.onState(state => tell({ type: 'distribution', state }))
  void distribution.done.then(end)
  return distribution.state
}

function received(source: WireSource): PutSource {
  return source instanceof ReadableStream ? streamWithRealErrors(source) : source
}

function moved<Chunk>(outcome: Outcome<ReadableStream<Chunk>>): Outcome<ReadableStream<Chunk>> {
  return 'value' in outcome ? transfer(outcome, [outcome.value]) : outcome
}
