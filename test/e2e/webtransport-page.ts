/** The browser's half of webtransport.test.ts: a stock libp2p dialer, and raw W3C sessions for what libp2p hides. */

import { noise } from '@chainsafe/libp2p-noise'
import type { Stream } from '@libp2p/interface'
import { webTransport } from '@libp2p/webtransport'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'

const CHUNK_BYTES = 65_536
const DIAL_TIMEOUT_MS = 10_000

type Node = Awaited<ReturnType<typeof createLibp2p>>
let node: Node | undefined

async function dialer(): Promise<Node> {
  node ??= await createLibp2p({
    transports: [webTransport()],
    connectionEncrypters: [noise()],
    connectionGater: { denyDialMultiaddr: () => false }
  })
  return node
}

async function openStream(address: string, protocol: string): Promise<Stream> {
  const libp2p = await dialer()
  return libp2p.dialProtocol(multiaddr(address), protocol, { signal: AbortSignal.timeout(DIAL_TIMEOUT_MS) })
}

async function readAll(stream: Stream, onBytes: (bytes: Uint8Array) => void): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    stream.addEventListener('message', event => onBytes(event.data.subarray()))
    stream.addEventListener('end', () => resolve())
    stream.addEventListener('close', event => {
      if (event.error) reject(event.error)
    })
  })
}

async function sendAll(stream: Stream, payload: Uint8Array): Promise<void> {
  for (let at = 0; at < payload.length; at += CHUNK_BYTES) {
    if (stream.send(payload.subarray(at, at + CHUNK_BYTES))) continue
    await new Promise(resolve => stream.addEventListener('drain', resolve, { once: true }))
  }
}

async function sha256Hex(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return hex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)))
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('')
}

function randomBytes(sizeBytes: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(sizeBytes)
  for (let at = 0; at < sizeBytes; at += CHUNK_BYTES) crypto.getRandomValues(bytes.subarray(at, at + CHUNK_BYTES))
  return bytes
}

function rawSession(url: string, sha256: readonly number[]): WebTransport {
  const value = Uint8Array.from(sha256)
  return new WebTransport(url, { serverCertificateHashes: [{ algorithm: 'sha-256', value }] })
}

const page = {
  /** Dial with a fresh connection; returns milliseconds. */
  async connect(address: string): Promise<number> {
    const libp2p = await dialer()
    await Promise.all(libp2p.getConnections().map(connection => connection.close()))
    const start = performance.now()
    await libp2p.dial(multiaddr(address), { signal: AbortSignal.timeout(DIAL_TIMEOUT_MS) })
    return performance.now() - start
  },

  async echo(address: string, text: string): Promise<string> {
    const stream = await openStream(address, '/test/echo')
    const chunks: Uint8Array[] = []
    const done = readAll(stream, bytes => chunks.push(bytes.slice()))
    stream.send(new TextEncoder().encode(text))
    await stream.close()
    await done
    return new Blob(chunks as Uint8Array<ArrayBuffer>[]).text()
  },

  /** Send random bytes; the far end answers with the hash of what it got. */
  async upload(address: string, sizeBytes: number, protocol = '/test/upload') {
    const payload = randomBytes(sizeBytes)
    const stream = await openStream(address, protocol)
    const answer: number[] = []
    const done = readAll(stream, bytes => answer.push(...bytes))
    const start = performance.now()
    await sendAll(stream, payload)
    await stream.close()
    await done
    const ms = performance.now() - start
    return { ms, sent: await sha256Hex(payload), received: hex(Uint8Array.from(answer)) }
  },

  async download(address: string) {
    const stream = await openStream(address, '/test/download')
    const chunks: Uint8Array<ArrayBuffer>[] = []
    const start = performance.now()
    await readAll(stream, bytes => chunks.push(bytes.slice()))
    const ms = performance.now() - start
    const payload = new Uint8Array(await new Blob(chunks).arrayBuffer())
    return { ms, sizeBytes: payload.length, received: await sha256Hex(payload) }
  },

  /** Outcome of `count` raw sessions opened at once and kept open. */
  async flood(url: string, sha256: readonly number[], count: number) {
    const start = performance.now()
    const sessions = Array.from({ length: count }, () => rawSession(url, sha256))
    const outcomes = await Promise.allSettled(sessions.map(session => session.ready))
    for (const session of sessions) session.closed.catch(() => {})
    const ms = performance.now() - start
    const open = sessions.filter((_, index) => outcomes[index]?.status === 'fulfilled')
    for (const session of open) session.close()
    await Promise.allSettled(open.map(session => session.closed))
    return { ms, open: open.length, refused: count - open.length }
  },

  /** How opening one raw session ends. */
  async outcome(url: string, sha256: readonly number[]): Promise<'open' | 'refused'> {
    const session = rawSession(url, sha256)
    session.closed.catch(() => {})
    try {
      await session.ready
      session.close()
      return 'open'
    } catch {
      return 'refused'
    }
  },

  /** Open a raw stream, read nothing for `stallMs`, then everything. */
  async stalledRead(url: string, sha256: readonly number[], stallMs: number) {
    const session = rawSession(url, sha256)
    await session.ready
    const stream = await session.createBidirectionalStream()
    const writer = stream.writable.getWriter()
    await writer.write(Uint8Array.of(1))
    await new Promise(resolve => setTimeout(resolve, stallMs))
    const payload = new Uint8Array(
      await new Response(stream.readable as ReadableStream<Uint8Array<ArrayBuffer>>).arrayBuffer()
    )
    session.close()
    return { sizeBytes: payload.length, received: await sha256Hex(payload) }
  }
}

export type WebTransportPage = typeof page

Object.assign(globalThis, { page })
