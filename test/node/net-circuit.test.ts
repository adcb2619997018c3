import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CraftecError } from '../../sdk/errors/index.ts'
import { STREAM_WINDOW_BYTES } from '../../sdk/net/circuit/index.ts'
import type { CircuitHandle, CircuitStream } from '../../sdk/net/node/index.ts'
import { type LoopbackOnionNetwork, startLoopbackOnionNetwork } from '../kit/loopback-onion-network.ts'

const MIB = 1024 * 1024
let network: LoopbackOnionNetwork
const servers: Server[] = []

beforeEach(async () => {
  network = await startLoopbackOnionNetwork(3)
})

afterEach(async () => {
  await network.stop()
  for (const server of servers.splice(0)) server.close()
})

async function listen(onSocket: (socket: Socket) => void): Promise<number> {
  const server = createServer({ allowHalfOpen: true }, socket => {
    socket.on('error', () => {})
    onSocket(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  servers.push(server)
  return (server.address() as AddressInfo).port
}

function build(relays = 3): Promise<CircuitHandle> {
  return network.client.build(network.path(relays), { timeoutMs: 10_000 })
}

function open(circuit: CircuitHandle, port: number, host = '127.0.0.1'): Promise<CircuitStream> {
  return circuit.openStream({ host, port }, { timeoutMs: 5_000 })
}

async function send(stream: CircuitStream, bytes: Uint8Array): Promise<void> {
  const writer = stream.writable.getWriter()
  for (let at = 0; at < bytes.length; at += 100_000) await writer.write(bytes.subarray(at, at + 100_000))
  await writer.close()
}

async function digest(stream: CircuitStream): Promise<string> {
  const hash = createHash('sha256')
  for await (const bytes of stream.readable) hash.update(bytes)
  return hash.digest('hex')
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'no error',
    error => (error instanceof CraftecError ? error.code : `not a CraftecError: ${error}`)
  )
}

/** A target that writes until it is stopped. */
async function listenEndless(): Promise<{ port: number; socket: Promise<Socket> }> {
  const connected = Promise.withResolvers<Socket>()
  const port = await listen(socket => {
    const chunk = new Uint8Array(65_536)
    const write = (): void => {
      while (!socket.destroyed && socket.write(chunk));
    }
    socket.on('drain', write)
    write()
    connected.resolve(socket)
  })
  return { port, socket: connected.promise }
}

describe('circuits over real nodes', () => {
  it('carry 20 MB both ways at once over three relays and an exit, unchanged', async () => {
    const port = await listen(socket => socket.pipe(socket))
    const circuit = await build()
    expect(circuit.hopRoundTripsMs).toHaveLength(4)
    const stream = await open(circuit, port)
    const bytes = new Uint8Array(randomBytes(20 * MIB))
    const [, received] = await Promise.all([send(stream, bytes), digest(stream), stream.opened])
    expect(received).toBe(createHash('sha256').update(bytes).digest('hex'))
    expect(circuit).toMatchObject({ bytesSent: bytes.length, bytesReceived: bytes.length })
  }, 180_000)

  it('work at every length from none to three relays, and answer pings', async () => {
    const port = await listen(socket => socket.end('hello'))
    for (const relays of [0, 1, 2, 3]) {
      const circuit = await build(relays)
      const stream = await open(circuit, port)
      expect(await new Response(stream.readable).text()).toBe('hello')
      expect(await circuit.ping()).toBeGreaterThan(0)
      circuit.destroy()
      expect(await circuit.closed).toBeUndefined()
    }
  })

  it('end with a typed error everywhere when a relay goes away in the middle of a transfer', async () => {
    const { port } = await listenEndless()
    const circuit = await build()
    const stream = await open(circuit, port)
    const reader = stream.readable.getReader()
    while (circuit.bytesReceived < MIB) await reader.read()
    void network.relays[1]?.kill()
    const readOn = async (): Promise<void> => {
      while (!(await reader.read()).done);
    }
    expect(await codeOf(readOn())).toBe('circuit-destroyed')
    expect(await codeOf(stream.writable.getWriter().write(new Uint8Array(1)))).toBe('circuit-destroyed')
    expect((await circuit.closed)?.code).toBe('circuit-destroyed')
    expect(await codeOf(open(circuit, port))).toBe('circuit-destroyed')
    expect(await codeOf(build())).toBe('circuit-failed')
    expect(network.exit.relay.stats()).toMatchObject({ queuedBytes: 0, streams: 0 })
  })

  it('let a reader that does not read hold one window, and nothing more anywhere', async () => {
    const { port } = await listenEndless()
    const circuit = await build()
    const stream = await open(circuit, port)
    await stream.opened
    while (circuit.bytesReceived < STREAM_WINDOW_BYTES) await circuit.ping()
    for (let pings = 0; pings < 10; pings++) await circuit.ping()
    expect(circuit.bytesReceived).toBe(STREAM_WINDOW_BYTES)
    for (const { relay } of network.relays) expect(relay.stats().queuedBytes).toBe(0)
    expect(network.exit.relay.stats().queuedBytes).toBeLessThan(MIB / 2)
    // Other streams of the circuit are not held up.
    const helloPort = await listen(socket => socket.end('hello'))
    expect(await new Response((await open(circuit, helloPort)).readable).text()).toBe('hello')
    await stream.readable.cancel()
  })

  it('stop the target from sending when the reader cancels', async () => {
    const { port, socket } = await listenEndless()
    const circuit = await build()
    const stream = await open(circuit, port)
    const reader = stream.readable.getReader()
    await reader.read()
    const closed = socket.then(target => new Promise(resolve => target.once('close', resolve)))
    await reader.cancel()
    await closed
    expect(await codeOf(stream.writable.getWriter().write(new Uint8Array(1)))).toBe('stream-reset')
  })

  it('say why a stream did not open', async () => {
    const circuit = await build(1)
    const closedPort = await listen(() => {})
    await new Promise(resolve => servers.pop()?.close(resolve))
    expect(await codeOf((await open(circuit, 80, 'elsewhere.test')).opened)).toBe('exit-refused')
    expect(await codeOf((await open(circuit, closedPort)).opened)).toBe('connect-failed')
    expect(await codeOf(open(circuit, 0))).toBe('invalid-argument')
    const controller = new AbortController()
    const target = { host: '127.0.0.1', port: await listen(() => {}) }
    const aborted = await circuit.openStream(target, { timeoutMs: 5_000, signal: controller.signal })
    controller.abort()
    expect(await codeOf(aborted.opened)).toBe('aborted')
    expect(await codeOf(new Response(aborted.readable).text())).toBe('aborted')
    circuit.destroy()
    expect(await codeOf(open(circuit, target.port))).toBe('circuit-destroyed')
  })

  it('fail when a hop is nowhere to be found, does not exit, or the caller gives up', async () => {
    const [guard, middle] = network.relays.map(({ descriptor }) => descriptor)
    if (guard === undefined || middle === undefined) throw new Error('no relays')
    const nowhere = { ...middle, identity: new Uint8Array(randomBytes(32)) }
    const hops = (...path: (typeof guard)[]): Promise<unknown> =>
      network.client.build({ hops: path }, { timeoutMs: 10_000 })
    expect(await codeOf(hops(guard, nowhere, middle))).toBe('circuit-failed')
    expect(await codeOf(hops(guard, middle))).toBe('circuit-failed')
    expect(await codeOf(hops(guard, guard))).toBe('invalid-argument')
    expect(await codeOf(hops())).toBe('invalid-argument')
    const signal = AbortSignal.abort()
    expect(await codeOf(network.client.build(network.path(3), { timeoutMs: 10_000, signal }))).toBe('aborted')
    expect(network.relays[0]?.relay.stats()).toMatchObject({ refusedUnreachable: 1, refusedLoop: 0, circuits: 0 })
  })

  it('share one link between own circuits and those a node passes on', async () => {
    const port = await listen(socket => socket.end('hello'))
    const [guard] = network.relays
    if (guard === undefined) throw new Error('no relays')
    const passedOn = await build(1)
    const own = await guard.client.build(network.path(0), { timeoutMs: 10_000 })
    for (const circuit of [passedOn, own])
      expect(await new Response((await open(circuit, port)).readable).text()).toBe('hello')
    expect(network.exit.relay.stats()).toMatchObject({ links: 1, circuits: 2 })
  })

  it('a draining exit lets streams finish and takes nothing new', async () => {
    const asked = Promise.withResolvers<Socket>()
    const port = await listen(asked.resolve)
    const circuit = await build()
    const stream = await open(circuit, port)
    await stream.opened
    const drained = network.exit.relay.drain({ timeoutMs: 60_000 })
    expect(await codeOf((await open(circuit, port)).opened)).toBe('stream-reset')
    expect(await codeOf(build())).toBe('circuit-failed')
    ;(await asked.promise).end('late answer')
    const text = new Response(stream.readable).text()
    await stream.writable.close()
    expect(await text).toBe('late answer')
    await drained
    expect((await circuit.closed)?.details).toEqual({ reason: 4 })
    expect(network.exit.relay.stats()).toMatchObject({ draining: true, circuits: 0, streams: 0 })
  })
})
