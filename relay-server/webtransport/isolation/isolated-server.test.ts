import type { ChildProcess } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Clock } from '../../../sdk/async/index.ts'
import type { CraftecError } from '../../../sdk/errors/index.ts'
import { createSelfSignedCertificate } from '../certificate/self-signed-certificate.ts'
import type { TlsCertificate } from '../certificate/tls-certificate.ts'
import { loadQuiche } from '../quiche/load-quiche.ts'
import type { WebTransportServerOptions, WebTransportSession } from '../web-transport-server.ts'
import type { FromEngine, ToEngine } from './engine-messages.ts'
import { forkEngine, startIsolatedServer } from './isolated-server.ts'

const support = await loadQuiche().then(
  () => undefined,
  (error: Error) => error.message
)
if (support !== undefined) console.warn(`isolated engine tests skipped: ${support}`)

let certificate: TlsCertificate
beforeAll(async () => {
  certificate = await createSelfSignedCertificate(Date.now(), 3_600_000)
})

function options(onSession: (session: WebTransportSession) => void = () => {}): WebTransportServerOptions {
  const limits = { maxSessions: 4, maxSessionsPerHost: 4, handshakeTimeoutMs: 1000, idleTimeoutMs: 1000, maxStreams: 4 }
  return { host: '127.0.0.1', port: 0, path: '/', certificate, limits, onSession }
}

describe('an engine, as its relay sees it', () => {
  it('ends all sessions when it dies, and is started again on the same port', async () => {
    const engines: FakeEngine[] = []
    const clock = new ManualClock()
    const crashes: CraftecError[] = []
    let session: WebTransportSession | undefined
    const server = await startIsolatedServer(
      options(opened => {
        session = opened
      }),
      { clock, onCrash: error => crashes.push(error), spawn: () => nextEngine(engines) }
    )
    engines[0]?.say({ kind: 'session', session: 1, host: '192.0.2.1', port: 5 })
    expect(session?.remote).toEqual({ host: '192.0.2.1', port: 5 })
    const stream = session?.openStream()
    let resets = 0
    stream?.attach({ onData() {}, onEnd() {}, onStopped() {}, onWritable() {}, onReset: () => resets++ })
    engines[0]?.emit('exit', 134, null)
    expect(await session?.closed).toMatchObject({ code: 'link-closed' })
    expect(resets).toBe(1)
    expect(crashes).toHaveLength(1)
    clock.advance(500)
    await expect.poll(() => engines.length).toBe(2)
    expect(engines[1]?.heard[0]).toMatchObject({ kind: 'start', port: 4433 })
    await server.close()
  })

  it('is killed when it falls silent, and not while it answers', async () => {
    const engines: FakeEngine[] = []
    const clock = new ManualClock()
    const server = await startIsolatedServer(options(), { clock, spawn: () => nextEngine(engines) })
    const [engine] = engines
    for (let i = 0; i < 10; i++) clock.advance(5000)
    expect(engine?.killed).toBe(false)
    if (engine) engine.answering = false
    for (let i = 0; i < 5; i++) clock.advance(5000)
    expect(engine?.killed).toBe(true)
    await server.close()
  })

  it('that cannot start is an error with its reason', async () => {
    const start = startIsolatedServer(options(), {
      spawn: () => nextEngine([], { kind: 'failed', why: 'the address is taken' })
    })
    await expect(start).rejects.toMatchObject({
      code: 'connect-failed',
      message: expect.stringContaining('the address is taken')
    })
  })
})

describe.skipIf(support !== undefined)('an engine in a process of its own', () => {
  it('starts, serves, and leaves nothing behind', async () => {
    const children: ChildProcess[] = []
    const spawn = (): ChildProcess => {
      const child = forkEngine()
      children.push(child)
      return child
    }
    const server = await startIsolatedServer(options(), { spawn })
    const { port } = server.address
    expect(port).toBeGreaterThan(0)
    await server.close()
    expect(children[0]?.exitCode ?? children[0]?.signalCode).not.toBeNull()
    const again = await startIsolatedServer({ ...options(), port }, { spawn })
    expect(again.address.port).toBe(port)
    await again.close()
  })

  it('ends itself when it uses more memory than it may, and comes back', { timeout: 60_000 }, async () => {
    const crashes: CraftecError[] = []
    const twice = Promise.withResolvers<void>()
    const server = await startIsolatedServer(options(), {
      maxMemoryBytes: 1,
      onCrash: error => {
        if (crashes.push(error) === 2) twice.resolve()
      }
    })
    await twice.promise
    expect(crashes.map(error => error.code)).toEqual(['link-closed', 'link-closed'])
    await server.close()
  })
})

/** Stands for the child process: listens at once, and answers pings. */
class FakeEngine extends EventEmitter {
  readonly heard: ToEngine[] = []
  readonly connected = true
  exitCode: number | null = null
  signalCode: string | null = null
  answering = true
  killed = false
  private readonly first: FromEngine

  constructor(first: FromEngine) {
    super()
    this.first = first
  }

  send(message: ToEngine): boolean {
    this.heard.push(message)
    if (message.kind === 'start') queueMicrotask(() => this.say(this.first))
    if (message.kind === 'close') queueMicrotask(() => this.say({ kind: 'closed' }))
    if (message.kind === 'ping' && this.answering)
      this.say({ kind: 'pong', stats: { sessions: 0, accepted: 0, refused: 0, retried: 0, violations: 0 } })
    return true
  }

  say(message: FromEngine): void {
    this.emit('message', message)
  }

  kill(): boolean {
    this.killed = true
    this.signalCode = 'SIGKILL'
    queueMicrotask(() => this.emit('exit', null, 'SIGKILL'))
    return true
  }
}

function nextEngine(
  engines: FakeEngine[],
  first: FromEngine = { kind: 'listening', host: '127.0.0.1', port: 4433 }
): ChildProcess {
  const engine = new FakeEngine(first)
  engines.push(engine)
  return engine as unknown as ChildProcess
}

class ManualClock implements Clock {
  private time = 0
  private tasks: { readonly at: number; readonly task: () => void }[] = []

  now(): number {
    return this.time
  }

  monotonic(): number {
    return this.time
  }

  after(delayMs: number, task: () => void): () => void {
    const entry = { at: this.time + delayMs, task }
    this.tasks.push(entry)
    return () => {
      this.tasks = this.tasks.filter(other => other !== entry)
    }
  }

  advance(ms: number): void {
    this.time += ms
    const due = this.tasks.filter(entry => entry.at <= this.time)
    this.tasks = this.tasks.filter(entry => entry.at > this.time)
    for (const { task } of due) task()
  }
}
