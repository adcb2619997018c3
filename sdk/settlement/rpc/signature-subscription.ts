const MAX_MESSAGE_CHARACTERS = 16_384

/**
 * Wait until an endpoint tells that a transaction is confirmed, over a WebSocket that lives for this one question. It only
 * saves the time to the next poll: whatever comes is looked up.
 * @param url of the JSON-RPC endpoint
 * @returns rejects when the endpoint cannot tell, or `signal` fires
 */
export function signatureSubscription(url: string, signature: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const socket = new WebSocket(webSocketUrl(url))
    const end = (): void => {
      signal.removeEventListener('abort', stop)
      socket.close()
    }
    const stop = (): void => {
      end()
      reject(signal.reason)
    }
    signal.addEventListener('abort', stop, { once: true })
    socket.onopen = () => {
      const params = [signature, { commitment: 'confirmed' }]
      socket.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'signatureSubscribe', params }))
    }
    socket.onmessage = ({ data }) => {
      if (!isNotification(data)) return
      end()
      resolve()
    }
    socket.onclose = () => {
      end()
      reject(new Error('the endpoint closed its WebSocket'))
    }
  })
}

/** As validators have it: beside HTTP on a port of its own, the next one; behind a proxy the same address. */
function webSocketUrl(text: string): URL {
  const url = new URL(text)
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  if (url.port !== '') url.port = String(Number(url.port) + 1)
  return url
}

function isNotification(data: unknown): boolean {
  if (typeof data !== 'string' || data.length > MAX_MESSAGE_CHARACTERS) return false
  try {
    return JSON.parse(data)?.method === 'signatureNotification'
  } catch {
    return false
  }
}
