/** A page that stores, holds and retrieves: one node, one store, a pool of coding workers. */
import { systemRandom } from '../../../sdk/async/index.ts'
import { createCraftec } from '../../../sdk/index.ts'
import { createCodecPool, openPieceStore } from '../../../workers/index.ts'
import { bareDownloadMs } from './bare-download.ts'
import { barePutMs } from './bare-put.ts'
import type { Keep } from './exchange.ts'

type Craft = Awaited<ReturnType<typeof createCraftec>>

export interface GetFigures {
  readonly ms: number
  readonly firstByteMs: number
  /** Of pieces that came over the network. */
  readonly fetchedBytes: number
  readonly peers: number
}

const BLOCK_BYTES = 2 ** 20

let craft: Craft | undefined
let source = new Uint8Array(0)

function obj(): Craft['obj'] {
  if (craft === undefined) throw new Error('open first')
  return craft.obj
}

/**
 * Random bytes that cost their reader nothing: each block is one of a few, with its number in front. A put copies what it is given before
 * it asks for more, so that they can be used again; garbage of this source would be taken for memory of the put.
 */
async function* blocks(bytes: number): AsyncGenerator<Uint8Array, void, undefined> {
  const made = systemRandom(4 * BLOCK_BYTES)
  for (let at = 0, number = 0; at < bytes; at += BLOCK_BYTES, number++) {
    const from = (number % 4) * BLOCK_BYTES
    const block = made.subarray(from, from + Math.min(BLOCK_BYTES, bytes - at))
    new DataView(block.buffer, block.byteOffset).setUint32(0, number)
    yield block
  }
}

/** Random bytes, the same ones whenever they are asked for. */
function sourceOf(bytes: number): Uint8Array<ArrayBuffer> {
  if (source.length !== bytes) source = Uint8Array.from(systemRandom(bytes))
  return source
}

const objPage = {
  /** @param share hold what was put or fetched for others, reachable over WebRTC */
  async open(bootstrap: readonly string[], share: boolean, keep: Keep = 'disk'): Promise<void> {
    const name = `bench-${crypto.randomUUID()}`
    const kept = keep === 'disk' ? { store: await openPieceStore({ name, persist: false }) } : {}
    const storage = keep === 'disk' ? 'indexeddb' : 'memory'
    craft = await createCraftec({ bootstrap, storage, obj: { ...kept, codec: createCodecPool(), share } })
  },

  /**
   * Put fresh bytes that stay on this device, and take them out again; only the put is timed.
   * @param asFile as the browser hands out what a user chose, instead of bytes in memory
   */
  async putMs(bytes: number, asFile = false): Promise<number> {
    const content = sourceOf(bytes)
    // another first byte is another content
    content[0] = (content[0] ?? 0) + 1
    const given = asFile ? new File([content], 'file') : content
    const started = performance.now()
    const { link } = await obj().put(given, { replicas: 0 })
    const ms = performance.now() - started
    await obj().remove(link)
    return ms
  },

  barePutMs: (bytes: number): Promise<number> => barePutMs(sourceOf(bytes)),

  /** The same bytes as one file, as a page writes it that has no worker: the browser does it, in a process of its own. */
  async writeFromPageMs(bytes: number): Promise<number> {
    const content = sourceOf(bytes)
    const root = await navigator.storage.getDirectory()
    const started = performance.now()
    const file = await root.getFileHandle('plain', { create: true })
    const stream = await file.createWritable()
    await stream.write(content)
    await stream.close()
    const ms = performance.now() - started
    await root.removeEntry('plain')
    return ms
  },

  /** Put a stream of fresh bytes. @returns its link, when all storage peers have their share, if there are to be any */
  async publish(bytes: number, spread: boolean): Promise<string> {
    const { link, distribution } = await obj().put(blocks(bytes), spread ? {} : { replicas: 0 })
    const { status } = await distribution.done
    if (status !== (spread ? 'done' : 'local')) throw new Error(`spreading ended as ${status}`)
    return link
  },

  /** Put fresh bytes that stay on this device, where others can get them; only the put is timed. */
  async offer(bytes: number): Promise<{ readonly link: string; readonly ms: number }> {
    const content = systemRandom(bytes)
    const started = performance.now()
    const { link } = await obj().put(content, { replicas: 0 })
    return { link, ms: performance.now() - started }
  },

  async forget(link: string): Promise<void> {
    await obj().remove(link)
  },

  /** Fetch all of it, to hold it. */
  async hold(link: string): Promise<void> {
    await obj().pin(link)
  },

  /** Read from others, then forget it, so that the next reading is from others too. */
  async get(link: string, from?: number, to?: number): Promise<GetFigures> {
    await obj().remove(link)
    const started = performance.now()
    let [received, firstByteMs, fetchedBytes, peers] = [0, 0, 0, 0]
    const range = from === undefined || to === undefined ? {} : { range: { from, to } }
    const content = obj().get(link, {
      ...range,
      onProgress: progress => {
        ;({ bytes: fetchedBytes, peers } = progress)
      }
    })
    for await (const chunk of content) {
      if (received === 0) firstByteMs = performance.now() - started
      received += chunk.length
    }
    const ms = performance.now() - started
    const expected = range.range ? range.range.to - range.range.from : (await content.info()).size
    if (received !== expected) throw new Error(`${received} bytes came instead of ${expected}`)
    await obj().remove(link)
    return { ms, firstByteMs, fetchedBytes, peers }
  },

  bareDownloadMs,

  /** The same bytes as WebSocket messages. */
  async webSocketMs(url: string, bytes: number): Promise<number> {
    const socket = new WebSocket(url)
    socket.binaryType = 'arraybuffer'
    await new Promise((resolve, reject) => {
      socket.onopen = resolve
      socket.onerror = reject
    })
    const started = performance.now()
    let received = 0
    const done = new Promise<void>((resolve, reject) => {
      socket.onmessage = ({ data }: MessageEvent<ArrayBuffer>) => {
        received += data.byteLength
        if (received >= bytes) resolve()
      }
      socket.onclose = () => reject(new Error('the server closed'))
    })
    socket.send(String(bytes))
    await done
    const ms = performance.now() - started
    socket.close()
    return ms
  }
}

export type ObjBenchPage = typeof objPage
Object.assign(globalThis, { objBench: objPage })
