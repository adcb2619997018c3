import { type Clock, systemClock } from '../../async/index.ts'
import { encodeBase58, encodeBase64 } from '../../codec/index.ts'
import { CraftecError } from '../../errors/index.ts'
import type { PaymentSight, PaymentTrace } from '../payment/index.ts'
import {
  accountsOf,
  countOf,
  hashOf,
  latestBlockhashOf,
  priorityFeesOf,
  programAccountsOf,
  simulationOf,
  statusOf
} from './answers.ts'
import type { CallOptions, ChainRpc, Lifetime } from './chain-rpc.ts'
import { EndpointSet, noneAnswered } from './endpoint-set.ts'
import { JsonRpcEndpoint } from './json-rpc-endpoint.ts'
import { rpcInvalid } from './rpc-invalid.ts'
import { signatureSubscription } from './signature-subscription.ts'

export interface ChainRpcOptions {
  /** `https:` addresses of JSON-RPC endpoints, best first; `http:` for this machine only. All must be of one cluster. */
  readonly endpoints: readonly string[]
  /** Genesis hash, in base58, that they must have. Default: any, but the same. */
  readonly genesisHash?: string | undefined
  readonly clock?: Clock
}

const CONFIRMED = { commitment: 'confirmed' }
const FINALIZED = { commitment: 'finalized' }
/** A blockhash lives for 150 blocks; more than this ahead of the chain is no lifetime but a lie that would delay every failure. */
const MAX_LIFETIME_BLOCKS = 300
/** Endpoints lag behind each other by some blocks; by two minutes' worth of them they are not of use, or lie. */
const MAX_HEIGHT_SPREAD = 300

/**
 * The chain over JSON-RPC (Solana, "RPC HTTP Methods"). Nothing is asked before it is needed.
 * @throws CraftecError `invalid-argument` for endpoints that are no safe addresses
 */
export function connectChain(options: ChainRpcOptions): ChainRpc {
  const { clock = systemClock } = options
  const all = options.endpoints.map(url => new JsonRpcEndpoint(url))
  const endpoints = new EndpointSet(all, clock)
  const geneses = new Map<JsonRpcEndpoint, string>()
  let known = options.genesisHash

  const genesisOf = async (endpoint: JsonRpcEndpoint, signal: AbortSignal): Promise<string> => {
    const found = geneses.get(endpoint) ?? hashOf(await endpoint.call('getGenesisHash', [], signal), 'genesis hash')
    geneses.set(endpoint, found)
    known ??= found
    return found
  }
  const checkCluster = async (endpoint: JsonRpcEndpoint, expected: string | undefined, signal: AbortSignal) => {
    const found = await genesisOf(endpoint, signal)
    if (found !== (expected ?? known)) throw clusterMismatch()
  }
  /** One of them, whichever works, if it is of the cluster that the others are of. */
  const ask = <T>(what: string, call: CallOptions, method: string, params: unknown[], check: (answer: unknown) => T) =>
    endpoints.call(what, call, async (endpoint, signal) => {
      await checkCluster(endpoint, known, signal)
      return check(await endpoint.call(method, params, signal))
    })

  return {
    cluster: async (call = {}) => {
      const answers = await endpoints.all('the genesis hash', call, genesisOf)
      const found = new Set(answers.flatMap(answer => ('value' in answer ? [answer.value] : [])))
      const [first] = found
      if (first === undefined) throw noneAnswered('the genesis hash', failuresOf(answers))
      if (found.size > 1 || first !== known) throw clusterMismatch()
      return first
    },

    lifetime: async (call = {}) => {
      const answers = await endpoints.all('the latest blockhash', call, async (endpoint, signal) => {
        await checkCluster(endpoint, known, signal)
        return lifetimeOf(endpoint, signal)
      })
      return agreedLifetime(
        answers.flatMap(answer => ('value' in answer ? [answer.value] : [])),
        failuresOf(answers)
      )
    },

    accounts: (addresses, call = {}) =>
      ask('accounts', call, 'getMultipleAccounts', [addresses, { ...CONFIRMED, encoding: 'base64' }], answer =>
        accountsOf(answer, addresses.length)
      ),

    programAccounts: (program, { size, bytes }, call = {}) => {
      const filters = [
        { dataSize: size },
        ...bytes.map(filter => ({ memcmp: { offset: filter.at, bytes: encodeBase58(filter.bytes) } }))
      ]
      const config = { ...CONFIRMED, encoding: 'base64', filters }
      return ask('accounts of the program', call, 'getProgramAccounts', [program, config], programAccountsOf)
    },

    simulate: (wire, call = {}) => {
      const config = { ...CONFIRMED, encoding: 'base64', sigVerify: false }
      return ask('the simulation', call, 'simulateTransaction', [encodeBase64(wire), config], simulationOf)
    },

    priorityFee: (writable, call = {}) =>
      ask('priority fees', call, 'getRecentPrioritizationFees', [writable], answer => median(priorityFeesOf(answer))),

    send: async (wire, call) => {
      // no endpoint may drop it for what its own simulation of a moment says, nor send it on by a schedule of its own
      const config = { encoding: 'base64', skipPreflight: true, maxRetries: 0 }
      const answers = await endpoints.all('sending', call, async (endpoint, signal) => {
        await checkCluster(endpoint, known, signal)
        await endpoint.call('sendTransaction', [encodeBase64(wire), config], signal)
      })
      const failures = failuresOf(answers)
      if (failures.length === answers.length) throw noneAnswered('sending', failures)
    },

    sights: async (payment, call) => {
      const answers = await endpoints.all('the state of a payment', call, async (endpoint, signal) => {
        await checkCluster(endpoint, payment.cluster, signal)
        return sightOf(endpoint, payment, signal)
      })
      return answers.map(answer => ('value' in answer ? answer.value : undefined))
    },

    told: (signature, { signal }) => signatureSubscription(endpoints.current.url, signature, signal)
  }
}

async function lifetimeOf(endpoint: JsonRpcEndpoint, signal: AbortSignal): Promise<Lifetime> {
  const [height, latest] = await Promise.all([
    endpoint.call('getBlockHeight', [CONFIRMED], signal).then(answer => countOf(answer, 'height')),
    endpoint.call('getLatestBlockhash', [CONFIRMED], signal).then(latestBlockhashOf)
  ])
  const blocks = latest.lastValidBlockHeight - height
  if (blocks <= 0 || blocks > MAX_LIFETIME_BLOCKS) throw rpcInvalid(`a blockhash that lives for ${blocks} blocks`)
  return { ...latest, height }
}

/** One whose height most of them bear out: a payment that is dated wrongly could later look dead while it is not, or never die. */
function agreedLifetime(lifetimes: readonly Lifetime[], failures: readonly unknown[]): Lifetime {
  if (lifetimes.length === 0) throw noneAnswered('the latest blockhash', failures)
  const agreed = lifetimes.find(({ height }) => {
    const near = lifetimes.filter(other => Math.abs(other.height - height) <= MAX_HEIGHT_SPREAD)
    return near.length * 2 > lifetimes.length
  })
  if (agreed === undefined) throw rpcInvalid('a height of the chain that others contradict')
  return agreed
}

/** Height before status: a payment that lands between the two is then seen. */
async function sightOf(endpoint: JsonRpcEndpoint, payment: PaymentTrace, signal: AbortSignal): Promise<PaymentSight> {
  const { signature, fromSlot, lastValidBlockHeight } = payment
  const finalizedHeight = countOf(await endpoint.call('getBlockHeight', [FINALIZED], signal), 'height')
  const params = [[signature], { searchTransactionHistory: true }]
  const status = statusOf(await endpoint.call('getSignatureStatuses', params, signal))
  if (status === undefined && finalizedHeight > lastValidBlockHeight) {
    const oldest = countOf(await endpoint.call('getFirstAvailableBlock', [], signal), 'first available block')
    if (oldest > fromSlot) throw rpcInvalid('no status, of a time that it has forgotten')
  }
  return { finalizedHeight, status }
}

function failuresOf(answers: readonly ({ readonly value: unknown } | { readonly failure: unknown })[]): unknown[] {
  return answers.flatMap(answer => ('failure' in answer ? [answer.failure] : []))
}

function median(values: readonly number[]): bigint {
  const sorted = values.toSorted((left, right) => left - right)
  return BigInt(sorted[Math.floor(sorted.length / 2)] ?? 0)
}

function clusterMismatch(): CraftecError {
  return new CraftecError(
    'cluster-mismatch',
    'the RPC endpoints, the wallet and the payment are not all of one cluster; nothing was signed or given up for it'
  )
}
