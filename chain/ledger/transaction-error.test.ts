import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  describeTransactionError,
  INSTRUCTION_ERRORS,
  TRANSACTION_ERRORS,
  transactionErrorJson
} from './transaction-error.ts'

const types = join(dirname(createRequire(import.meta.url).resolve('litesvm')), 'internal.d.ts')

/** Names of an enum in the types of litesvm, in the order of their numbers. */
function enumNames(name: string): string[] {
  const body = new RegExp(`enum ${name} {([^}]*)}`).exec(readFileSync(types, 'utf8'))?.[1] ?? ''
  const members = [...body.matchAll(/(\w+) = (\d+)/g)].map(([, member, number]) => [Number(number), member] as const)
  return members.sort(([left], [right]) => left - right).map(([, member]) => member ?? '')
}

describe('transactionErrorJson', () => {
  it('has the names of the installed litesvm, in its order', () => {
    expect(TRANSACTION_ERRORS).toEqual(enumNames('TransactionErrorFieldless'))
    expect(INSTRUCTION_ERRORS).toEqual(enumNames('InstructionErrorFieldless'))
  })

  it('refuses a number that it has no name for', () => {
    expect(() => transactionErrorJson(TRANSACTION_ERRORS.length as never)).toThrow(RangeError)
  })
})

describe('describeTransactionError', () => {
  it('speaks as Agave does', () => {
    expect(describeTransactionError('BlockhashNotFound')).toBe('Blockhash not found')
    expect(describeTransactionError({ InstructionError: [1, { Custom: 6044 }] })).toBe(
      'Error processing Instruction 1: custom program error: 0x179c'
    )
    expect(describeTransactionError({ InstructionError: [0, 'MissingRequiredSignature'] })).toBe(
      'Error processing Instruction 0: Missing required signature'
    )
  })
})
