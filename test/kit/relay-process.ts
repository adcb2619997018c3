import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import type { RelayProgram } from '../../relay-server/devnet/relay-program.ts'
import { type ChildReport, isChildReport } from '../../relay-server/parent-link/index.ts'

export type ListeningReport = Extract<ChildReport, { type: 'listening' }>

/** A `craftec-relay` as a service manager would run it, with everything it says kept. */
export interface RelayProcess {
  readonly child: ChildProcess
  readonly listening: Promise<ListeningReport>
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>
  readonly output: () => string
}

/** Loopback only, free ports, no drain; `settings` on top. */
export async function testConfig(
  settings: Record<string, unknown>
): Promise<{ path: string; folder: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'craftec-relay-test-'))
  const path = join(folder, 'relay.yaml')
  const config = {
    dataDir: join(folder, 'data'),
    allowPrivateAddresses: true,
    listen: { websocket: ['/ip4/127.0.0.1/tcp/0/ws'], webrtcDirect: [], webtransport: 'off' },
    metrics: { port: 0 },
    ...settings
  }
  await writeFile(path, stringify(config))
  return { path, folder, remove: () => rm(folder, { recursive: true, force: true }) }
}

export function startRelayProcess(
  { path, compileCache }: RelayProgram,
  args: readonly string[],
  nodeArgs: readonly string[] = []
): RelayProcess {
  const child = spawn(process.execPath, [...nodeArgs, path, ...args], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...process.env, ...(compileCache && { NODE_COMPILE_CACHE: compileCache }) }
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  // Not 'close': Node never emits it for a child whose IPC channel was disconnected from this side.
  const said = [child.stdout, child.stderr].map(stream => (stream === null ? undefined : once(stream, 'end')))
  const ended = Promise.all([once(child, 'exit'), ...said]).then(([[code, signal]]) => code ?? signal)
  const listening = new Promise<ListeningReport>((resolve, reject) => {
    child.on('message', message => {
      if (isChildReport(message) && message.type === 'listening') resolve(message)
    })
    void ended.then(code => reject(new Error(`the relay ended with ${code} before it listened:\n${output}`)))
  })
  listening.catch(() => {})
  return { child, listening, ended, output: () => output }
}
