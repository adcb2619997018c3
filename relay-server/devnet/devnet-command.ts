import type { Command } from 'commander'
import { CraftecError } from '../../sdk/errors/index.ts'
import { type DemoOrigin, startDemoOrigin } from './demo-origin.ts'
import { type Devnet, startDevnet } from './start-devnet.ts'

interface DevnetFlags {
  readonly relays: number
  readonly exits: number
  readonly storage: number
  readonly origin: readonly string[]
  readonly demoOrigin: boolean
  readonly webrtcDirect: boolean
  readonly webtransport: boolean
  readonly json: boolean
}

const AFTER_HELP = `
Everything listens on 127.0.0.1 and ends with this command, also when it is killed. The exits reach nothing but the origins named here.
With --json one line goes to stdout when the network is ready:
  { "bootstrap": [multiaddr, …], "nodes": [{ roles, country, peerId, addresses, metrics, pid, logPath }, …], "metrics": [url, …],
    "demoOrigin": url, "demoOriginSecure": https url, "demoOriginRoot": PEM }`

/** Add `craftec-relay devnet`. */
export function addDevnetCommand(program: Command, onResult: (exitCode: number) => void): void {
  program
    .command('devnet')
    .description('run a whole network on this machine, for development and CI')
    .option('--relays <n>', 'nodes that only relay', parseCount, 5)
    .option('--exits <n>', 'nodes that relay and exit', parseCount, 2)
    .option('--storage <n>', 'nodes that relay and keep content for others', parseCount, 1)
    .option(
      '--origin <host:port>',
      'local server that the exits may reach, 127.x.x.x:PORT; may be repeated',
      collect,
      []
    )
    .option('--demo-origin', 'start a demo web site, with and without TLS, and let the exits reach it', false)
    .option('--webrtc-direct', 'listen on WebRTC-direct too', false)
    .option('--webtransport', 'listen on WebTransport too; needs the optional native part', false)
    .option('--json', 'print one JSON line when ready, and nothing else', false)
    .addHelpText('after', AFTER_HELP)
    .action(async (flags: DevnetFlags) => onResult(await runDevnet(flags)))
}

async function runDevnet(flags: DevnetFlags): Promise<number> {
  const ended = new AbortController()
  const onSignal = (): void => {
    // A second signal does not wait for the children: they end by themselves when this process is gone.
    if (ended.signal.aborted) process.exit(1)
    ended.abort()
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  const say = flags.json ? () => {} : (text: string) => void process.stdout.write(`${text}\n`)
  let origin: DemoOrigin | undefined
  let devnet: Devnet | undefined
  try {
    if (flags.demoOrigin) origin = await startDemoOrigin()
    const localOrigins = [...flags.origin, ...(origin?.localOrigins ?? [])]
    const { relays, exits, storage, webrtcDirect, webtransport } = flags
    devnet = await startDevnet({
      relays,
      exits,
      storage,
      webrtcDirect,
      webtransport,
      localOrigins,
      signal: ended.signal,
      onProgress: say
    })
    announce(devnet, origin, flags.json)
    await new Promise<void>(resolve => ended.signal.addEventListener('abort', () => resolve(), { once: true }))
    return 0
  } catch (error) {
    if (ended.signal.aborted) return 0
    throw error
  } finally {
    await devnet?.stop()
    await origin?.stop()
  }
}

function announce({ bootstrap, nodes }: Devnet, origin: DemoOrigin | undefined, json: boolean): void {
  if (json) {
    const line = {
      bootstrap,
      nodes,
      metrics: nodes.map(node => node.metrics),
      ...(origin
        ? { demoOrigin: origin.url, demoOriginSecure: origin.secure.url, demoOriginRoot: origin.secure.rootPem }
        : {})
    }
    process.stdout.write(`${JSON.stringify(line)}\n`)
    return
  }
  const rows = nodes.map(
    node => `  ${node.country}  ${node.roles.join('+').padEnd(13)}  ${node.addresses[0] ?? ''}  ${node.metrics}`
  )
  const lines = ['', 'Nodes:', ...rows, '', 'Bootstrap:', ...bootstrap.map(address => `  ${address}`)]
  if (origin !== undefined) {
    const { secure, url } = origin
    lines.push('', `Demo site, reachable through the exits: ${url}`, `The same behind TLS: ${secure.url}`)
    lines.push('Give its authority to createCraftec({ net: { tlsRoots: [root] } }):', secure.rootPem)
  }
  process.stdout.write(`${lines.join('\n')}\n\nCtrl-C ends all of it.\n`)
}

function collect(value: string, before: readonly string[]): string[] {
  return [...before, value]
}

function parseCount(text: string): number {
  if (!/^\d{1,3}$/.test(text)) throw new CraftecError('config-invalid', `expected a number of nodes, got "${text}"`)
  return Number(text)
}
