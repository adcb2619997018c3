import type { ByteDuplex } from '../../sdk/net/http/index.ts'

/** The same bytes from the transport in chunks of `size`: record boundaries and network boundaries never agree. */
export function rechunk({ readable, writable }: ByteDuplex, size: number): ByteDuplex {
  const splitter = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      for (let at = 0; at < chunk.length; at += size) controller.enqueue(chunk.subarray(at, at + size))
    }
  })
  return { readable: readable.pipeThrough(splitter), writable }
}
