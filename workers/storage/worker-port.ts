import type { StorePort } from '../../sdk/obj/index.ts'

/** The page's end of the way to its worker. */
export function workerPort(worker: Worker): StorePort {
  return {
    moves: true,
    post: (message, transfer = []) => worker.postMessage(message, [...transfer]),
    listen: listener => {
      worker.onmessage = ({ data }) => listener(data)
    },
    onLost: listener => {
      worker.onerror = event => {
        event.preventDefault()
        listener(new Error(event.message))
      }
      worker.onmessageerror = () => listener(new Error('a message that cannot be read'))
    },
    close: () => worker.terminate()
  }
}
