import { z } from 'zod'
import { decodeBase58 } from '../../sdk/codec/index.ts'
import {
  decodeTransaction,
  describeTransactionError,
  type Ledger,
  type Simulation,
  type WireTransaction
} from '../ledger/index.ts'
import { accountEncoding, encodeAccount } from './account-encoding.ts'
import { strictBase64 } from './account-filters.ts'
import { latestBlockhash } from './cluster-methods.ts'
import { addressParam, contextConfig, requireContextSlot } from './params.ts'
import { RpcError } from './rpc-error.ts'
import { inContext, method, type RpcMethods } from './rpc-method.ts'
import { encodeExecution, innerInstructions } from './transaction-encoding.ts'

/** Agave's `MAX_BASE58_SIZE` and `MAX_BASE64_SIZE` of a transaction. */
const MAX_BASE58_CHARACTERS = 1683
const MAX_BASE64_CHARACTERS = 1644

const wire = z.string().max(MAX_BASE58_CHARACTERS)
const wireEncoding = z.enum(['base58', 'base64']).nullish()

const sendConfig = z.object({
  encoding: wireEncoding,
  skipPreflight: z.boolean().nullish(),
  minContextSlot: contextConfig.shape.minContextSlot
})

const simulateConfig = contextConfig.extend({
  encoding: wireEncoding,
  sigVerify: z.boolean().nullish(),
  replaceRecentBlockhash: z.boolean().nullish(),
  innerInstructions: z.boolean().nullish(),
  accounts: z.object({ addresses: z.array(addressParam), encoding: accountEncoding.nullish() }).nullish()
})

export const transactionMethods: RpcMethods = {
  /** What fails without preflight is answered with its signature all the same, and never found: so does a real node. */
  sendTransaction: method(z.tuple([wire, sendConfig.nullish()]), ([text, config], { ledger, delivery }) => {
    requireContextSlot(ledger, config)
    const transaction = decode(text, config?.encoding)
    if (!config?.skipPreflight) preflight(ledger, transaction)
    delivery.take(transaction)
    return transaction.signature
  }),

  simulateTransaction: method(z.tuple([wire, simulateConfig.nullish()]), ([text, config], { ledger }) => {
    requireContextSlot(ledger, config)
    const anyBlockhash = config?.replaceRecentBlockhash ?? false
    const verifySignatures = config?.sigVerify ?? false
    if (anyBlockhash && verifySignatures) {
      throw new RpcError('invalidParams', 'sigVerify may not be used with replaceRecentBlockhash')
    }
    const transaction = decode(text, config?.encoding)
    const addresses = config?.accounts?.addresses
    if (addresses !== undefined && addresses.length > transaction.message.staticKeys.length) {
      const most = transaction.message.staticKeys.length
      throw new RpcError('invalidParams', `Too many accounts provided; max ${most}`)
    }
    const simulation = ledger.simulate(transaction, { verifySignatures, anyBlockhash })
    return inContext(ledger, {
      ...encodeSimulation(simulation),
      accounts:
        addresses === undefined ? null : simulatedAccounts(ledger, simulation, addresses, config?.accounts?.encoding),
      innerInstructions: config?.innerInstructions ? innerInstructions(simulation, undefined) : null,
      ...(anyBlockhash ? { replacementBlockhash: latestBlockhash(ledger) } : {})
    })
  })
}

/** @throws RpcError `invalidParams`, CraftecError `malformed` */
function decode(text: string, encoding: 'base58' | 'base64' | null | undefined): WireTransaction {
  const bytes =
    encoding === 'base64' ? strictBase64(text, MAX_BASE64_CHARACTERS) : decodeBase58(text, MAX_BASE58_CHARACTERS)
  if (bytes === undefined) throw new RpcError('invalidParams', 'invalid base64 encoding of a transaction')
  return decodeTransaction(bytes)
}

/** @throws RpcError `preflightFailure`, `signatureVerificationFailure` */
function preflight(ledger: Ledger, transaction: WireTransaction): void {
  const simulation = ledger.simulate(transaction, { verifySignatures: true, anyBlockhash: false })
  const { error } = simulation
  if (error === null) return
  if (error === 'SignatureFailure') {
    throw new RpcError('signatureVerificationFailure', 'Transaction signature verification failure')
  }
  throw new RpcError('preflightFailure', `Transaction simulation failed: ${describeTransactionError(error)}`, {
    ...encodeSimulation(simulation),
    accounts: null,
    innerInstructions: null
  })
}

function encodeSimulation(simulation: Simulation): object {
  return { ...encodeExecution(simulation), logs: simulation.logs, unitsConsumed: simulation.computeUnits }
}

function simulatedAccounts(
  ledger: Ledger,
  { error, accounts }: Simulation,
  addresses: readonly string[],
  encoding: z.output<typeof accountEncoding> | null | undefined
): unknown[] {
  return addresses.map(address => {
    const account = error === null ? accounts.find(candidate => candidate.address === address) : undefined
    return account === undefined ? null : encodeAccount(ledger, account, { encoding: encoding ?? 'base64' })
  })
}
