import type { StorePort } from './store-link.ts'

/** A broadcast channel that only two contexts know: the two ends of a pipe. What is sent is copied. @param onWelcome the owner serves it */
export function broadcastPort(name: string, onWelcome: () => void = () => {}): StorePort {
  const channel = new BroadcastChannel(name)
  let listener: (message: unknown) => void = () => {}
  channel.onmessage = ({ data }) => {
    if ((data as { type?: unknown }).type === 'welcome') onWelcome()
    else listener(data)
  }
  return {
    moves: false,
    post: message => channel.postMessage(message),
    listen: next => {
      listener = next
    },
    close: () => channel.close()
  }
}
