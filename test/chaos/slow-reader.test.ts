/** A reader that is slower than the network: what waits for it stays with the sender, not in memory. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Devnet, startDevnet } from '../../relay-server/devnet/index.ts'
import { type Craftec, createCraftec } from '../../sdk/index.ts'

const MB = 1_000_000
const BODY_BYTES = 200 * MB
/**
 * What the client may hold more than before: a stream window of 512 KiB, cells on their way to it, buffers of the link. The
 * body is 50 times as much.
 */
const MAX_GROWTH_BYTES = 4 * MB
/** Windows and socket buffers of every hop, the kernel's included, which gives each end of a socket up to 6 MB. */
const MAX_ON_THE_WAY_BYTES = 20 * MB
const PATTERN = randomBytes(65_536)
const PLAIN = { allowInsecure: true, idleTimeoutMs: 60_000 }

let origin: Server
let url: string
/** Bytes of the big body that the origin could hand to its socket. */
let taken = 0
let devnet: Devnet
let craft: Craftec

/** `PATTERN` over and over: the origin shares this process, and must not be what is measured. */
function* bodyOf(bytes: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes; at += PATTERN.length) {
    yield PATTERN.subarray(0, bytes - at)
    if (bytes === BODY_BYTES) taken = Math.min(bytes, at + PATTERN.length)
  }
}

/** Whether `chunk` is what the body holds from `at` on. */
function isBody(chunk: Uint8Array, at: number): boolean {
  for (let done = 0; done < chunk.length; ) {
    const from = (at + done) % PATTERN.length
    const expected = PATTERN.subarray(from, from + chunk.length - done)
    if (Buffer.compare(chunk.subarray(done, done + expected.length), expected) !== 0) return false
    done += expected.length
  }
  return true
}

beforeAll(async () => {
  origin = createServer((request, response) => {
    const bytes = request.url === '/big' ? BODY_BYTES : MB
    response.writeHead(200, { 'content-length': bytes })
    void pipeline(Readable.from(bodyOf(bytes)), response).catch(() => {})
  }).listen(0, '127.0.0.1')
  await once(origin, 'listening')
  const { port } = origin.address() as AddressInfo
  url = `http://127.0.0.1:${port}`
  devnet = await startDevnet({ relays: 1, exits: 1, localOrigins: [`127.0.0.1:${port}`] })
  craft = await createCraftec({ bootstrap: devnet.bootstrap, hops: 1 })
})

afterAll(async () => {
  await craft?.stop()
  await devnet?.stop()
  origin?.closeAllConnections()
  origin?.close()
})

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** Bytes of objects and of buffers that somebody still holds. Freed buffers are counted out a turn after their collection. */
async function memoryInUse(): Promise<number> {
  collectGarbage()
  await new Promise(resolve => setImmediate(resolve))
  collectGarbage()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

async function small(): Promise<void> {
  expect((await (await craft.net.fetch(`${url}/small`, PLAIN)).arrayBuffer()).byteLength).toBe(MB)
}

it('a reader of 200 MB that stops, and then reads on, holds a window and never the body', {
  timeout: 180_000
}, async () => {
  // Everything a first request loads and compiles is there before the measurement.
  for (let turn = 0; turn < 5; turn++) await small()
  const before = await memoryInUse()
  const response = await craft.net.fetch(`${url}/big`, PLAIN)
  const reader = response.body?.getReader()
  if (reader === undefined) throw new Error('no body')

  // Ten other megabytes pass through the same relays meanwhile: time enough for all that could come to have come.
  for (let turn = 0; turn < 10; turn++) await small()
  expect((await memoryInUse()) - before).toBeLessThan(MAX_GROWTH_BYTES)
  expect(taken).toBeLessThan(MAX_ON_THE_WAY_BYTES)

  let bytes = 0
  let equal = true
  let measuredAt = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    equal &&= isBody(value, bytes)
    bytes += value.length
    if (bytes - measuredAt < 20 * MB) continue
    measuredAt = bytes
    expect((await memoryInUse()) - before).toBeLessThan(MAX_GROWTH_BYTES)
  }
  expect({ bytes, equal }).toEqual({ bytes: BODY_BYTES, equal: true })
})
