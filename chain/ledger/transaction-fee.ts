/**
 * The fee of a transaction: 5,000 lamports a signature, those that a precompile verifies included, and the priority fee, which is
 * the price a compute unit times the limit that was asked for, rounded up (Solana documentation, "Fees on Solana").
 */
import type { WireMessage } from './wire-transaction.ts'

const LAMPORTS_PER_SIGNATURE = 5000n
const MICROLAMPORTS_PER_LAMPORT = 1_000_000n
const MAX_UNITS = 1_400_000n
const DEFAULT_UNITS_PER_INSTRUCTION = 200_000n
/** SIMD-0170: a built-in program's instruction reserves less. */
const BUILTIN_UNITS_PER_INSTRUCTION = 3_000n

const COMPUTE_BUDGET = 'ComputeBudget111111111111111111111111111111'
const SET_UNIT_LIMIT = 2
const SET_UNIT_PRICE = 3

/** Their first byte counts signatures. */
const PRECOMPILES: ReadonlySet<string> = new Set([
  'Ed25519SigVerify111111111111111111111111111',
  'KeccakSecp256k11111111111111111111111111111',
  'Secp256r1SigVerify1111111111111111111111111'
])

const BUILTINS: ReadonlySet<string> = new Set([
  '11111111111111111111111111111111',
  'Vote111111111111111111111111111111111111111',
  'BPFLoader1111111111111111111111111111111111',
  'BPFLoader2111111111111111111111111111111111',
  'BPFLoaderUpgradeab1e11111111111111111111111',
  'LoaderV411111111111111111111111111111111111',
  COMPUTE_BUDGET,
  ...PRECOMPILES
])

export function transactionFee(message: WireMessage): bigint {
  let signatures = BigInt(message.requiredSignatures)
  let price = 0n
  let limit: bigint | undefined
  let defaultLimit = 0n
  for (const { programIndex, data } of message.instructions) {
    const program = message.staticKeys[programIndex] ?? ''
    defaultLimit += BUILTINS.has(program) ? BUILTIN_UNITS_PER_INSTRUCTION : DEFAULT_UNITS_PER_INSTRUCTION
    if (PRECOMPILES.has(program)) signatures += BigInt(data[0] ?? 0)
    if (program !== COMPUTE_BUDGET) continue
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
    if (data[0] === SET_UNIT_LIMIT && data.length >= 5) limit = BigInt(view.getUint32(1, true))
    if (data[0] === SET_UNIT_PRICE && data.length >= 9) price = view.getBigUint64(1, true)
  }
  const units = minimum(limit ?? defaultLimit, MAX_UNITS)
  const priority = (price * units + MICROLAMPORTS_PER_LAMPORT - 1n) / MICROLAMPORTS_PER_LAMPORT
  return signatures * LAMPORTS_PER_SIGNATURE + priority
}

function minimum(left: bigint, right: bigint): bigint {
  return left < right ? left : right
}
