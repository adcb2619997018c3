import { type Chain, settlementProgram, startChain } from '../../chain/index.ts'
import { connectChain, memoryPaymentLog, memorySessionStore } from '../../sdk/settlement/client/index.ts'
import {
  type Address,
  type ChainRpc,
  createSettlement,
  type PaymentLog,
  parseAddress,
  type SessionStore,
  type Settlement
} from '../../sdk/settlement/index.ts'

/** A local chain with the settlement program, and the client that pays on it. */
export interface SettlementNetwork {
  readonly url: string
  readonly program: Address
  /** Straight to the chain. */
  readonly rpc: ChainRpc
  /** A method of the chain's JSON-RPC, its test methods among them. @throws Error with the words of its refusal */
  call(method: string, ...params: readonly unknown[]): Promise<unknown>
  /** Give an account a SOL for fees, and tokens in base units; an account for them even with 0. */
  fund(address: Address, tokens: number): Promise<void>
  /** A client of its own; what is not given is the chain itself, an empty log, an empty store. */
  settlement(log?: PaymentLog, rpc?: ChainRpc, sessions?: SessionStore): Promise<Settlement>
  stop(): Promise<void>
}

/** Slots of 50 ms: a payment is final in a moment. */
export async function startSettlementNetwork(): Promise<SettlementNetwork> {
  const chain: Chain = await startChain({ testMethods: true, slotMs: 50, programs: [await settlementProgram()] })
  const { url } = chain
  const rpc = connectChain({ endpoints: [url] })
  const program = parseAddress(chain.programs.settlement ?? '')
  const call = async (method: string, ...params: readonly unknown[]): Promise<unknown> => {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
    const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    const answer = (await response.json()) as { result?: unknown; error?: { message: string } }
    if (answer.error) throw new Error(answer.error.message)
    return answer.result
  }
  return {
    url,
    program,
    rpc,
    call,
    fund: async (address, tokens) => {
      await call('requestAirdrop', address, 1_000_000_000)
      await call('craftec_requestTokens', address, tokens)
    },
    settlement: (log = memoryPaymentLog(), through = rpc, sessions = memorySessionStore()) =>
      createSettlement({ endpoints: [], program, rpc: through, log, sessions }),
    stop: () => chain.stop()
  }
}

/** Base units. @throws Error without a token account */
export async function balanceOf(settlement: Settlement, owner: Address): Promise<bigint> {
  const found = await settlement.reader.balance(owner)
  if (found === undefined) throw new Error('no token account')
  return found.units
}
