import { type BorshCodec, decodeBorsh, encodeBorsh } from '../../codec/index.ts'
import { CraftecError } from '../../errors/index.ts'
import type { Address } from '../address/index.ts'
import { DISCRIMINATOR_BYTES, discriminator, startsWith } from '../discriminator.ts'

/** An account as an RPC node tells of it. What it says of the owner is checked, and must be: anyone can make an account with our bytes. */
export interface RawAccount {
  readonly owner: Address
  readonly data: Uint8Array
}

export interface AccountCodec<Account> {
  readonly name: string
  /** With the discriminator. `getProgramAccounts` filters by it. */
  readonly sizeBytes: number
  /** @returns the first bytes of every account of this kind, for a `memcmp` filter at 0 */
  discriminator(): Uint8Array
  /**
   * @param program that must own the account
   * @throws CraftecError `account-invalid` when it belongs to another program, is of another kind, version or size
   */
  decode(program: Address, account: RawAccount): Account
  /** The bytes that the program would have written: for tests and tools. */
  encode(account: Account): Uint8Array
}

export interface AccountLayout<Account> {
  readonly name: string
  readonly sizeBytes: number
  readonly fields: BorshCodec<Account>
  /** Bytes after the fields that belong to the account and are read elsewhere. */
  readonly mayGrow?: boolean
}

/** Codec of one kind of account: discriminator, fields, exact size. */
export function accountCodec<Account>(layout: AccountLayout<Account>): AccountCodec<Account> {
  const { name, sizeBytes, fields, mayGrow = false } = layout
  const tag = (): Uint8Array => discriminator('account', name)
  const invalid = (why: string, cause?: unknown): CraftecError =>
    new CraftecError('account-invalid', `${name}: ${why}; check the address and the program id`, { cause })
  return {
    name,
    sizeBytes,
    discriminator: tag,
    decode(program, { owner, data }) {
      if (owner !== program) throw invalid('the account belongs to another program')
      if (!startsWith(data, tag())) throw invalid('the account is of another kind')
      if (data.length < sizeBytes || (data.length > sizeBytes && !mayGrow)) {
        throw invalid(`${data.length} bytes where there are ${sizeBytes}`)
      }
      try {
        return decodeBorsh(fields, data.subarray(DISCRIMINATOR_BYTES, sizeBytes), name)
      } catch (cause) {
        throw invalid('the fields do not decode', cause)
      }
    },
    encode: account => {
      const body = encodeBorsh(fields, account)
      return Uint8Array.from([...tag(), ...body])
    }
  }
}
