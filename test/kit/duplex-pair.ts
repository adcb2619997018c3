import type { ByteDuplex } from '../../sdk/net/http/index.ts'

/** Two ends of an in-memory byte stream with the back-pressure of `highWaterMark` chunks a direction. */
export function duplexPair(highWaterMark = 1): [ByteDuplex, ByteDuplex] {
  const there = new TransformStream<Uint8Array, Uint8Array>({}, { highWaterMark: 1 }, { highWaterMark })
  const back = new TransformStream<Uint8Array, Uint8Array>({}, { highWaterMark: 1 }, { highWaterMark })
  return [
    { readable: back.readable, writable: there.writable },
    { readable: there.readable, writable: back.writable }
  ]
}
