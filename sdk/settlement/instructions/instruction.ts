import { type BorshCodec, decodeBorsh, encodeBorsh } from '../../codec/index.ts'
import { CraftecError } from '../../errors/index.ts'
import { type Address, INSTRUCTIONS_SYSVAR, SYSTEM_PROGRAM, TOKEN_PROGRAM } from '../address/index.ts'
import { DISCRIMINATOR_BYTES, discriminator, startsWith } from '../discriminator.ts'

export interface AccountMeta {
  readonly address: Address
  readonly signer: boolean
  readonly writable: boolean
}

/** What a transaction asks of a program; every Solana library has a form of it that this converts to. */
export interface Instruction {
  readonly program: Address
  readonly accounts: readonly AccountMeta[]
  readonly data: Uint8Array
}

/** `w` written, `s` signs, `r` neither. */
type Role = 'r' | 'w' | 's' | 'ws'

/** Accounts that have one address for everybody: whoever builds an instruction need not name them. */
const WELL_KNOWN = {
  tokenProgram: TOKEN_PROGRAM,
  systemProgram: SYSTEM_PROGRAM,
  instructions: INSTRUCTIONS_SYSVAR
} as const

type Roles = Readonly<Record<string, Role>>
type Addresses<Names extends Roles> = { readonly [Name in Exclude<keyof Names, keyof typeof WELL_KNOWN>]: Address }

/** One instruction of the program: its accounts in their order, its arguments. */
export interface InstructionDefinition<Names extends Roles, Args> {
  /** As the interface description has it. */
  readonly name: string
  readonly roles: Names
  /** @throws CraftecError `invalid-argument` for arguments that do not fit */
  build(program: Address, accounts: Addresses<Names>, args: Args): Instruction
  /** Undefined when `data` is of another instruction. @throws CraftecError `malformed` */
  decodeArgs(data: Uint8Array): Args | undefined
}

export function defineInstruction<Names extends Roles, Args>(
  name: string,
  roles: Names,
  args: BorshCodec<Args>
): InstructionDefinition<Names, Args> {
  const tag = (): Uint8Array => discriminator('global', name)
  return {
    name,
    roles,
    build: (program, accounts, values) => {
      const addresses: Readonly<Record<string, Address>> = { ...WELL_KNOWN, ...accounts }
      return {
        program,
        accounts: Object.entries(roles).map(([account, role]) => ({
          address: addressOf(addresses, account, name),
          signer: role.includes('s'),
          writable: role.includes('w')
        })),
        data: Uint8Array.from([...tag(), ...encodeBorsh(args, values)])
      }
    },
    decodeArgs: data =>
      startsWith(data, tag()) ? decodeBorsh(args, data.subarray(DISCRIMINATOR_BYTES), name) : undefined
  }
}

function addressOf(addresses: Readonly<Record<string, Address>>, account: string, name: string): Address {
  const address = addresses[account]
  if (address === undefined) throw new CraftecError('invalid-argument', `${name}: the account "${account}" is missing`)
  return address
}
