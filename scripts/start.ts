/**
 * `npm start`: a whole network on this machine (relays, exits, a web site) and the demo page on top of it. Prints one URL;
 * Ctrl-C ends every process and frees every port. `PORT` chooses the page's port; default: a free one.
 */
import { join } from 'node:path'
import { build } from 'vite'
import { type DemoOrigin, type Devnet, startDemoOrigin, startDevnet } from '../relay-server/devnet/index.ts'
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
let pages: PageServer | undefined
try {
  say('building the WebAssembly kernels and the demo page ...')
  await buildPage()
  say('starting the network ...')
  origin = await startDemoOrigin()
  devnet = await startDevnet({
    relays: 5,
    exits: 2,
    localOrigins: origin.localOrigins,
    signal: ended.signal,
    onProgress: say
  })
  pages = await startPageServer({
    rootDir: join(dapp, 'dist'),
    files: { '/network.json': JSON.stringify(networkFile(devnet, origin)) },
    ...(process.env.PORT ? { port: Number(process.env.PORT) } : {})
  })
  console.log(`\n  ${pages.origin}/\n\nOpen it in a browser. Ctrl-C ends all of it.`)
  await new Promise<void>(resolve => ended.signal.addEventListener('abort', () => resolve(), { once: true }))
  say('ending ...')
} catch (error) {
  if (!ended.signal.aborted) {
    console.error(`\nstart failed: ${error instanceof Error ? error.message : String(error)}`)
    process.exitCode = 1
  }
} finally {
  await Promise.allSettled([pages?.close(), devnet?.stop(), origin?.stop()])
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

/** What the demo page asks its server for: how to get in, and what there is to see. */
function networkFile({ bootstrap }: Devnet, { url, secure }: DemoOrigin): object {
  return {
    bootstrap,
    tlsRoots: [secure.rootPem],
    suggestions: [
      { label: 'A local web site', url: `${secure.url}/` },
      { label: 'A 20 MB file', url: `${secure.url}/bytes?n=20000000` },
      { label: 'What the site saw of you', url: `${secure.url}/seen` },
      { label: 'A slow answer', url: `${secure.url}/slow?ms=400&n=8` },
      { label: 'The same site without TLS', url: `${url}/` }
    ]
  }
}
