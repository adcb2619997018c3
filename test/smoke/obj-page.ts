/** The half of storing and retrieving that lives in the pages. */
import { demoBytes } from '../../relay-server/devnet/demo-bytes.ts'
import { createCraftec } from '../../sdk/index.ts'
import { type CodecPool, createCodecPool, openPieceStore } from '../../workers/index.ts'

export interface StoreFigures {
  readonly link: string
  readonly putMs: number
  readonly spreadMs: number
  /** How the spreading ended. */
  readonly status: string
  readonly peers: number
}

export interface RetrieveFigures {
  readonly bytesEqual: boolean
  readonly bytes: number
  readonly firstByteMs: number
  readonly mbPerSecond: number
  /** Peers that lied or stalled. */
  readonly faults: readonly { readonly peer: string; readonly why: string }[]
}

export interface ObjPage {
  /** @param share serve what is held to other pages */
  open(bootstrap: readonly string[], engine: 'worker' | 'plain', share?: boolean): Promise<void>
  /** Put `count` demo bytes. @param timeoutMs until they are spread @param replicas 0 keeps them here */
  store(count: number, encrypt: boolean, timeoutMs: number, replicas?: number): Promise<StoreFigures>
  retrieve(link: string, count: number): Promise<RetrieveFigures>
  /** As a video element would ask: status, Content-Range, and whether the bytes are right. */
  range(
    link: string,
    from: number,
    to: number
  ): Promise<{ status: number; contentRange: string | null; right: boolean }>
  /** The code that reading ends with. */
  fails(link: string, idleTimeoutMs: number): Promise<string>
  close(): Promise<void>
}

type Craft = Awaited<ReturnType<typeof createCraftec>>

export function objPage(): ObjPage {
  let craft: Craft | undefined
  let codec: CodecPool | undefined
  let store: Awaited<ReturnType<typeof openPieceStore>> | undefined
  const obj = (): Craft['obj'] => {
    if (craft === undefined) throw new Error('open first')
    return craft.obj
  }
  return {
    open: async (bootstrap, engine, share = false) => {
      if (engine === 'worker') [store, codec] = [await openPieceStore(), createCodecPool()]
      craft = await createCraftec({
        bootstrap,
        obj: { share, ...(store ? { store } : {}), ...(codec ? { codec } : {}) }
      })
    },

    store: async (count, encrypt, timeoutMs, replicas) => {
      const started = performance.now()
      const file = new File([demoBytes(0, count) as Uint8Array<ArrayBuffer>], 'demo.bin', {
        type: 'application/x-demo'
      })
      const { link, distribution } = await obj().put(file, { encrypt, ...(replicas === undefined ? {} : { replicas }) })
      const putMs = performance.now() - started
      const late = new Promise<never>((_, reject) =>
        setTimeout(() => reject(new Error(JSON.stringify(distribution.state))), timeoutMs)
      )
      const state = await Promise.race([distribution.done, late])
      return {
        link,
        putMs: Math.round(putMs),
        spreadMs: Math.round(performance.now() - started - putMs),
        status: state.status,
        peers: 'peers' in state ? state.peers : 0
      }
    },

    retrieve: async (link, count) => {
      const started = performance.now()
      const faults: { peer: string; why: string }[] = []
      let [received, firstAt, bytesEqual] = [0, 0, true]
      for await (const chunk of obj().get(link, { onFault: fault => faults.push(fault) })) {
        if (received === 0) firstAt = performance.now()
        bytesEqual &&= equal(chunk, demoBytes(received, chunk.length))
        received += chunk.length
      }
      const seconds = (performance.now() - started) / 1000
      return {
        bytesEqual: bytesEqual && received === count,
        bytes: received,
        firstByteMs: Math.round(firstAt - started),
        mbPerSecond: Number((received / 1e6 / seconds).toFixed(2)),
        faults
      }
    },

    range: async (link, from, to) => {
      const headers = new Headers({ range: `bytes=${from}-${to - 1}` })
      const response = await obj().get(link).response({ headers })
      const body = new Uint8Array(await response.arrayBuffer())
      return {
        status: response.status,
        contentRange: response.headers.get('content-range'),
        right: equal(body, demoBytes(from, to - from))
      }
    },

    fails: async (link, idleTimeoutMs) => {
      try {
        await obj().get(link, { idleTimeoutMs }).bytes()
        return 'resolved'
      } catch (error) {
        return error instanceof Error && 'code' in error ? String(error.code) : String(error)
      }
    },

    close: async () => {
      await craft?.stop()
      await store?.close()
      await codec?.dispose()
    }
  }
}

function equal(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index])
}
