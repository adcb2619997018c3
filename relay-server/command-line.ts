/** The command line: `craftec-relay [options]` runs a node, `craftec-relay devnet` a network of them, `craftec-relay receipts` looks at one. */
import { Command, Option } from 'commander'
import { stringify } from 'yaml'
import { CraftecError } from '../sdk/errors/index.ts'
import { CONFIG_FILE_VARIABLE, type ConfigOption, configOptions, loadConfig, type RelayConfig } from './config/index.ts'
import { addDevnetCommand } from './devnet/index.ts'
import { EXIT_CODE } from './exit-codes.ts'
import { addReceiptsCommand } from './receipts/index.ts'

const GROUPS: Readonly<Record<string, string>> = {
  listen: 'Listening:',
  descriptor: 'What the node says about itself:',
  exit: 'Exit:',
  limits: 'Limits:',
  metrics: 'Metrics and health:',
  log: 'Logging:'
}

const AFTER_HELP = `
Settings come from defaults, then the file, then CRAFTEC_* variables, then flags; the last one wins. Lists are separated by commas and
replace the list before them. Every flag is also a variable (--metrics-port is CRAFTEC_METRICS_PORT) and a key of the file (metrics.port).

Examples:
  craftec-relay                                           a relay on port 4001, identity in ./craftec-data
  craftec-relay --roles relay,exit --descriptor-country DE --exit-policy "accept *:80,accept *:443"
  craftec-relay --roles relay,storage --quota 50GB        keep pieces of content for others too
  craftec-relay --config /etc/craftec/relay.yaml --check-config
  craftec-relay receipts --data-dir /var/lib/craftec      what a storage node has earned; the node must not run
  craftec-relay devnet --demo-origin                      a whole network on this machine, for development

The addresses that others need to reach this node are written to DATA-DIR/addresses. The log never has them.

Exit codes:
  0  stopped as asked, every stream finished
  1  crashed: an uncaught error; the log has it
  2  a flag, variable or file is not valid
  3  could not start: key file, data folder or listen address
  4  stopped as asked, but streams were cut: drain deadline passed, or second signal

Before you run an exit, read docs/operator-guide.md: policy, abuse, what is logged.`

/** @returns the exit code; everything else a user sees goes to stdout and stderr */
export async function runCommandLine(
  argv: readonly string[],
  { version }: { readonly version: string }
): Promise<number> {
  let code: number = EXIT_CODE.ok
  const program = new Command('craftec-relay')
    .description('Relay and exit of the Craftec network. One command, one file, nothing about users in the log.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this text')
    .addHelpText('after', AFTER_HELP)
    .showSuggestionAfterError()
    .showHelpAfterError('(craftec-relay --help lists every option)')
    .configureHelp({ helpWidth: 120 })
    .exitOverride()
    .addOption(new Option('-c, --config <file>', 'YAML or JSON file with settings').env(CONFIG_FILE_VARIABLE))
    .option('--check-config', 'check all settings and the files they name, then end')
    .option('--print-config', 'print the settings that would be used, as YAML, then end')
    .action(async (_options: unknown, command: Command) => {
      code = await relayAction(command, version)
    })
  for (const option of configOptions()) if (option.kind !== 'map') program.addOption(flagOf(option))
  const onResult = (result: number): void => {
    code = result
  }
  addDevnetCommand(program, onResult)
  addReceiptsCommand(program, () => configOf(program), onResult)
  try {
    await program.parseAsync(argv, { from: 'user' })
    return code
  } catch (error) {
    return reportError(error)
  }
}

async function relayAction(command: Command, version: string): Promise<number> {
  // Loaded only here: --help, --version and the parent of a devnet do without the network stack.
  const { createConfiguredExit, runRelay } = await import('./service/index.ts')
  const given = command.opts() as Record<string, unknown>
  const config = await configOf(command)
  if (given.checkConfig === true) {
    if (config.roles.includes('exit')) (await createConfiguredExit(config)).backend.stop()
    process.stdout.write('configuration is valid\n')
    return EXIT_CODE.ok
  }
  if (given.printConfig === true) {
    process.stdout.write(stringify(config satisfies RelayConfig))
    return EXIT_CODE.ok
  }
  return runRelay(config, { version })
}

function configOf(command: Command): Promise<RelayConfig> {
  const { config: file } = command.opts() as Record<string, unknown>
  return loadConfig({
    environment: process.env,
    flags: givenFlags(command),
    ...(typeof file === 'string' ? { file } : {})
  })
}

function flagOf(option: ConfigOption): Option {
  const { path, kind, flag, choices, description } = option
  const value =
    choices.length > 0
      ? choices.join('|')
      : { text: 'text', number: 'n', boolean: 'true|false', list: 'a,b,…', map: '' }[kind]
  const [group = ''] = path
  return new Option(`${flag} <${value}>`, description + defaultText(option)).helpGroup(GROUPS[group] ?? 'Node:')
}

function defaultText({ defaultValue }: ConfigOption): string {
  if (defaultValue === undefined || defaultValue === '') return ''
  if (!Array.isArray(defaultValue)) return ` (default: ${String(defaultValue)})`
  return defaultValue.length === 0 ? '' : ` (default: ${defaultValue.join(', ')})`
}

function givenFlags(command: Command): Record<string, string> {
  const flags: Record<string, string> = {}
  for (const option of command.options) {
    const value: unknown = command.getOptionValue(option.attributeName())
    if (option.long && option.long !== '--config' && typeof value === 'string') flags[option.long] = value
  }
  return flags
}

function reportError(error: unknown): number {
  // commander ends --help and --version by an "error" with exit code 0, and has printed its own messages
  const { exitCode } = error as { exitCode?: unknown }
  if (typeof exitCode === 'number') return exitCode === 0 ? EXIT_CODE.ok : EXIT_CODE.configInvalid
  if (!(error instanceof CraftecError)) throw error
  process.stderr.write(`${error.message.replace(/^/gm, 'craftec-relay: ')}\n`)
  return error.code === 'config-invalid' ? EXIT_CODE.configInvalid : EXIT_CODE.startFailed
}
