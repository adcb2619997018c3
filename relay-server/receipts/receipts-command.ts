import type { Command } from 'commander'
import type { RelayConfig } from '../config/index.ts'
import { EXIT_CODE } from '../exit-codes.ts'
import type { ReceiptSummary } from './summarize-receipts.ts'

interface ReceiptsFlags {
  readonly issued: boolean
  readonly json: boolean
}

const AFTER_HELP = `
Reads DATA-DIR/store, which is named as for a node: --data-dir, --config or their variables. Nothing is changed, and the node must not run:
it has its store to itself.

A receipt says that its challenger saw this node prove that it holds a segment. Nodes keep those of the last two days (96 epochs of half an hour).
Which of them were settled is not known here: the chain has that.

With --json one line goes to stdout:
  { "side", "receipts", "contents", "epochs": [{ "epoch", "began", "receipts", "contents", "peers": […] }, …],
    "peers": [{ "peer", "receipts", "contents" }, …] }`

/** Add `craftec-relay receipts`. @param config the node's settings, as the command line and its surroundings give them */
export function addReceiptsCommand(
  program: Command,
  config: () => Promise<Pick<RelayConfig, 'dataDir'>>,
  onResult: (exitCode: number) => void
): void {
  program
    .command('receipts')
    .description('show the storage receipts that a node earned, by epoch and challenger')
    .option('--issued', 'those that it made about others instead, by epoch and storage node', false)
    .option('--json', 'print one JSON line, and nothing else', false)
    .addHelpText('after', AFTER_HELP)
    .action(async ({ issued, json }: ReceiptsFlags) => {
      const { dataDir } = await config()
      // Loaded only here: --help does without the store.
      const [{ readReceipts }, { summarizeReceipts }] = await Promise.all([
        import('./read-receipts.ts'),
        import('./summarize-receipts.ts')
      ])
      const side = issued ? 'issued' : 'earned'
      const summary = summarizeReceipts(side, await readReceipts(dataDir, side))
      process.stdout.write(`${json ? JSON.stringify(summary) : tableOf(summary)}\n`)
      onResult(EXIT_CODE.ok)
    })
}

function tableOf({ side, receipts, contents, epochs, peers }: ReceiptSummary): string {
  const total = `${receipts} receipts ${side}, of ${contents} contents, in ${epochs.length} epochs`
  if (receipts === 0) return total
  const who = side === 'earned' ? 'challenger' : 'storage node'
  const head = ['epoch began', 'receipts', 'contents', who]
  const rows = epochs.flatMap(({ began, peers }) => peers.map(peer => [began, ...cells(peer)]))
  const table = [head, ...rows, ...peers.map(peer => ['all', ...cells(peer)])]
  return `${table.map(line).join('\n')}\n\n${total}`
}

function cells({ receipts, contents, peer }: ReceiptSummary['peers'][number]): string[] {
  return [String(receipts), String(contents), peer]
}

function line([began = '', receipts = '', contents = '', peer = '']: readonly string[]): string {
  return `${began.padEnd(24)}  ${receipts.padStart(8)}  ${contents.padStart(8)}  ${peer}`
}
