/**
 * `npm start`: a whole network on this machine (relays, exits, a web site, a chain) and the demo page on top of it. Prints one
 * URL; Ctrl-C ends every process and frees every port. `PORT` chooses the page's port, `CHAIN_PORT` the chain's; default: free
 * ones. `CHAIN_STATE` names a file that keeps the chain from one start to the next.
 */
import { join } from 'node:path'
import { build } from 'vite'
import { type Chain, settlementProgram, startChain } from '../chain/index.ts'
import { type DemoOrigin, type Devnet, startDemoOrigin, startDevnet } from '../relay-server/devnet/index.ts'
import { encodeBase58 } from '../sdk/codec/index.ts'
import { type PageServer, startPageServer } from '../tools/page-server.ts'
import { runCommand } from '../tools/run-command.ts'

const root = join(import.meta.dirname, '..')
const dapp = join(root, 'examples/dapp')
const BUILD_TIMEOUT_MS = 120_000

const ended = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    // The second one does not wait: the network's processes end by themselves when this one is gone.
    if (ended.signal.aborted) process.exit(1)
    ended.abort()
  })
}

let origin: DemoOrigin | undefined
let devnet: Devnet | undefined
let chain: Chain | undefined
let pages: PageServer | undefined
try {
  say('building the WebAssembly kernels and the demo page ...')
  await buildPage()
  say('starting the network ...')
  origin = await startDemoOrigin()
  chain = await startLocalChain()
  devnet = await startDevnet({
    relays: 5,
    exits: 2,
    storage: 2,
    localOrigins: origin.localOrigins,
    signal: ended.signal,
    onProgress: say
  })
  pages = await startPageServer({
    rootDir: join(dapp, 'dist'),
    files: { '/network.json': JSON.stringify(networkFile(devnet, origin, chain)) },
    ...(process.env.PORT ? { port: Number(process.env.PORT) } : {})
  })
  console.log(`\n  ${pages.origin}/\n\n${describeChain(chain)}\n\nOpen it in a browser. Ctrl-C ends all of it.`)
  await new Promise<void>(resolve => ended.signal.addEventListener('abort', () => resolve(), { once: true }))
  say('ending ...')
} catch (error) {
  if (!ended.signal.aborted) {
    console.error(`\nstart failed: ${error instanceof Error ? error.message : String(error)}`)
    process.exitCode = 1
  }
} finally {
  await Promise.allSettled([pages?.close(), devnet?.stop(), chain?.stop(), origin?.stop()])
}
// Bundlers keep worker threads alive; everything of ours has ended above.
process.exit()

function say(text: string): void {
  console.error(`start: ${text}`)
}

async function buildPage(): Promise<void> {
  const kernels = await runCommand([process.execPath, 'wasm/build.ts'], {
    cwd: root,
    timeoutMs: BUILD_TIMEOUT_MS,
    signal: ended.signal
  })
  if (kernels.code !== 0) throw new Error(`the kernels did not build:\n${kernels.output}`)
  await build({ root: dapp, configFile: join(dapp, 'vite.config.ts'), logLevel: 'warn' })
}

/** Time travel is on: closing a channel by force takes an hour otherwise. */
async function startLocalChain(): Promise<Chain> {
  const { CHAIN_PORT: port, CHAIN_STATE: stateFile } = process.env
  return await startChain({
    testMethods: true,
    programs: [await settlementProgram()],
    log: { info: say, warn: say },
    ...(port ? { port: Number(port) } : {}),
    ...(stateFile ? { stateFile } : {})
  })
}

function describeChain({ url, mint, wallet }: Chain): string {
  return [
    `  chain        ${url}`,
    `  test mint    ${mint.address}`,
    // Worth nothing, and of no use to anyone else: it is there to be pasted into a wallet.
    `  test wallet  ${wallet.address}, seed ${encodeBase58(wallet.secretKey)}`
  ].join('\n')
}

/** What the demo page asks its server for: how to get in, and what there is to see. */
function networkFile(
  { bootstrap }: Devnet,
  { url, secure }: DemoOrigin,
  { url: rpc, mint, wallet, admin, programs }: Chain
): object {
  return {
    bootstrap,
    tlsRoots: [secure.rootPem],
    chain: {
      rpc,
      mint,
      programs,
      program: programs.settlement,
      // somebody with an account for the token
      payee: admin.address,
      testWalletSeed: [...wallet.secretKey]
    },
    suggestions: [
      { label: 'A local web site', url: `${secure.url}/` },
      { label: 'A 20 MB file', url: `${secure.url}/bytes?n=20000000` },
      { label: 'What the site saw of you', url: `${secure.url}/seen` },
      { label: 'A slow answer', url: `${secure.url}/slow?ms=400&n=8` },
      { label: 'The same site without TLS', url: `${url}/` }
    ]
  }
}
