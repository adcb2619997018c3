/** A local chain, whole: ledger, time, faucet, state on disk, JSON-RPC in front. */
import { type Address, isAddress } from '@solana/kit'
import { type Clock, type RandomBytes, systemClock, systemRandom } from '../sdk/async/index.ts'
import { encodeBase58 } from '../sdk/codec/index.ts'
import { CraftecError } from '../sdk/errors/index.ts'
import { type ChainLog, silentLog } from './chain-log.ts'
import type { ChainProgram } from './chain-program.ts'
import { Delivery } from './delivery.ts'
import { addressOf, createChainKeys, Faucet, signerOf } from './faucet/index.ts'
import { Ledger } from './ledger/index.ts'
import { startChainServer } from './server/index.ts'
import { SETTLEMENT, setUpSettlement } from './settlement/index.ts'
import { type ChainState, loadState, StateSaver, saveState } from './state/index.ts'
import { secondsOf, Timeline } from './timeline.ts'

export interface ChainOptions {
  /** The RPC port; WebSocket is on it and on the next one. Default 0: a free pair. */
  readonly port?: number
  /** Where the chain lives between runs. Without it, it is gone when it stops. */
  readonly stateFile?: string
  readonly programs?: readonly ChainProgram[]
  /** Milliseconds from block to block. Default 400, as clusters aim at. */
  readonly slotMs?: number
  /** Blocks come only when a test asks for one. Default false. */
  readonly manualBlocks?: boolean
  /** Serve time travel, accounts and programs out of nothing. Default false. */
  readonly testMethods?: boolean
  /** Transactions remembered. Default 10,000; never fewer than those that could be sent again. */
  readonly historyCapacity?: number
  /** Default 2,000 from all clients together, twice as many at once. */
  readonly requestsPerSecond?: number
  readonly clock?: Clock
  readonly random?: RandomBytes
  readonly log?: ChainLog
}

export interface Chain {
  /** `http://127.0.0.1:PORT`, for `new Connection(url)`. */
  readonly url: string
  readonly webSocketUrl: string
  readonly genesisHash: string
  readonly mint: { readonly address: string; readonly decimals: number }
  /** Funded with lamports and test tokens. Its key, a seed of 32 bytes, is worth nothing and may be shown. */
  readonly wallet: { readonly address: string; readonly secretKey: Uint8Array }
  /** Upgrade authority of the programs, who may therefore configure them. */
  readonly admin: { readonly address: string; readonly secretKey: Uint8Array }
  readonly programs: Readonly<Record<string, string>>
  stop(): Promise<void>
}

const SAVE_DELAY_MS = 5_000
const SOL = 1_000_000_000n
const WALLET_LAMPORTS = 100n * SOL
const WALLET_TOKENS = 10_000_000_000n
const ADMIN_LAMPORTS = 10n * SOL
const WHAT_IT_IS_NOT = 'one process, no consensus, no forks, no leaders; all is final at once; nothing here has value'

/**
 * @throws CraftecError `malformed` when the state file is damaged or a program is not one; `config-invalid` when the ports are taken;
 *   `invalid-argument`
 */
export async function startChain(options: ChainOptions = {}): Promise<Chain> {
  const { clock = systemClock, random = systemRandom, log = silentLog, slotMs = 400, stateFile } = options
  const ledgerOptions = { historyCapacity: options.historyCapacity ?? 10_000 }
  const found = stateFile === undefined ? undefined : await loadState(stateFile)
  const ledger = found ? Ledger.restore(ledgerOptions, found.ledger) : Ledger.create(ledgerOptions, secondsOf(clock))
  const keys = found?.keys ?? createChainKeys(random)
  const genesisHash = found?.genesisHash ?? encodeBase58(random(32))
  const faucet = new Faucet(ledger, await signerOf(keys.faucet), await addressOf(keys.mint))
  const wallet = await addressOf(keys.wallet)
  const timeline = new Timeline({ ledger, clock, slotMs, aheadSeconds: found?.aheadSeconds ?? 0n })
  const admin = await signerOf(keys.admin)
  const programs = loadPrograms(ledger, options.programs ?? [], admin.address)
  if (found === undefined) {
    faucet.createAccounts()
    await faucet.airdrop(wallet, WALLET_LAMPORTS)
    await faucet.requestTokens(wallet, WALLET_TOKENS)
    await faucet.airdrop(admin.address, ADMIN_LAMPORTS)
  }
  const settlement = programs[SETTLEMENT]
  if (settlement !== undefined) await setUpSettlement({ ledger, faucet, program: settlement, admin })

  const state = (): ChainState => ({ genesisHash, aheadSeconds: timeline.aheadSeconds, keys, ledger: ledger.state() })
  const saver =
    stateFile === undefined
      ? undefined
      : new StateSaver({
          clock,
          delayMs: SAVE_DELAY_MS,
          save: () => saveState(stateFile, state()),
          onFailure: error => log.warn(`the state could not be saved: ${String(error)}`)
        })
  ledger.listen(event => {
    // Blocks without transactions change nothing that a restart would miss.
    if (event.type !== 'block') saver?.changed()
  })

  const server = await startChainServer({
    context: { ledger, delivery: new Delivery(ledger), faucet, timeline, genesisHash, programs },
    port: options.port ?? 0,
    testMethods: options.testMethods ?? false,
    requestsPerSecond: options.requestsPerSecond ?? 2_000,
    clock,
    onDefect: error => log.warn(`a request failed by a defect of this server: ${String(error)}`)
  })
  if (!options.manualBlocks) timeline.start()
  log.info(`${found ? 'continued' : 'new'} local chain at slot ${ledger.latestBlock.slot}: ${WHAT_IT_IS_NOT}`)

  return {
    url: `http://127.0.0.1:${server.port}`,
    webSocketUrl: `ws://127.0.0.1:${server.port + 1}`,
    genesisHash,
    mint: faucet.mint,
    wallet: { address: wallet, secretKey: keys.wallet },
    admin: { address: admin.address, secretKey: keys.admin },
    programs,
    async stop() {
      timeline.stop()
      await server.stop()
      await saver?.close()
    }
  }
}

/** @returns the programs' addresses by name @throws CraftecError `invalid-argument`, `malformed` */
function loadPrograms(
  ledger: Ledger,
  programs: readonly ChainProgram[],
  upgradeAuthority: Address
): Readonly<Record<string, Address>> {
  const loaded: Record<string, Address> = {}
  for (const { name, address, elf } of programs) {
    if (!isAddress(address)) throw new CraftecError('invalid-argument', `program ${name}: not an address`)
    ledger.setProgram(address, elf, upgradeAuthority)
    loaded[name] = address
  }
  return loaded
}
