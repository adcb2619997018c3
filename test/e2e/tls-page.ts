/** What a page does for the TLS test: our client over a WebSocket that carries bytes to a TLS server. */
import { CraftecError } from '../../sdk/errors/index.ts'
import { connectTls, type TlsInfo } from '../../sdk/tls/index.ts'

export interface TlsPage {
  /** Sends `text` and closes. @returns what came back and how the session was agreed, or the code it failed with */
  exchange(
    url: string,
    serverName: string,
    roots: string[] | undefined,
    text: string
  ): Promise<{ text: string; info: Omit<TlsInfo, 'certificates'> } | { code: string }>
}

export function tlsPage(): TlsPage {
  return {
    async exchange(url, serverName, roots, text) {
      try {
        const { readable, writable, info } = await connectTls(await openBytes(url), { serverName, roots })
        const answer = new Response(readable).text()
        const writer = writable.getWriter()
        await writer.write(new TextEncoder().encode(text))
        await writer.close()
        const { certificates: _, ...rest } = info
        return { text: await answer, info: rest }
      } catch (error) {
        return { code: error instanceof CraftecError ? error.code : String(error) }
      }
    }
  }
}

async function openBytes(url: string) {
  const socket = new WebSocket(url)
  socket.binaryType = 'arraybuffer'
  await new Promise((resolve, reject) => {
    socket.onopen = resolve
    socket.onerror = reject
  })
  const readable = new ReadableStream<Uint8Array>({
    start(controller) {
      // An empty message stands for the end of the server's bytes: a WebSocket cannot end one direction alone.
      socket.onmessage = ({ data }) => {
        const bytes = new Uint8Array(data as ArrayBuffer)
        if (bytes.length > 0) controller.enqueue(bytes)
        else controller.close()
      }
    },
    cancel: () => socket.close()
  })
  const writable = new WritableStream<Uint8Array<ArrayBuffer>>({ write: bytes => socket.send(bytes) })
  return { readable, writable: writable as WritableStream<Uint8Array> }
}
