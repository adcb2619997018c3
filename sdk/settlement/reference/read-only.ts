import { type BorshCodec, type BorshValue, decodeBorsh } from '../../codec/index.ts'
import type { AccountCodec } from '../accounts/index.ts'
import { DISCRIMINATOR_BYTES, discriminator, startsWith } from '../discriminator.ts'

/** Accounts that this SDK reads and never makes. */
export type AccountReader<Account> = Omit<AccountCodec<Account>, 'encode'>

type ArgsCodecs = Readonly<Record<string, BorshCodec<unknown>>>

/** A union over the instructions of a table, told apart by `name`. */
export type ForeignInstruction<Codecs extends ArgsCodecs> = {
  readonly [Name in keyof Codecs]: { readonly name: Name; readonly args: BorshValue<Codecs[Name]> }
}[keyof Codecs]

/** @returns undefined when the data is of no instruction in the table @throws CraftecError `malformed` */
export function decodeForeignInstruction<Codecs extends ArgsCodecs>(
  codecs: Codecs,
  data: Uint8Array
): ForeignInstruction<Codecs> | undefined {
  for (const [name, codec] of Object.entries(codecs)) {
    if (!startsWith(data, discriminator('global', name))) continue
    const args = decodeBorsh(codec, data.subarray(DISCRIMINATOR_BYTES), name)
    return { name, args } as ForeignInstruction<Codecs>
  }
  return undefined
}
