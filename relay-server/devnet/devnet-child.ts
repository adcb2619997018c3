import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { open, readFile } from 'node:fs/promises'
import { CraftecError } from '../../sdk/errors/index.ts'
import { type ChildReport, isChildReport } from '../parent-link/index.ts'
import type { RelayProgram } from './relay-program.ts'

const STOP_TIMEOUT_MS = 5_000
const LOG_TAIL_CHARACTERS = 2_000

export type ListeningReport = Extract<ChildReport, { type: 'listening' }>

/** One relay process of a devnet. */
export class DevnetChild {
  readonly pid: number
  readonly logPath: string
  /** Descriptors in its directory, by its last report. */
  directoryNodes = 0
  private readonly process: ChildProcess
  private readonly exited: Promise<unknown>
  private onDirectory: () => void = () => {}

  private constructor(child: ChildProcess, pid: number, logPath: string) {
    this.process = child
    this.pid = pid
    this.logPath = logPath
    this.exited = once(child, 'exit')
    child.on('message', message => {
      if (!isChildReport(message) || message.type !== 'directory') return
      this.directoryNodes = message.nodes
      this.onDirectory()
    })
  }

  static async start({ path, compileCache }: RelayProgram, configPath: string, logPath: string): Promise<DevnetChild> {
    const log = await open(logPath, 'w', 0o600)
    try {
      // The IPC channel is also the leash: the child ends when it closes, so even when this process is killed.
      const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', path, '--config', configPath], {
        stdio: ['ignore', log.fd, log.fd, 'ipc'],
        env: { ...withoutSettings(process.env), ...(compileCache && { NODE_COMPILE_CACHE: compileCache }) }
      })
      if (child.pid === undefined) {
        const [cause] = await once(child, 'error')
        throw new CraftecError('internal', 'a relay process could not be started', { cause })
      }
      return new DevnetChild(child, child.pid, logPath)
    } finally {
      await log.close()
    }
  }

  get running(): boolean {
    return this.process.exitCode === null && this.process.signalCode === null
  }

  /** @throws CraftecError with the child's own code when it ends before it listens */
  listening(signal: AbortSignal): Promise<ListeningReport> {
    return new Promise((resolve, reject) => {
      const done = (): void => {
        this.process.off('message', onMessage)
        this.process.off('exit', onExit)
        signal.removeEventListener('abort', onAbort)
      }
      const fail = async (): Promise<void> => {
        done()
        const tail = (await readFile(this.logPath, 'utf8').catch(() => '')).slice(-LOG_TAIL_CHARACTERS)
        reject(new CraftecError('internal', `a relay ended before it listened; the end of its log:\n${tail}`))
      }
      const onMessage = (message: unknown): void => {
        if (!isChildReport(message) || message.type !== 'listening') return
        done()
        resolve(message)
      }
      const onExit = (): void => void fail()
      const onAbort = (): void => {
        done()
        reject(signal.reason)
      }
      this.process.on('message', onMessage)
      this.process.once('exit', onExit)
      signal.addEventListener('abort', onAbort, { once: true })
      if (!this.running) onExit()
    })
  }

  /** Wait until the directory has at least `count` nodes. */
  knows(count: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => reject(signal.reason)
      signal.addEventListener('abort', onAbort, { once: true })
      this.onDirectory = () => {
        if (this.directoryNodes < count) return
        signal.removeEventListener('abort', onAbort)
        resolve()
      }
      this.onDirectory()
    })
  }

  /** As a crash would: SIGKILL, nothing said to anyone. */
  async kill(): Promise<void> {
    if (this.running) this.process.kill('SIGKILL')
    await this.exited
  }

  async stop(): Promise<void> {
    if (this.running) this.process.kill('SIGTERM')
    const timer = setTimeout(() => this.process.kill('SIGKILL'), STOP_TIMEOUT_MS)
    await this.exited
    clearTimeout(timer)
  }
}

/** Settings of whoever runs the devnet are not settings of its nodes. */
function withoutSettings(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('CRAFTEC_')))
}
