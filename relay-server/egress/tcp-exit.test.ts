import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { ManualClock } from '../../test/kit/manual-clock.ts'
import { parseExitPolicy } from './exit-policy.ts'
import { NameBlocklistBuilder } from './name-blocklist.ts'
import type { NameResolver } from './name-resolver.ts'
import { createTcpExit, type TcpExit, type TcpExitOptions } from './tcp-exit.ts'

const servers: { server: Server; sockets: Set<Socket> }[] = []
const exits: TcpExit[] = []

afterEach(async () => {
  for (const exit of exits.splice(0)) exit.stop()
  for (const { server, sockets } of servers.splice(0)) {
    for (const socket of sockets) socket.destroy()
    server.close()
    await once(server, 'close')
  }
})

async function listen(onSocket: (socket: Socket) => void, host = '127.0.0.1'): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    onSocket(socket)
  })
  server.listen(0, host)
  await once(server, 'listening')
  servers.push({ server, sockets })
  return (server.address() as AddressInfo).port
}

function exitTo(port: number, options: Partial<TcpExitOptions> = {}): TcpExit {
  const exit = createTcpExit({
    policy: parseExitPolicy([`accept 127.0.0.1:${port}`, `accept [::1]:${port}`, 'accept *:80']),
    resolve: async () => ['127.0.0.1'],
    ...options
  })
  exits.push(exit)
  return exit
}

const signal = new AbortController().signal

async function readAll(readable: ReadableStream<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of readable) chunks.push(chunk)
  return Buffer.concat(chunks)
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'no error',
    error => error.code
  )
}

describe('TCP exit', () => {
  it('carries bytes both ways and closes each side on its own', async () => {
    const port = await listen(socket => {
      const chunks: Buffer[] = []
      socket.on('data', chunk => chunks.push(chunk))
      // Answers only after the client's side ended: the answer shows that the other half stayed open.
      socket.on('end', () => socket.end(Buffer.concat(chunks).reverse()))
    })
    const exit = exitTo(port)
    const { readable, writable } = await exit.connect({ host: 'origin.example', port }, { signal })
    const sent = crypto.getRandomValues(new Uint8Array(50_000))
    const writer = writable.getWriter()
    await writer.write(sent)
    await writer.close()
    expect(await readAll(readable)).toEqual(Buffer.from(sent).reverse())
    expect(exit.stats()).toMatchObject({ connected: 1, bytesToTargets: 50_000, bytesFromTargets: 50_000 })
  })

  it('stops reading from the target while nobody reads the stream', async () => {
    const block = Buffer.alloc(1024 * 1024)
    let accepted = 0
    let stalled = (): void => {}
    const whenStalled = new Promise<void>(resolve => {
      stalled = resolve
    })
    const port = await listen(socket => {
      const send = (): void => {
        if (accepted >= 64 * block.length) return void socket.end()
        accepted += block.length
        if (socket.write(block)) setImmediate(send)
        else {
          stalled()
          socket.once('drain', send)
        }
      }
      send()
    })
    const exit = exitTo(port)
    const { readable } = await exit.connect({ host: '127.0.0.1', port }, { signal })
    await whenStalled
    const reader = readable.getReader()
    const first = await reader.read()
    expect(first.done).toBe(false)
    // What left the kernel for this process: at most the read-ahead and the chunk in hand, whatever the origin queues.
    expect(exit.stats().bytesFromTargets).toBeLessThan(512 * 1024)
    reader.releaseLock()
    const rest = await readAll(readable)
    expect((first.value?.length ?? 0) + rest.length).toBe(64 * block.length)
  })

  it('resets the connection when the reader cancels or the writer aborts', async () => {
    const failures: Promise<{ code: string }[]>[] = []
    const port = await listen(socket => failures.push(once(socket.resume(), 'error') as Promise<never>))
    const exit = exitTo(port)
    const one = await exit.connect({ host: '127.0.0.1', port }, { signal })
    await one.readable.cancel()
    const two = await exit.connect({ host: '127.0.0.1', port }, { signal })
    await two.writable.abort()
    await expect.poll(() => exit.stats().open).toBe(0)
    await expect.poll(() => failures.length).toBe(2)
    for (const [error] of await Promise.all(failures)) expect(error?.code).toBe('ECONNRESET')
  })

  it('reports a target that resets as stream-reset on both sides', async () => {
    const port = await listen(socket => socket.once('data', () => socket.resetAndDestroy()))
    const { readable, writable } = await exitTo(port).connect({ host: '127.0.0.1', port }, { signal })
    const writer = writable.getWriter()
    const writerClosed = codeOf(writer.closed)
    await writer.write(new Uint8Array(1))
    expect(await codeOf(readAll(readable))).toBe('stream-reset')
    expect(await writerClosed).toBe('stream-reset')
  })

  it('refuses by policy before any connection, and by blocklist before any name is resolved', async () => {
    let touched = 0
    const port = await listen(() => {
      touched += 1
    })
    let resolved = 0
    const builder = new NameBlocklistBuilder()
    builder.addLine('.blocked.example', 'test', 1)
    const exit = exitTo(port, {
      blocklist: builder.build(),
      resolve: async () => {
        resolved += 1
        return ['127.0.0.1']
      }
    })
    const connect = (host: string, to = port): Promise<string> => codeOf(exit.connect({ host, port: to }, { signal }))
    expect(await connect('127.0.0.1', port === 80 ? 81 : 80)).toBe('exit-refused')
    expect(await connect('10.0.0.1', 80)).toBe('exit-refused')
    expect(await connect('www.BLOCKED.example.')).toBe('exit-refused')
    expect(await connect('not a host')).toBe('exit-refused')
    for (const bad of [0, -1, 65_536, 1.5, Number.NaN]) expect(await connect('127.0.0.1', bad)).toBe('exit-refused')
    expect({ touched, resolved }).toEqual({ touched: 0, resolved: 0 })
    expect(exit.stats().refused).toEqual({ 'exit-refused': 9 })
  })

  it('connects to the address it judged although the name now points elsewhere (rebinding)', async () => {
    let secretTouched = 0
    const secretPort = await listen(() => {
      secretTouched += 1
    }, '127.0.0.2')
    const port = await listen(socket => socket.end('judged'))
    let asked = 0
    const rebinding: NameResolver = async () => {
      asked += 1
      return asked === 1 ? ['127.0.0.1'] : ['127.0.0.2']
    }
    const exit = exitTo(port, { resolve: rebinding })
    const { readable } = await exit.connect({ host: 'rebind.example', port }, { signal })
    expect(String(await readAll(readable))).toBe('judged')
    expect(asked).toBe(1)
    // The second answer is judged like the first, and refused.
    expect(await codeOf(exit.connect({ host: 'rebind.example', port: secretPort }, { signal }))).toBe('exit-refused')
    expect(secretTouched).toBe(0)
  })

  it('uses only the allowed addresses of a name that has both kinds', async () => {
    const port = await listen(socket => socket.end('public'))
    const exit = exitTo(port, { resolve: async () => ['10.0.0.1', '169.254.169.254', '::ffff:127.0.0.2', '127.0.0.1'] })
    const { readable } = await exit.connect({ host: 'mixed.example', port }, { signal })
    expect(String(await readAll(readable))).toBe('public')
    const refusing = exitTo(port, { resolve: async () => ['10.0.0.1', 'fd00:ec2::254', 'nonsense'] })
    expect(await codeOf(refusing.connect({ host: 'mixed.example', port }, { signal }))).toBe('exit-refused')
  })

  it('tries the next address when one does not answer', async () => {
    const port = await listen(socket => socket.end('second'))
    const exit = exitTo(port, { resolve: async () => ['::1', '127.0.0.1'] })
    const { readable } = await exit.connect({ host: 'both.example', port }, { signal })
    expect(String(await readAll(readable))).toBe('second')
  })

  it('tells name, connect and deadline failures apart', async () => {
    const port = await listen(() => {})
    const closedPort = await listen(() => {})
    const { server } = servers.at(-1) ?? {}
    server?.close()
    const notFound = exitTo(port, { resolve: () => Promise.reject(new Error('ENOTFOUND')) })
    expect(await codeOf(notFound.connect({ host: 'a.example', port }, { signal }))).toBe('name-not-resolved')
    const empty = exitTo(port, { resolve: async () => [] })
    expect(await codeOf(empty.connect({ host: 'a.example', port }, { signal }))).toBe('name-not-resolved')
    const slow = exitTo(port, { resolve: () => new Promise(() => {}), limits: { resolveTimeoutMs: 5 } })
    expect(await codeOf(slow.connect({ host: 'a.example', port }, { signal }))).toBe('timeout')
    const refusing = exitTo(closedPort)
    expect(await codeOf(refusing.connect({ host: '127.0.0.1', port: closedPort }, { signal }))).toBe('connect-failed')
    servers.pop()
  })

  it('stops waiting when the caller aborts', async () => {
    const controller = new AbortController()
    const exit = exitTo(1, {
      resolve: () => {
        queueMicrotask(() => controller.abort())
        return new Promise(() => {})
      }
    })
    expect(await codeOf(exit.connect({ host: 'a.example', port: 1 }, { signal: controller.signal }))).toBe('aborted')
    expect(exit.stats().open).toBe(0)
  })

  it('bounds connections in all and per address, and frees them when they end', async () => {
    const port = await listen(() => {})
    const exit = exitTo(port, { limits: { connections: 2 } })
    const to = { host: '127.0.0.1', port }
    const first = await exit.connect(to, { signal })
    await exit.connect(to, { signal })
    expect(await codeOf(exit.connect(to, { signal }))).toBe('limit-exceeded')
    await first.readable.cancel()
    await expect.poll(() => exit.stats().open).toBe(1)
    await exit.connect(to, { signal })

    const narrow = exitTo(port, { limits: { connectionsPerAddress: 1 } })
    await narrow.connect({ host: 'one.example', port }, { signal })
    expect(await codeOf(narrow.connect({ host: 'two.example', port }, { signal }))).toBe('limit-exceeded')
  })

  it('holds all connections together to a rate', async () => {
    const clock = new ManualClock()
    const port = await listen(socket => socket.end(Buffer.alloc(1_000_000)))
    const exit = exitTo(port, { clock, limits: { bytesPerSecond: 100_000 } })
    const streams = await Promise.all([1, 2].map(() => exit.connect({ host: '127.0.0.1', port }, { signal })))
    let received = 0
    const reading = Promise.all(
      streams.map(async ({ readable }) => {
        for await (const chunk of readable) received += chunk.length
      })
    )
    // Each connection passes at most one read of 64 KiB before it waits for a clock that stands still.
    await expect.poll(() => received).toBeGreaterThan(0)
    expect(exit.stats().bytesFromTargets).toBeLessThanOrEqual(2 * 2 * 65_536)
    const startedMs = clock.monotonic()
    let ended = false
    void reading.then(() => {
      ended = true
    })
    while (!ended) {
      clock.advance(100)
      await new Promise<void>(resolve => setImmediate(resolve))
    }
    expect(received).toBe(2_000_000)
    expect(clock.monotonic() - startedMs).toBeGreaterThan(18_000)
  })

  it('ends a connection that carries nothing', async () => {
    const port = await listen(() => {})
    const exit = exitTo(port, { limits: { idleTimeoutMs: 20 } })
    const { readable } = await exit.connect({ host: '127.0.0.1', port }, { signal })
    expect(await codeOf(readAll(readable))).toBe('timeout')
  })

  it('ends everything and takes nothing new once stopped', async () => {
    const port = await listen(() => {})
    const exit = exitTo(port)
    const { readable } = await exit.connect({ host: '127.0.0.1', port }, { signal })
    exit.stop()
    expect(await codeOf(readAll(readable))).toBe('stopped')
    expect(await codeOf(exit.connect({ host: '127.0.0.1', port }, { signal }))).toBe('stopped')
  })
})
