import { transfer } from 'comlink'
import { CraftecError, isErrorWire } from '../../sdk/errors/index.ts'
import type { WebSocketChannel, WebSocketCloseInfo } from '../../sdk/net/index.ts'
import type { Outcome, WireWebSocket } from './craftec-wire.ts'
import { sinkWithWireErrors, streamWithWireErrors } from './error-stream.ts'
import { outcomeNow, outcomeOf } from './outcome.ts'

/** A WebSocket of the worker's node, for the page behind `control`. */
export async function hostWebSocket(
  open: (signal: AbortSignal) => Promise<WebSocketChannel>,
  control: MessagePort
): Promise<Outcome<WireWebSocket>> {
  const ending = new AbortController()
  let channel: WebSocketChannel | undefined
  control.onmessage = ({ data }: MessageEvent<unknown>) => {
    if (isErrorWire(data)) ending.abort(CraftecError.fromWire(data))
    // The page has checked it; a defect there must not look like the end of the worker.
    else outcomeNow(() => channel?.close(data as Partial<WebSocketCloseInfo>))
  }
  const outcome = await outcomeOf(async (): Promise<WireWebSocket> => {
    const opened = await open(ending.signal)
    channel = opened
    void outcomeOf(() => opened.closed).then(closed => control.postMessage(closed))
    return {
      protocol: opened.protocol,
      path: opened.path,
      readable: streamWithWireErrors(opened.readable),
      writable: sinkWithWireErrors(opened.writable)
    }
  })
  return 'value' in outcome ? transfer(outcome, [outcome.value.readable, outcome.value.writable]) : outcome
}
