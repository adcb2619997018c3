import type { Commitment, Connection } from '@solana/web3.js'
import { type Clock, systemClock } from '../../async/index.ts'
import { decodeBase58, encodeBase58 } from '../../codec/index.ts'
import { CraftecError } from '../../errors/index.ts'
import type { RawAccount } from '../accounts/index.ts'
import { type Address, parseAddress } from '../address/index.ts'
import type { PaymentSight } from '../payment/index.ts'
import type { CallOptions, ChainRpc, Lifetime } from './chain-rpc.ts'
import { compileTransaction } from './compile-transaction.ts'
import { EndpointFailover } from './endpoint-failover.ts'

export interface ChainRpcOptions {
  /** `https:` addresses of JSON-RPC endpoints, best first; `http:` for this machine only. All must be of one cluster. */
  readonly endpoints: readonly string[]
  readonly clock?: Clock
}

const COMMITMENT: Commitment = 'confirmed'
const BLOCKHASH_BYTES = 32
const MAX_BLOCKHASH_CHARACTERS = 44
/** A blockhash lives for 150 blocks; more than this ahead of the chain is no lifetime but a lie that would delay every failure. */
const MAX_LIFETIME_BLOCKS = 300

/**
 * The chain through `@solana/web3.js`, which is loaded here.
 * @throws CraftecError `invalid-argument` for endpoints that are no such addresses
 */
export async function connectChain(options: ChainRpcOptions): Promise<ChainRpc> {
  const { clock = systemClock } = options
  const urls = options.endpoints.map(checkEndpoint)
  const web3 = await import('./web3.ts')
  const { PublicKey, VersionedTransaction } = web3
  const connections = urls.map(
    url => new web3.Connection(url, { commitment: COMMITMENT, disableRetryOnRateLimit: true })
  )
  const endpoints = new EndpointFailover(connections, clock)
  const keys = (addresses: readonly Address[]) => addresses.map(address => new PublicKey(address))

  const lifetime = (call: CallOptions = {}): Promise<Lifetime> =>
    endpoints.call('the latest blockhash', call, async connection => {
      const [height, latest] = await Promise.all([
        connection.getBlockHeight(COMMITMENT),
        connection.getLatestBlockhash(COMMITMENT)
      ])
      return checkLifetime(latest, height)
    })

  return {
    lifetime,

    accounts: (addresses, call = {}) =>
      endpoints.call('accounts', call, async connection => {
        const found = await connection.getMultipleAccountsInfo(keys(addresses), COMMITMENT)
        if (found.length !== addresses.length)
          throw invalid(`${found.length} accounts for ${addresses.length} addresses`)
        return found.map(account => (account === null ? undefined : rawAccount(account)))
      }),

    programAccounts: (program, { size, bytes }, call = {}) =>
      endpoints.call('accounts of the program', call, async connection => {
        const found = await connection.getProgramAccounts(new PublicKey(program), {
          commitment: COMMITMENT,
          filters: [
            { dataSize: size },
            ...bytes.map(filter => ({ memcmp: { offset: filter.at, bytes: encodeBase58(filter.bytes) } }))
          ]
        })
        return found.map(({ pubkey, account }) => ({
          address: parseAddress(pubkey.toBase58()),
          account: rawAccount(account)
        }))
      }),

    compile: compileTransaction,

    simulate: (wire, call = {}) =>
      endpoints.call('the simulation', call, async connection => {
        const { value } = await connection.simulateTransaction(VersionedTransaction.deserialize(wire), {
          sigVerify: false,
          commitment: COMMITMENT
        })
        return { error: value.err, logs: value.logs ?? [], computeUnits: value.unitsConsumed }
      }),

    priorityFee: (writable, call = {}) =>
      endpoints.call('priority fees', call, async connection => {
        const fees = await connection.getRecentPrioritizationFees({ lockedWritableAccounts: keys(writable) })
        return median(fees.map(({ prioritizationFee }) => prioritizationFee))
      }),

    send: (wire, call) =>
      endpoints.call('sending', call, async connection => {
        // the node must not drop it for what its own simulation of a moment says, nor send it on by a schedule of its own
        await connection.sendRawTransaction(wire, { skipPreflight: true, maxRetries: 0 })
      }),

    sight: (signature, call) =>
      endpoints.call('the state of a payment', call, connection => sight(connection, signature)),

    told: (signature, { signal }) => told(endpoints.current, signature, signal)
  }
}

/** Height before status: a payment that lands between the two is then seen. */
async function sight(connection: Connection, signature: string): Promise<PaymentSight> {
  const finalizedHeight = await connection.getBlockHeight('finalized')
  const { value } = await connection.getSignatureStatuses([signature], { searchTransactionHistory: true })
  const [status] = value
  if (!Number.isSafeInteger(finalizedHeight) || value.length !== 1) throw invalid('no height, or no status')
  if (status === null || status === undefined) return { finalizedHeight, status: undefined }
  const confirmed = status.confirmationStatus === 'confirmed' || status.confirmationStatus === 'finalized'
  return { finalizedHeight, status: { confirmed, error: status.err } }
}

function told(connection: Connection, signature: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      connection.removeSignatureListener(subscription).catch(() => {})
      reject(signal.reason)
    }
    const subscription = connection.onSignature(
      signature,
      () => {
        // it ended by itself: web3.js warns of every attempt to end it again
        signal.removeEventListener('abort', stop)
        resolve()
      },
      COMMITMENT
    )
    signal.addEventListener('abort', stop, { once: true })
  })
}

function checkEndpoint(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const local = url?.hostname === '127.0.0.1' || url?.hostname === 'localhost' || url?.hostname === '[::1]'
  if (url?.protocol !== 'https:' && !(url?.protocol === 'http:' && local))
    throw new CraftecError('invalid-argument', 'an RPC endpoint is an https: address, or http: on this machine')
  return url.href
}

function checkLifetime({ blockhash, lastValidBlockHeight }: Lifetime, height: number): Lifetime {
  let bytes: Uint8Array
  try {
    bytes = decodeBase58(blockhash, MAX_BLOCKHASH_CHARACTERS)
  } catch (cause) {
    throw invalid('the blockhash is not base58', cause)
  }
  if (bytes.length !== BLOCKHASH_BYTES) throw invalid(`a blockhash of ${bytes.length} bytes`)
  const blocks = lastValidBlockHeight - height
  if (!Number.isSafeInteger(blocks) || blocks <= 0 || blocks > MAX_LIFETIME_BLOCKS)
    throw invalid(`a blockhash that lives for ${blocks} blocks`)
  return { blockhash, lastValidBlockHeight }
}

function rawAccount(account: { owner: { toBase58(): string }; data: unknown }): RawAccount {
  if (!(account.data instanceof Uint8Array)) throw invalid('an account without bytes')
  return { owner: parseAddress(account.owner.toBase58()), data: new Uint8Array(account.data) }
}

function median(values: readonly number[]): bigint {
  const sorted = values.filter(value => Number.isSafeInteger(value) && value >= 0).sort((left, right) => left - right)
  return BigInt(sorted[Math.floor(sorted.length / 2)] ?? 0)
}

function invalid(why: string, cause?: unknown): CraftecError {
  return new CraftecError('rpc-invalid', `an RPC endpoint answered with ${why}; it is faulty or lying`, { cause })
}
