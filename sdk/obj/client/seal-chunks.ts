import type { ContentCipher } from '../content/index.ts'

/**
 * Encrypt what passes: plaintext of any lengths in, sealed chunks out. The last chunk is sealed as the last, so one is always held back.
 * @param onPlain told of the plaintext bytes taken
 */
export async function* sealChunks(
  plaintext: AsyncIterable<Uint8Array>,
  cipher: ContentCipher,
  onPlain: (bytes: number) => void
): AsyncIterable<Uint8Array> {
  const { chunkBytes } = cipher
  let held = new Uint8Array(chunkBytes)
  let filled = 0
  let index = 0
  for await (const bytes of plaintext) {
    onPlain(bytes.length)
    for (let at = 0; at < bytes.length; ) {
      if (filled === chunkBytes) {
        yield cipher.seal(index++, false, held)
        held = new Uint8Array(chunkBytes)
        filled = 0
      }
      const take = Math.min(chunkBytes - filled, bytes.length - at)
      held.set(bytes.subarray(at, at + take), filled)
      filled += take
      at += take
    }
  }
  yield cipher.seal(index, true, held.subarray(0, filled))
}
