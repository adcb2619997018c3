import { CraftecError } from '../../../errors/index.ts'
import type { StoreLink, StorePort } from './store-link.ts'
import type { FromStore, ToStore } from './store-message.ts'

/** Calls that one port may have under way; its other end waits for answers before it asks more. */
const MAX_RUNNING = 4_096

/**
 * Answer calls that come through `port` by way of `link`, and pass on what changes.
 * @param onClose the other side said that it is done; `closed` is sent when it resolves
 * @returns ends the service: calls that run are not answered any more
 */
export function serveStore(
  link: StoreLink,
  port: StorePort,
  onClose: () => Promise<void> = async () => {}
): () => void {
  const running = new Map<number, AbortController>()
  let ended = false
  const send = (message: FromStore, transfer?: readonly ArrayBuffer[]): void => {
    if (!ended) port.post(message, transfer)
  }
  const endChanges = link.onChange(change => send({ type: 'change', change }))
  const end = (): void => {
    ended = true
    endChanges()
    port.close()
  }

  async function answer({ id, call, wantsProgress, lent }: Extract<ToStore, { type: 'call' }>): Promise<void> {
    const controller = new AbortController()
    running.set(id, controller)
    try {
      if (running.size > MAX_RUNNING) throw new CraftecError('limit-exceeded', `${MAX_RUNNING} calls are under way`)
      const value = await link.call(call, {
        signal: controller.signal,
        ...(wantsProgress ? { onProgress: (done, total) => send({ type: 'progress', id, done, total }) } : {})
      })
      send({ type: 'done', id, value, lent }, [...buffersOf(value), ...lent])
    } catch (error) {
      send({ type: 'failed', id, error: CraftecError.from(error).toWire() })
    } finally {
      running.delete(id)
    }
  }

  port.listen(message => {
    const request = message as ToStore
    if (request.type === 'call') void answer(request)
    else if (request.type === 'abort') running.get(request.id)?.abort()
    else if (request.type === 'close')
      onClose()
        .catch(() => {})
        .then(() => send({ type: 'closed' }))
        .finally(end)
  })
  return end
}

/** A piece that was read is handed over, not copied. */
function buffersOf(value: unknown): ArrayBuffer[] {
  return value instanceof Uint8Array && value.buffer instanceof ArrayBuffer && value.length === value.buffer.byteLength
    ? [value.buffer]
    : []
}
