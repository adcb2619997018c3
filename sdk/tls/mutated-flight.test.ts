/** A recorded session with OpenSSL, replayed with one thing wrong at a time: never accepted, never a hang, no foreign data. */
import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { createServer } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeLeaf, makeRoot, testKey } from '../../test/kit/certificate-maker.ts'
import { readSessions } from '../../test/tls/recorded-session.ts'
import { createSynchronousSubtle } from '../../test/tls/synchronous-subtle.ts'
import { systemRandom } from '../async/index.ts'
import type { CraftecError } from '../errors/index.ts'
import { type ClientOffer, createOffer } from './client-offer.ts'
import { TlsConnection } from './tls-connection.ts'
import { parseServerName } from './x509/server-name.ts'
import { readTrustAnchors } from './x509/trust-anchor.ts'
import { validateChain } from './x509/validate-chain.ts'

const root = makeRoot('Mutation Root')
const leaf = makeLeaf(root)
const key = testKey('P-256', 'leaf').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
const anchors = readTrustAnchors([root.der])
const serverName = parseServerName('localhost')
const TEXT = 'what the server really said, and nothing else'
const now = Date.now()

let offer: ClientOffer
/** All bytes of the server, close_notify included. */
let recorded: Uint8Array
/** Where its handshake ends: what comes later is under the keys of the data. */
let handshakeEnd: number

beforeAll(async () => {
  // Thousands of sessions are replayed, and WebCrypto waits for threads.
  const value = createSynchronousSubtle(readSessions()[0]?.clientKeys ?? {})
  Object.defineProperty(crypto, 'subtle', { value, configurable: true })
  offer = await createOffer({ sniName: 'localhost', alpn: [], random: systemRandom })
  recorded = await record()
  // The fewest bytes with which the handshake completes.
  let low = 0
  let high = recorded.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((await replay(recorded.subarray(0, middle))).connected) high = middle
    else low = middle + 1
  }
  handshakeEnd = low
})

afterAll(() => Reflect.deleteProperty(crypto, 'subtle'))

/** One real session, its server's bytes kept. The offer can be used again: the same ClientHello gives the same keys. */
async function record(): Promise<Uint8Array> {
  const server = createServer({ cert: leaf.pem, key, ecdhCurve: 'X25519', minVersion: 'TLSv1.3' }, socket => {
    // OpenSSL sends no close_notify while it still waits for our Finished, so it has to hear from us first.
    socket.once('data', () => socket.end(TEXT))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const pieces: Buffer[] = []
  const readable = new ReadableStream<Uint8Array>({
    start(controller) {
      socket.on('data', piece => {
        pieces.push(piece)
        controller.enqueue(new Uint8Array(piece))
      })
      socket.on('end', () => controller.close())
    }
  })
  const writable = new WritableStream<Uint8Array>({ write: bytes => void socket.write(bytes) })
  const run = await converse(readable, writable)
  expect(run).toEqual({ connected: true, data: TEXT, error: undefined })
  socket.destroy()
  server.close()
  await once(server, 'close')
  return new Uint8Array(Buffer.concat(pieces))
}

interface Run {
  readonly connected: boolean
  readonly data: string
  readonly error: CraftecError | undefined
}

async function converse(readable: ReadableStream<Uint8Array>, writable: WritableStream<Uint8Array>): Promise<Run> {
  const authenticate = (chain: readonly Uint8Array[]) => validateChain(chain, { serverName, now, anchors })
  const connection = new TlsConnection({ readable, writable })
  let connected = false
  let data = ''
  try {
    await connection.handshake(offer, { authenticate, recordsPerKey: 1000 })
    connected = true
    await connection.write(Uint8Array.of(1))
    for (let piece = await connection.read(); piece; piece = await connection.read())
      data += Buffer.from(piece).toString('latin1')
    return { connected, data, error: undefined }
  } catch (error) {
    return { connected, data, error: error as CraftecError }
  }
}

function replay(...chunks: Uint8Array[]): Promise<Run> {
  const rest = [...chunks]
  const readable = new ReadableStream<Uint8Array>({
    pull(controller) {
      const chunk = rest.shift()
      if (chunk === undefined) controller.close()
      else controller.enqueue(chunk)
    }
  })
  return converse(readable, new WritableStream())
}

function flipped(at: number, mask: number): Uint8Array {
  const copy = recorded.slice()
  copy[at] = (copy[at] ?? 0) ^ mask
  return copy
}

/** Offsets of the records. */
function recordStarts(): number[] {
  const starts: number[] = []
  for (let at = 0; at < recorded.length; at += 5 + (recorded[at + 3] ?? 0) * 256 + (recorded[at + 4] ?? 0))
    starts.push(at)
  return starts
}

function expectRefused(run: Run, where: string): void {
  expect(run.error?.code, where).toMatch(/^tls-/)
  expect(TEXT.startsWith(run.data), `${where}: foreign data`).toBe(true)
}

describe('a mutated recording', () => {
  it('is accepted when nothing is wrong, in one piece and byte by byte', async () => {
    const good = { connected: true, data: TEXT, error: undefined }
    expect(await replay(recorded)).toEqual(good)
    expect(await replay(...Array.from(recorded, byte => Uint8Array.of(byte)))).toEqual(good)
    expect(recorded.length).toBeGreaterThan(900)
  })

  it('is refused with any one byte flipped', { timeout: 120_000 }, async () => {
    const starts = recordStarts()
    // Of the records in the clear (ServerHello, ChangeCipherSpec), the minor version is to be ignored (RFC 8446 §5.1).
    const ignored = starts.filter(start => recorded[start] !== 23).map(start => start + 2)
    for (let at = 0; at < recorded.length; at++) {
      const run = await replay(flipped(at, 1 << (at % 8)))
      if (ignored.includes(at)) expect(run.data).toBe(TEXT)
      else {
        expectRefused(run, `byte ${at} of ${recorded.length}`)
        if (at < handshakeEnd) expect(run, `byte ${at}`).toMatchObject({ connected: false, data: '' })
      }
    }
  })

  it('is truncated when cut anywhere, and says so', { timeout: 120_000 }, async () => {
    for (let at = 0; at < recorded.length; at++) {
      const run = await replay(recorded.subarray(0, at))
      expectRefused(run, `cut at ${at}`)
      expect(run.error?.code, `cut at ${at}`).toBe('tls-truncated')
      expect(run.connected).toBe(at >= handshakeEnd)
    }
  })

  it('is refused with any record missing, doubled, or exchanged with the next', async () => {
    const starts = recordStarts()
    const records = starts.map((start, index) => recorded.subarray(start, starts[index + 1] ?? recorded.length))
    for (const [index, one] of records.entries()) {
      if (one[0] === 20) continue // ChangeCipherSpec may be missing, twice, or elsewhere
      const isLast = index === records.length - 1
      const missing = records.toSpliced(index, 1)
      expectRefused(await replay(...missing), `record ${index} missing`)
      // What follows close_notify is not read (§6.1).
      if (!isLast) expectRefused(await replay(...records.toSpliced(index, 0, one)), `record ${index} doubled`)
      const after = records[index + 1]
      if (after && after[0] !== 20)
        expectRefused(await replay(...records.toSpliced(index, 2, after, one)), `record ${index} late`)
    }
  })

  it('is refused when the lengths of its records lie', async () => {
    for (const start of recordStarts())
      for (const length of [0, 1, 16, 0x4101, 0xffff]) {
        if (length === (recorded[start + 3] ?? 0) * 256 + (recorded[start + 4] ?? 0)) continue // the truth
        const copy = recorded.slice()
        copy[start + 3] = length >> 8
        copy[start + 4] = length & 0xff
        expectRefused(await replay(copy), `record at ${start} of ${length} bytes`)
      }
  })
})
