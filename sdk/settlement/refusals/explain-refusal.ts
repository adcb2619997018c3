import { CraftecError } from '../../errors/index.ts'
import type { Address } from '../address/index.ts'

/** Why the chain refused a transaction, as far as it can be told. */
export interface Refusal {
  /** Index of the instruction that failed; undefined when the transaction did before any ran. */
  readonly instruction: number | undefined
  /** Program that refused: that of the instruction, or one that it called. */
  readonly program: string | undefined
  /** The program's own code; undefined for an error of the runtime. */
  readonly code: number | undefined
  /** `PriceChanged`, `InsufficientFundsForFee` … */
  readonly name: string
  readonly meaning: string
  readonly advice: string
}

export interface RefusalContext {
  /** The settlement program in use. */
  readonly settlement: Address
  /** Programs of the transaction's instructions, in order. */
  readonly programs: readonly string[]
  /** Of the transaction or its simulation: they tell which program in a chain of calls it was. */
  readonly logs?: readonly string[] | null | undefined
}

const FAILED = /^Program ([1-9A-HJ-NP-Za-km-z]{32,44}) failed: /
const UNKNOWN_ADVICE = 'look at the logs of the transaction'

/**
 * The texts are loaded when they are needed first: most sessions never do.
 * @param error as Solana's RPC has it: `{ InstructionError: [0, { Custom: 6025 }] }`, `'BlockhashNotFound'` …
 */
export async function explainRefusal(error: unknown, context: RefusalContext): Promise<Refusal> {
  const [{ FIRST_PROGRAM_ERROR, PROGRAM_ERRORS }, { FOREIGN_ERRORS, INSTRUCTION_ERRORS, RUNTIME_ERRORS }] =
    await Promise.all([import('./program-errors.ts'), import('./foreign-errors.ts')])
  const [instruction, inner] = instructionError(error)
  if (instruction === undefined) {
    const name = nameOf(error)
    return refusal({ name, advice: RUNTIME_ERRORS[name] })
  }
  const program = refusingProgram(context.logs) ?? context.programs[instruction]
  const code = customCode(inner)
  if (code === undefined) {
    const name = nameOf(inner)
    return refusal({ instruction, program, name, advice: INSTRUCTION_ERRORS[name] })
  }
  if (program === context.settlement) {
    const [name, meaning, advice] = PROGRAM_ERRORS[code - FIRST_PROGRAM_ERROR] ?? []
    return refusal({ instruction, program, code, name, meaning, advice })
  }
  const [name, advice] = FOREIGN_ERRORS[program ?? '']?.[code] ?? []
  return refusal({ instruction, program, code, name, advice })
}

/**
 * The refusal as an error that is thrown: `transaction-failed`, with `program`, `programCode`, `name` and `instruction` in its
 * details.
 */
export async function refusalError(error: unknown, context: RefusalContext): Promise<CraftecError> {
  const { instruction, program, code, name, meaning, advice } = await explainRefusal(error, context)
  const where = instruction === undefined ? '' : ` in instruction ${instruction}`
  return new CraftecError('transaction-failed', `the chain refused the transaction${where}: ${meaning}; ${advice}`, {
    details: {
      name,
      ...(instruction === undefined ? {} : { instruction }),
      ...(program === undefined ? {} : { program }),
      ...(code === undefined ? {} : { programCode: code })
    }
  })
}

/** Unknown parts are said to be unknown; nothing is guessed. */
function refusal(known: { readonly [Part in keyof Refusal]?: Refusal[Part] | undefined }): Refusal {
  const { instruction, program, code } = known
  const name = known.name ?? (code === undefined ? 'Unknown' : `Custom${code}`)
  return { instruction, program, code, name, meaning: known.meaning ?? name, advice: known.advice ?? UNKNOWN_ADVICE }
}

function instructionError(error: unknown): [index: number | undefined, inner: unknown] {
  const value = propertyOf(error, 'InstructionError')
  if (!Array.isArray(value)) return [undefined, undefined]
  const [index, inner]: unknown[] = value
  return [typeof index === 'number' ? index : undefined, inner]
}

function customCode(inner: unknown): number | undefined {
  const code = propertyOf(inner, 'Custom')
  return typeof code === 'number' ? code : undefined
}

/** An error without data is a string, one with data an object of one key. */
function nameOf(error: unknown): string {
  if (typeof error === 'string') return error
  const [name] = typeof error === 'object' && error !== null ? Object.keys(error) : []
  return name ?? 'Unknown'
}

function propertyOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}

/** The first to fail is the innermost; those that called it fail after it. */
function refusingProgram(logs: readonly string[] | null | undefined): string | undefined {
  for (const line of logs ?? []) {
    const program = FAILED.exec(line)?.[1]
    if (program !== undefined) return program
  }
  return undefined
}
