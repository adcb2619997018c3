import { parseArgs } from 'node:util'
import { CraftecError } from '../sdk/errors/index.ts'

export interface ChainCommand {
  readonly port: number
  readonly stateFile: string | undefined
  readonly slotMs: number
  readonly testMethods: boolean
  readonly json: boolean
  readonly help: boolean
}

/** Where every Solana tool looks first. */
const DEFAULT_PORT = 8899
const MAX_PORT = 65_534
const MAX_SLOT_MS = 60_000

export const HELP = `craftec-devnet-chain: a Solana runtime in one process, for development and tests

  --port <n>        JSON-RPC; WebSocket is there and on the next port (default ${DEFAULT_PORT}, 0: any free pair)
  --state <file>    keep the chain in this file; without it, it ends with the process
  --slot-ms <n>     milliseconds from block to block (default 400)
  --test-methods    serve time travel, and accounts and programs out of nothing
  --json            print one JSON line when ready, and nothing else
  --help

It is not a cluster: no consensus, no forks, no leaders, all is final at once. It listens on 127.0.0.1 only.
`

/** @throws CraftecError `config-invalid` */
export function parseCommandLine(args: readonly string[]): ChainCommand {
  const values = parse(args)
  return {
    port: numberFlag('port', values.port, DEFAULT_PORT, 0, MAX_PORT),
    stateFile: values.state,
    slotMs: numberFlag('slot-ms', values['slot-ms'], 400, 1, MAX_SLOT_MS),
    testMethods: values['test-methods'] ?? false,
    json: values.json ?? false,
    help: values.help ?? false
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        port: { type: 'string' },
        state: { type: 'string' },
        'slot-ms': { type: 'string' },
        'test-methods': { type: 'boolean' },
        json: { type: 'boolean' },
        help: { type: 'boolean' }
      }
    }).values
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new CraftecError('config-invalid', `${why}\n\n${HELP}`, { cause })
  }
}

function numberFlag(name: string, text: string | undefined, fallback: number, least: number, most: number): number {
  if (text === undefined) return fallback
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= least && value <= most) return value
  throw new CraftecError('config-invalid', `--${name}: expected a number from ${least} to ${most}, got "${text}"`)
}
