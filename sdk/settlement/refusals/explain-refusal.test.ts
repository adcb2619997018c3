import { describe, expect, it } from 'vitest'
import { SETTLEMENT_PROGRAM, SYSTEM_PROGRAM, TOKEN_PROGRAM } from '../address/index.ts'
import { explainRefusal, type RefusalContext, refusalError } from './explain-refusal.ts'

const context: RefusalContext = { settlement: SETTLEMENT_PROGRAM, programs: [SYSTEM_PROGRAM, SETTLEMENT_PROGRAM] }

describe('explainRefusal', () => {
  it('names the error of our program, and what to do', async () => {
    expect(await explainRefusal({ InstructionError: [1, { Custom: 6025 }] }, context)).toEqual({
      instruction: 1,
      program: SETTLEMENT_PROGRAM,
      code: 6025,
      name: 'PriceChanged',
      meaning: "the plan's price is not the one agreed to",
      advice: 'show the new price and ask again'
    })
  })

  it('does not take the error of a program that ours called for one of ours', async () => {
    const logs = [
      `Program ${SETTLEMENT_PROGRAM} invoke [1]`,
      `Program ${TOKEN_PROGRAM} invoke [2]`,
      `Program ${TOKEN_PROGRAM} failed: custom program error: 0x1`,
      `Program ${SETTLEMENT_PROGRAM} failed: custom program error: 0x1`
    ]
    expect(await explainRefusal({ InstructionError: [1, { Custom: 1 }] }, { ...context, logs })).toMatchObject({
      program: TOKEN_PROGRAM,
      code: 1,
      name: 'InsufficientFunds'
    })
  })

  it('knows the errors of the runtime that users meet', async () => {
    expect(await explainRefusal('BlockhashNotFound', context)).toMatchObject({
      instruction: undefined,
      name: 'BlockhashNotFound',
      advice: expect.stringContaining('fresh blockhash')
    })
    expect(await explainRefusal({ InsufficientFundsForRent: { account_index: 2 } }, context)).toMatchObject({
      name: 'InsufficientFundsForRent',
      advice: expect.stringContaining('rent')
    })
    expect(await explainRefusal({ InstructionError: [0, 'MissingRequiredSignature'] }, context)).toMatchObject({
      instruction: 0,
      program: SYSTEM_PROGRAM,
      name: 'MissingRequiredSignature'
    })
    expect(await explainRefusal({ InstructionError: [0, { Custom: 1 }] }, context)).toMatchObject({
      name: 'ResultWithNegativeLamports'
    })
  })

  it.each([
    [{ InstructionError: [1, { Custom: 9999 }] }, 'Custom9999'],
    [{ InstructionError: [7, { Custom: 6000 }] }, 'Custom6000'],
    [{ InstructionError: 'x' }, 'InstructionError'],
    [{ InstructionError: [1, { BorshIoError: 'x' }] }, 'BorshIoError'],
    ['SomethingNew', 'SomethingNew'],
    [undefined, 'Unknown'],
    [null, 'Unknown'],
    [42, 'Unknown'],
    [[], 'Unknown']
  ])('says of %j that it is %s, and guesses nothing', async (error, name) => {
    expect(await explainRefusal(error, context)).toMatchObject({ name, advice: expect.stringContaining('logs') })
  })
})

describe('refusalError', () => {
  it('can be branched on without its text', async () => {
    const error = await refusalError({ InstructionError: [1, { Custom: 6044 }] }, context)
    expect(error).toMatchObject({
      code: 'transaction-failed',
      details: { name: 'StaleVoucher', instruction: 1, program: SETTLEMENT_PROGRAM, programCode: 6044 }
    })
  })
})
