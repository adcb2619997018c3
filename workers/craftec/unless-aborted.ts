/**
 * What `task` gives, or the reason of `signal` if that comes first. Unlike a race against one long-lived promise, nothing of the task is
 * kept once it is over.
 */
export function unlessAborted<T>(task: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason)
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    void task.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
