import { CraftecError } from '../../sdk/errors/index.ts'
import { checkCloseInfo, type WebSocketChannel, type WebSocketCloseInfo } from '../../sdk/net/index.ts'
import type { Outcome, WireWebSocket } from './craftec-wire.ts'
import { sinkWithRealErrors, streamWithRealErrors } from './error-stream.ts'
import { unwrap } from './outcome.ts'
import { unlessAborted } from './unless-aborted.ts'

/**
 * The page's end of a WebSocket that lives in the worker.
 * @param open asks the worker for it and hands over the other end of the control port
 * @param gone fires when the worker is no more
 */
export async function pageWebSocket(
  open: (control: MessagePort) => Promise<WireWebSocket>,
  gone: AbortSignal,
  signal: AbortSignal | undefined
): Promise<WebSocketChannel> {
  if (signal?.aborted) throw abortError(signal)
  const { port1: control, port2: far } = new MessageChannel()
  const onAbort = (): void => control.postMessage(abortError(signal).toWire())
  const release = (): void => {
    signal?.removeEventListener('abort', onAbort)
    control.close()
  }
  signal?.addEventListener('abort', onAbort, { once: true })
  const answer = new Promise<Outcome<WebSocketCloseInfo>>(resolve => {
    control.onmessage = ({ data }: MessageEvent<Outcome<WebSocketCloseInfo>>) => resolve(data)
  })
  const over = unlessAborted(answer, gone).then(unwrap)
  over.then(release, release)
  try {
    const { protocol, path, readable, writable } = await open(far)
    return {
      protocol,
      path,
      readable: streamWithRealErrors(readable, gone),
      writable: sinkWithRealErrors(writable, gone),
      closed: over,
      close: (info = {}) => {
        checkCloseInfo(info.closeCode, info.reason ?? '')
        control.postMessage({ ...info })
      }
    }
  } catch (error) {
    release()
    throw error
  }
}

function abortError(signal: AbortSignal | undefined): CraftecError {
  return CraftecError.from(signal?.reason, 'aborted', 'WebSocket: aborted by the caller')
}
