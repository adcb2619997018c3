import type { Address, EncodedAccount } from '@solana/kit'

export interface LedgerAccount {
  readonly address: Address
  readonly lamports: bigint
  readonly owner: Address
  readonly executable: boolean
  readonly data: Uint8Array
}

/** An account without lamports does not exist: the runtime drops it at the end of the block. */
export function ledgerAccount(account: EncodedAccount): LedgerAccount | undefined {
  if (account.lamports === 0n) return undefined
  const { address, lamports, programAddress, executable, data } = account
  return { address, lamports, owner: programAddress, executable, data: data as Uint8Array }
}

export function sameAccount(left: LedgerAccount | undefined, right: LedgerAccount | undefined): boolean {
  if (left === undefined || right === undefined) return left === right
  return (
    left.lamports === right.lamports &&
    left.owner === right.owner &&
    left.executable === right.executable &&
    left.data.length === right.data.length &&
    left.data.every((byte, index) => byte === right.data[index])
  )
}
