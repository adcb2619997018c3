import type { Address } from '../address/index.ts'
import {
  channelDefinitions,
  claimDefinitions,
  creatorPoolDefinitions,
  type Instruction,
  subscriptionDefinitions
} from '../instructions/index.ts'
import { configDefinitions } from './config-instructions.ts'
import { distributionDefinitions } from './distribution-instructions.ts'
import { planDefinitions } from './plan-instructions.ts'

/** Every instruction of the program, by the name of the function that makes it; `deposit` is `fundCreatorPool`. */
export const instructionDefinitions = {
  ...configDefinitions,
  ...planDefinitions,
  ...subscriptionDefinitions,
  ...creatorPoolDefinitions,
  ...channelDefinitions,
  ...claimDefinitions,
  ...distributionDefinitions
} as const

type Definitions = typeof instructionDefinitions
export type InstructionName = keyof Definitions

/** An instruction as people can be told of it: a union over all of them. */
export type DecodedInstruction = {
  readonly [Name in InstructionName]: {
    readonly name: Name
    readonly accounts: Readonly<Record<keyof Definitions[Name]['roles'], Address>>
    readonly args: NonNullable<ReturnType<Definitions[Name]['decodeArgs']>>
  }
}[InstructionName]

/**
 * What an instruction of the settlement program says. For summaries before signing: it reads what will be signed, not what was meant.
 * @returns undefined when it is none of the program's instructions, or lacks accounts
 * @throws CraftecError `malformed` when the arguments do not decode
 */
export function decodeInstruction(program: Address, instruction: Instruction): DecodedInstruction | undefined {
  if (instruction.program !== program) return undefined
  for (const [name, definition] of Object.entries(instructionDefinitions)) {
    const args = definition.decodeArgs(instruction.data)
    if (args === undefined) continue
    const names = Object.keys(definition.roles)
    if (instruction.accounts.length < names.length) return undefined
    const accounts = Object.fromEntries(names.map((account, index) => [account, instruction.accounts[index]?.address]))
    return { name, accounts, args } as unknown as DecodedInstruction
  }
  return undefined
}
