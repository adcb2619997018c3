import { DEFAULT_PIECE_BYTES, DEFAULT_SEGMENT_BYTES, parityPieces } from '../../../sdk/obj/index.ts'
import { createCodecPool } from '../../../workers/index.ts'

/** Segments under way, as a put has them. */
const AT_ONCE = 4
const K = DEFAULT_SEGMENT_BYTES / DEFAULT_PIECE_BYTES
const ROOM_BYTES = (K + parityPieces(K)) * DEFAULT_PIECE_BYTES

const codec = createCodecPool()
const rooms: ArrayBuffer[] = Array.from({ length: AT_ONCE }, () => new ArrayBuffer(ROOM_BYTES))
let file: Worker | undefined

/**
 * What no put can do without, and nothing else: bytes are cut, coded, hashed as pieces and as a content, and written to one file. No
 * index, no manifest, no accounts, nothing that could be found again: the most that a put can reach with these formats.
 * @returns milliseconds, when all of it is on the disk and its hash is known
 */
export async function barePutMs(content: Uint8Array<ArrayBuffer>): Promise<number> {
  file ??= new Worker(new URL('./file-worker.ts', import.meta.url), { type: 'module' })
  const [free, waiting] = [[...rooms], [] as ((room: ArrayBuffer) => void)[]]
  rooms.length = 0
  const written = new Promise<number>((resolve, reject) => {
    if (file === undefined) return
    file.onerror = ({ message }) => reject(new Error(message))
    file.onmessage = ({ data }: MessageEvent<Uint8Array<ArrayBuffer> | number>) => {
      if (typeof data === 'number') resolve(data)
      else {
        const take = waiting.shift()
        if (take) take(data.buffer)
        else free.push(data.buffer)
      }
    }
  })
  const started = performance.now()
  const coded: Promise<void>[] = []
  let expected = 0
  for (let at = 0; at < content.length; at += DEFAULT_SEGMENT_BYTES) {
    const room = free.pop() ?? (await new Promise<ArrayBuffer>(resolve => waiting.push(resolve)))
    const source = content.subarray(at, at + DEFAULT_SEGMENT_BYTES)
    const k = Math.ceil(source.length / DEFAULT_PIECE_BYTES)
    const pieces = new Uint8Array(room, 0, (k + parityPieces(k)) * DEFAULT_PIECE_BYTES)
    pieces.set(source)
    expected += pieces.length
    const write = async (): Promise<void> => {
      const result = await codec.commit({ k, pieceBytes: DEFAULT_PIECE_BYTES, pieces, sourceBytes: source.length })
      file?.postMessage(result.pieces, [result.pieces.buffer as ArrayBuffer])
    }
    coded.push(write())
  }
  await Promise.all(coded)
  file.postMessage('end')
  await crypto.subtle.digest('SHA-256', content)
  if ((await written) !== expected) throw new Error('not all of it was written')
  const ms = performance.now() - started
  rooms.push(...free)
  return ms
}
