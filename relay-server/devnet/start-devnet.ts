/** A whole network on 127.0.0.1: every node a process of its own, on free ports, gone when its starter is gone. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { withDeadline } from '../../sdk/async/index.ts'
import { CraftecError } from '../../sdk/errors/index.ts'
import { DevnetChild, type ListeningReport } from './devnet-child.ts'
import { relayProgram } from './relay-program.ts'

export type DevnetRole = 'relay' | 'exit' | 'storage'

export interface DevnetOptions {
  /** Nodes that only relay. Default 5: three hops and some choice. */
  readonly relays?: number
  /** Nodes that relay and exit. Default 2. */
  readonly exits?: number
  /** Nodes that keep pieces of content for others, and relay. Default 0. */
  readonly storage?: number
  /** `127.0.0.1:PORT` of local servers that the exits may reach, on top of the default policy. */
  readonly localOrigins?: readonly string[]
  /** Names that the exits resolve to fixed addresses, such as `{ 'demo.test': ['127.0.0.1'] }`. */
  readonly hosts?: Readonly<Record<string, readonly string[]>>
  /** Listen on more than WebSocket. Default: no. */
  readonly webrtcDirect?: boolean
  readonly webtransport?: boolean
  readonly logLevel?: 'debug' | 'info' | 'warn'
  readonly signal?: AbortSignal
  /** Until every node knows every node. Default 120,000: a busy machine takes its time. */
  readonly timeoutMs?: number
  readonly onProgress?: (text: string) => void
}

export interface DevnetNode {
  readonly roles: readonly DevnetRole[]
  readonly country: string
  readonly peerId: string
  readonly addresses: readonly string[]
  readonly metrics: string
  readonly pid: number
  readonly logPath: string
}

export interface Devnet {
  /** Addresses to give to `createCraftec({ bootstrap })`. */
  readonly bootstrap: readonly string[]
  readonly nodes: readonly DevnetNode[]
  /** End one node as a crash would. */
  kill(index: number): Promise<void>
  stop(): Promise<void>
}

const MAX_NODES = 64
const BOOTSTRAP_NODES = 3
const RELAY_COUNTRIES = ['CH', 'NL', 'SE', 'IS', 'FI', 'RO', 'ES', 'CA']
const EXIT_COUNTRIES = ['DE', 'US', 'JP', 'FR']
const LOCAL_ORIGIN = /^127\.\d+\.\d+\.\d+:\d{1,5}$/

/**
 * Start relays and exits and wait until every one of them knows all of them.
 * @throws CraftecError `invalid-argument`; `timeout`; `aborted`; `internal` with the end of a node's log when one does not start
 */
export async function startDevnet(options: DevnetOptions = {}): Promise<Devnet> {
  const {
    relays = 5,
    exits = 2,
    storage = 0,
    localOrigins = [],
    signal,
    timeoutMs = 120_000,
    onProgress = () => {}
  } = options
  const count = relays + exits + storage
  if (count < 1 || count > MAX_NODES) {
    throw new CraftecError('invalid-argument', `a devnet has 1 to ${MAX_NODES} nodes, not ${count}`)
  }
  const stranger = localOrigins.find(origin => !LOCAL_ORIGIN.test(origin))
  if (stranger !== undefined) {
    throw new CraftecError('invalid-argument', `localOrigins: expected 127.x.x.x:PORT, got "${stranger}"`)
  }
  const plans = Array.from({ length: count }, (_, index) => planOf(index, relays, exits))
  const folder = await mkdtemp(join(tmpdir(), 'craftec-devnet-'))
  const children: DevnetChild[] = []
  const program = await relayProgram()
  let stopping = false
  const stop = async (): Promise<void> => {
    stopping = true
    await Promise.all(children.map(child => child.stop()))
    await rm(folder, { recursive: true, force: true })
  }
  try {
    return await withDeadline({ signal, timeoutMs, what: 'start of the devnet' }, async inner => {
      const launch = async (plan: NodePlan, bootstrap: readonly string[]): Promise<Launched> => {
        const configPath = join(folder, `node-${plan.index}.yaml`)
        await writeFile(configPath, stringify(nodeConfig(plan, bootstrap, folder, options)))
        const child = await DevnetChild.start(program, configPath, join(folder, `node-${plan.index}.log`))
        children[plan.index] = child
        if (stopping) {
          await child.kill() // `stop` went through the list before this child was in it
          throw new CraftecError('stopped', 'the devnet was stopped while it started')
        }
        const report = await child.listening(inner)
        onProgress(`node ${plan.index + 1} of ${plans.length}: ${plan.roles.join(' and ')}, ${plan.country}`)
        return { plan, child, report }
      }
      const [firstPlan, ...otherPlans] = plans
      if (firstPlan === undefined) throw new CraftecError('internal', 'no node was planned')
      const first = await launch(firstPlan, [])
      const firstAddresses = websocketAddresses(first.report)
      const launched = [first, ...(await Promise.all(otherPlans.map(plan => launch(plan, firstAddresses))))]
      await Promise.all(launched.map(({ child }) => child.knows(plans.length, inner)))
      onProgress('every node knows every node')
      return {
        bootstrap: launched.slice(0, BOOTSTRAP_NODES).flatMap(({ report }) => websocketAddresses(report)),
        nodes: launched.map(nodeOf),
        kill: async index => children[index]?.kill(),
        stop
      }
    })
  } catch (error) {
    await stop()
    throw error
  }
}

interface NodePlan {
  readonly index: number
  readonly roles: readonly DevnetRole[]
  readonly country: string
}

interface Launched {
  readonly plan: NodePlan
  readonly child: DevnetChild
  readonly report: ListeningReport
}

function planOf(index: number, relays: number, exits: number): NodePlan {
  const isRelay = index < relays
  const isExit = !isRelay && index < relays + exits
  const countries = isExit ? EXIT_COUNTRIES : RELAY_COUNTRIES
  const country = countries[(isExit ? index - relays : index) % countries.length] ?? '??'
  return { index, roles: isRelay ? ['relay'] : ['relay', isExit ? 'exit' : 'storage'], country }
}

/** The file an operator would write, for a network that may only touch this machine. */
function nodeConfig(plan: NodePlan, bootstrap: readonly string[], folder: string, options: DevnetOptions): object {
  return {
    roles: plan.roles,
    dataDir: join(folder, `node-${plan.index}`),
    bootstrap,
    allowPrivateAddresses: true,
    listen: {
      websocket: ['/ip4/127.0.0.1/tcp/0/ws'],
      webrtcDirect: options.webrtcDirect ? ['/ip4/127.0.0.1/udp/0/webrtc-direct'] : [],
      webtransport: options.webtransport ? 'required' : 'off',
      webtransportAddress: '/ip4/127.0.0.1/udp/0/quic-v1/webtransport'
    },
    descriptor: { country: plan.country, bandwidthKiBps: 10_240 },
    exit: {
      policy: [...(options.localOrigins ?? []).map(origin => `accept ${origin}`), 'reject *:*'],
      hosts: options.hosts ?? {}
    },
    quota: '2GB',
    // a devnet has few users, and one of them may be a benchmark
    quotaPerPeer: '2GB',
    metrics: { port: 0 },
    log: { level: options.logLevel ?? 'info' },
    drainSeconds: 0
  }
}

function websocketAddresses({ addresses }: ListeningReport): string[] {
  return addresses.filter(address => /\/wss?(\/p2p\/[^/]+)?$/.test(address))
}

function nodeOf({ plan, child, report }: Launched): DevnetNode {
  return {
    roles: plan.roles,
    country: plan.country,
    peerId: report.peerId,
    addresses: report.addresses,
    metrics: `http://127.0.0.1:${report.statusPort ?? 0}/metrics`,
    pid: child.pid,
    logPath: child.logPath
  }
}
