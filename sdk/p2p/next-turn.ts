/** Run `task` in a later turn of the event loop, as soon as possible. */
export type NextTurn = (task: () => void) => void

let port: MessagePort | undefined
const tasks: (() => void)[] = []

/** Timers are clamped to 4 ms in browsers; a message to oneself is not. Node has setImmediate for this. */
export const nextTurn: NextTurn = task => {
  const { setImmediate } = globalThis as { setImmediate?: (task: () => void) => void }
  if (setImmediate !== undefined) {
    setImmediate(task)
    return
  }
  if (port === undefined) {
    const channel = new MessageChannel()
    channel.port1.onmessage = () => tasks.shift()?.()
    port = channel.port2
  }
  tasks.push(task)
  port.postMessage(undefined)
}
