/** `node chain/cli.ts`: the local chain alone, for work on the program or the client. `npm start` runs it with the rest. */
import { encodeBase58 } from '../sdk/codec/index.ts'
import { HELP, parseCommandLine } from './command-line.ts'
import { settlementProgram } from './settlement/index.ts'
import { type Chain, startChain } from './start-chain.ts'

const ended = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => ended.abort())

try {
  const command = parseCommandLine(process.argv.slice(2))
  if (command.help) process.stdout.write(HELP)
  else await run(command)
} catch (error) {
  process.stderr.write(`chain: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}

async function run({ port, stateFile, slotMs, testMethods, json }: ReturnType<typeof parseCommandLine>): Promise<void> {
  const say = (text: string): void => void process.stderr.write(`chain: ${text}\n`)
  const chain = await startChain({
    port,
    slotMs,
    testMethods,
    programs: [await settlementProgram()],
    ...(stateFile === undefined ? {} : { stateFile }),
    log: { info: json ? () => {} : say, warn: say }
  })
  process.stdout.write(json ? `${JSON.stringify(status(chain))}\n` : table(chain))
  await new Promise<void>(resolve => {
    if (ended.signal.aborted) resolve()
    ended.signal.addEventListener('abort', () => resolve(), { once: true })
  })
  await chain.stop()
}

function status({ url, webSocketUrl, genesisHash, mint, wallet, programs }: Chain): object {
  return { url, webSocketUrl, genesisHash, mint, wallet: wallet.address, programs }
}

function table(chain: Chain): string {
  const rows = [
    ['RPC', chain.url],
    ['WebSocket', chain.webSocketUrl],
    ['test mint', `${chain.mint.address} (${chain.mint.decimals} decimals)`],
    ['test wallet', chain.wallet.address],
    // Worth nothing, and of no use to anyone else: it is there to be pasted into a wallet.
    ['its seed', encodeBase58(chain.wallet.secretKey)],
    ...Object.entries(chain.programs)
  ]
  return `\n${rows.map(([name = '', value = '']) => `  ${name.padEnd(12)} ${value}`).join('\n')}\n\nCtrl-C ends it.\n`
}
