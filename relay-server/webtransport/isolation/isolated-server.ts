/**
 * A WebTransport server in a process of its own. The native QUIC code has published resource-exhaustion flaws and could
 * have others (docs/decisions, "WebTransport in Node"): here it shares no memory with the node's identity key, a crash or
 * an endless loop in it ends WebTransport sessions only, and it is started again.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { type Clock, systemClock, withDeadline } from '../../../sdk/async/index.ts'
import { CraftecError } from '../../../sdk/errors/index.ts'
import type { TlsCertificate } from '../certificate/tls-certificate.ts'
import type { WebTransportServer, WebTransportServerOptions, WebTransportServerStats } from '../web-transport-server.ts'
import type { FromEngine, ToEngine } from './engine-messages.ts'
import { IsolatedSession } from './isolated-session.ts'

const START_TIMEOUT_MS = 15_000
const CLOSE_TIMEOUT_MS = 2000
const PING_MS = 5000
/** An engine silent for this long hangs; a healthy one answers in milliseconds even under load. */
const SILENCE_MS = 15_000
const MIN_RESTART_MS = 500
const MAX_RESTART_MS = 60_000
const MAX_MEMORY_BYTES = 1024 * 1024 * 1024
const MAX_HEAP_MIB = 256

export interface IsolationRuntime {
  readonly clock?: Clock
  /** An engine ended that should not have; another is on its way. */
  readonly onCrash?: (error: CraftecError) => void
  readonly maxMemoryBytes?: number
  /** How to start an engine's process. */
  readonly spawn?: () => ChildProcess
}

/** @throws CraftecError `connect-failed` when the engine cannot serve the address, `timeout` when it does not answer */
export async function startIsolatedServer(
  options: WebTransportServerOptions,
  runtime: IsolationRuntime = {}
): Promise<WebTransportServer> {
  const server = new IsolatedServer(options, runtime)
  try {
    await server.start()
  } catch (error) {
    await server.close()
    throw error
  }
  return server
}

class IsolatedServer implements WebTransportServer {
  address: { readonly host: string; readonly port: number }
  private readonly options: WebTransportServerOptions
  private readonly runtime: IsolationRuntime
  private readonly clock: Clock
  private readonly sessions = new Map<number, IsolatedSession>()
  private certificate: TlsCertificate
  private child: ChildProcess | undefined
  private lastStats: WebTransportServerStats = { sessions: 0, accepted: 0, refused: 0, retried: 0, violations: 0 }
  private heardAt = 0
  private restartMs = MIN_RESTART_MS
  private cancelTimer: () => void = () => {}
  private closing: Promise<void> | undefined

  constructor(options: WebTransportServerOptions, runtime: IsolationRuntime) {
    this.options = options
    this.runtime = runtime
    this.clock = runtime.clock ?? systemClock
    this.certificate = options.certificate
    this.address = { host: options.host, port: options.port }
  }

  /** Start an engine, and resolve when it listens. */
  async start(): Promise<void> {
    const child = (this.runtime.spawn ?? forkEngine)()
    this.child = child
    await withDeadline(
      { timeoutMs: START_TIMEOUT_MS, what: 'start of the WebTransport engine', clock: this.clock },
      () => this.listening(child)
    )
    if (this.closing !== undefined) throw new CraftecError('stopped', 'the WebTransport server was closed meanwhile')
    this.heardAt = this.clock.monotonic()
    child.on('message', (message: FromEngine) => this.onMessage(message))
    child.once('exit', (code, signal) => this.onExit(code, signal))
    this.watch(child)
  }

  setCertificate(certificate: TlsCertificate): void {
    this.certificate = certificate
    this.send({ kind: 'certificate', certificate })
  }

  stats(): WebTransportServerStats {
    return { ...this.lastStats, sessions: this.sessions.size }
  }

  close(): Promise<void> {
    this.closing ??= this.stop()
    return this.closing
  }

  private listening(child: ChildProcess): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = (why: string, cause?: unknown): void =>
        reject(new CraftecError('connect-failed', `the WebTransport engine did not start: ${why}`, { cause }))
      child.once('error', cause => fail(cause.message, cause))
      child.once('exit', code => fail(`it ended with code ${code}`))
      child.once('message', (message: FromEngine) => {
        if (message.kind !== 'listening') {
          fail(message.kind === 'failed' ? message.why : `it said ${message.kind}`)
          return
        }
        this.address = { host: message.host, port: message.port }
        resolve()
      })
      const { path, limits } = this.options
      const maxMemoryBytes = this.runtime.maxMemoryBytes ?? MAX_MEMORY_BYTES
      this.send({ kind: 'start', ...this.address, path, limits, maxMemoryBytes, certificate: this.certificate })
    })
  }

  private async stop(): Promise<void> {
    this.cancelTimer()
    const { child } = this
    this.child = undefined
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      const exited = new Promise(resolve => child.once('exit', resolve))
      const closed = new Promise<void>(resolve => {
        child.on('message', (message: FromEngine) => {
          if (message.kind === 'closed') resolve()
        })
      })
      child.send({ kind: 'close' } satisfies ToEngine)
      const deadline = { timeoutMs: CLOSE_TIMEOUT_MS, what: 'end of the WebTransport engine', clock: this.clock }
      await withDeadline(deadline, () => Promise.race([closed, exited])).catch(() => {})
      child.kill('SIGKILL')
      await exited
    }
    this.endSessions(undefined)
  }

  private send(message: ToEngine): void {
    if (this.child?.connected) this.child.send(message)
  }

  private onMessage(message: FromEngine): void {
    this.heardAt = this.clock.monotonic()
    switch (message.kind) {
      case 'session': {
        const { session: id, host, port } = message
        const session = new IsolatedSession(id, { host, port }, out => this.send(out))
        this.sessions.set(id, session)
        this.options.onSession(session)
        break
      }
      case 'stream':
        this.sessions.get(message.session)?.onRemoteStream(message.stream)
        break
      case 'session-closed': {
        const session = this.sessions.get(message.session)
        this.sessions.delete(message.session)
        session?.end(message.why === undefined ? undefined : new CraftecError('link-closed', message.why))
        break
      }
      case 'pong':
        this.lastStats = message.stats
        this.restartMs = MIN_RESTART_MS // it works
        break
      case 'listening':
      case 'failed':
      case 'closed':
        break
      default:
        this.sessions.get(message.session)?.onStreamMessage(message)
    }
  }

  private watch(child: ChildProcess): void {
    this.cancelTimer = this.clock.after(PING_MS, () => {
      if (this.clock.monotonic() - this.heardAt > SILENCE_MS) child.kill('SIGKILL')
      else {
        this.send({ kind: 'ping' })
        this.watch(child)
      }
    })
  }

  private onExit(code: number | null, signal: string | null): void {
    if (this.closing !== undefined) return
    const error = new CraftecError('link-closed', `the WebTransport engine ended (code ${code}, signal ${signal})`)
    this.endSessions(error)
    this.runtime.onCrash?.(error)
    this.restartLater()
  }

  private restartLater(): void {
    this.cancelTimer()
    this.cancelTimer = this.clock.after(this.restartMs, () => {
      this.start().catch((error: unknown) => {
        this.child?.kill('SIGKILL')
        if (this.closing !== undefined) return
        this.runtime.onCrash?.(CraftecError.from(error))
        this.restartLater()
      })
    })
    this.restartMs = Math.min(this.restartMs * 2, MAX_RESTART_MS)
  }

  private endSessions(error: CraftecError | undefined): void {
    const sessions = [...this.sessions.values()]
    this.sessions.clear()
    for (const session of sessions) session.end(error)
  }
}

export function forkEngine(): ChildProcess {
  return fork(entryUrl(), {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: {},
    execArgv: [`--max-old-space-size=${MAX_HEAP_MIB}`]
  })
}

/** TypeScript sources run as they are; the published package has the compiled file. */
function entryUrl(): URL {
  return new URL(import.meta.url.endsWith('.ts') ? './engine-process.ts' : './engine-process.js', import.meta.url)
}
