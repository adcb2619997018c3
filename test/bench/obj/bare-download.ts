import { cryptoEngine, TAG_BYTES, useWasmCrypto } from '../../../sdk/crypto/index.ts'
import { ContentDigest } from '../../../sdk/obj/client/content-digest.ts'
import { DEFAULT_PIECE_BYTES, loadHashEngine } from '../../../sdk/obj/index.ts'
import { createCodecPool } from '../../../workers/index.ts'
import { nonceOf, SEALED_KEY, SEALED_PATH } from './sealed-messages.ts'

const NO_AAD = new Uint8Array(0)
const codec = createCodecPool()
let file: Worker | undefined

/**
 * What no get can do without, and nothing else: bytes over a WebSocket that are sealed on the way, hashed as pieces and as a content,
 * handed to a reader and kept on the disk. No peers, no streams, no protocol, no index, and nobody to find: the most that a get can reach.
 * @returns milliseconds, when all of it is on the disk and its hash is known
 */
export async function bareDownloadMs(url: string, bytes: number): Promise<number> {
  await useWasmCrypto()
  const hashing = await loadHashEngine()
  file ??= new Worker(new URL('./file-worker.ts', import.meta.url), { type: 'module' })
  const free: Uint8Array[] = []
  const kept = new Promise<number>((resolve, reject) => {
    if (file === undefined) return
    file.onerror = ({ message }) => reject(new Error(message))
    file.onmessage = ({ data }: MessageEvent<Uint8Array | number>) => {
      if (typeof data === 'number') resolve(data)
      else if (data.length === DEFAULT_PIECE_BYTES) free.push(data)
    }
  })
  const socket = new WebSocket(url + SEALED_PATH)
  socket.binaryType = 'arraybuffer'
  await new Promise((resolve, reject) => {
    socket.onopen = resolve
    socket.onerror = reject
  })
  const started = performance.now()
  const digest = new ContentDigest({ codec, hashing }, bytes)
  let piece: Uint8Array = new Uint8Array(DEFAULT_PIECE_BYTES)
  let [filled, received, messages] = [0, 0, 0]
  let digested = Promise.resolve()
  const onPiece = (whole: Uint8Array): void => {
    hashing.pieceRoot(whole)
    // the reader's own: the piece itself goes to the disk
    const forReader = whole.slice()
    digested = digested.then(() => digest.update(forReader))
    file?.postMessage(whole, [whole.buffer as ArrayBuffer])
  }
  await new Promise<void>((resolve, reject) => {
    socket.onclose = () => reject(new Error('the server closed'))
    socket.onmessage = ({ data }: MessageEvent<ArrayBuffer>) => {
      const message = new Uint8Array(data)
      const content = message.subarray(0, message.length - TAG_BYTES)
      const tag = message.subarray(content.length)
      const [key, nonce] = [SEALED_KEY, nonceOf(messages++)]
      if (!cryptoEngine().aeadOpenInPlace(key, nonce, content, tag, NO_AAD)) reject(new Error('not authentic'))
      for (let from = 0; from < content.length; ) {
        const part = content.subarray(from, from + piece.length - filled)
        piece.set(part, filled)
        filled += part.length
        from += part.length
        received += part.length
        if (filled < piece.length && received < bytes) continue
        onPiece(piece.subarray(0, filled))
        piece = free.pop() ?? new Uint8Array(DEFAULT_PIECE_BYTES)
        filled = 0
      }
      if (received >= bytes) resolve()
    }
    socket.send(String(bytes))
  })
  file.postMessage('end')
  await digested
  await digest.digest()
  if ((await kept) !== bytes) throw new Error('not all of it was kept')
  const ms = performance.now() - started
  socket.close()
  return ms
}
