import { spawn } from 'node:child_process'

export interface CommandResult {
  /** Exit code; undefined when a signal or the deadline ended it, or it could not start. */
  readonly code: number | undefined
  /** Standard output and error, interleaved as they came; the oldest part is dropped past the bound. */
  readonly output: string
  readonly milliseconds: number
}

export interface CommandOptions {
  readonly cwd: string
  readonly timeoutMs: number
  readonly env?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

const MAX_OUTPUT_CHARS = 400_000

/**
 * Run a program in a process group of its own, so that its end (or the deadline's) is the end of all that it started.
 * Never rejects: a program that cannot start is a result without a code.
 */
export function runCommand(argv: readonly string[], options: CommandOptions): Promise<CommandResult> {
  const started = performance.now()
  const [program = '', ...args] = argv
  return new Promise(resolve => {
    let output = ''
    const take = (chunk: string): void => {
      output = (output + chunk).slice(-MAX_OUTPUT_CHARS)
    }
    const child = spawn(program, args, {
      cwd: options.cwd,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...options.env }
    })
    child.stdout.setEncoding('utf8').on('data', take)
    child.stderr.setEncoding('utf8').on('data', take)
    const end = (reason: string): void => {
      take(`\n${reason}\n`)
      killGroup(child.pid)
    }
    const timer = setTimeout(() => end(`ended: took longer than ${options.timeoutMs / 1000} s`), options.timeoutMs)
    const onAbort = (): void => end('ended: interrupted')
    options.signal?.addEventListener('abort', onAbort, { once: true })
    const finish = (code: number | null): void => {
      clearTimeout(timer)
      options.signal?.removeEventListener('abort', onAbort)
      killGroup(child.pid)
      resolve({ code: code ?? undefined, output, milliseconds: performance.now() - started })
    }
    child.once('error', error => {
      take(`${error.message}\n`)
      finish(null)
    })
    // A grandchild may hold the pipes open for ever: once the child is gone, the group goes, and then the pipes close.
    child.once('exit', () => killGroup(child.pid))
    child.once('close', finish)
  })
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // the group is already gone
  }
}
